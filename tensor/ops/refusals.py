"""What PyTorch changes about a tensor in place and shoal does not: its memory and its size.

Other tensors may view it, and their history says how: a base keeps the shape and the memory that it was made with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from tensor.errors import UnsupportedError

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _refused(name: str, advice: str) -> Callable[..., NoReturn]:
    def refuse(input: Tensor, *args: Any, **options: Any) -> NoReturn:
        raise UnsupportedError(f"{name}: a tensor keeps the shape and the memory that it was made with; {advice}")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"Raise UnsupportedError: {advice}."
    return refuse


set_ = _refused("set_", "make another, or assign `x.data = other`")
resize_ = _refused("resize_", "use reshape(), narrow() or pad()")
resize_as_ = _refused("resize_as_", "use reshape_as(), narrow() or pad()")
as_strided_ = _refused("as_strided_", "use as_strided(), a view without a copy")
storage = _refused("storage", "ask data_ptr(), nbytes or element_size()")
untyped_storage = _refused("untyped_storage", "ask data_ptr(), nbytes or element_size()")
