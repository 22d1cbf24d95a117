"""Operations that files register with PyTorch, `torch.library`, which is refused: a function is a function here.

Source: https://docs.pytorch.org/docs/stable/library.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from tensor.errors import UnsupportedError

__all__ = ["Library", "custom_op", "define", "impl", "register_autograd", "register_fake", "register_kernel"]


def _refused(name: str) -> Callable[..., NoReturn]:
    def refuse(*args: Any, **options: Any) -> NoReturn:
        said = f" {args[0]!r}" if args and isinstance(args[0], str) else ""
        raise UnsupportedError(
            f"library.{name}{said}: operations cannot be registered; call the Python function, with an "
            "autograd.Function where it has a gradient of its own"
        )

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = "Raise UnsupportedError: operations cannot be registered."
    return refuse


Library = _refused("Library")
custom_op = _refused("custom_op")
define = _refused("define")
impl = _refused("impl")
register_autograd = _refused("register_autograd")
register_fake = _refused("register_fake")
register_kernel = _refused("register_kernel")
