"""`compile`: PyTorch's compiler of models, which are run as the Python that they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

T = TypeVar("T", bound=Callable[..., Any])


@overload
def compile(
    model: T,
    *,
    fullgraph: bool = ...,
    dynamic: bool | None = ...,
    backend: Any = ...,
    mode: str | None = ...,
    options: Any = ...,
    disable: bool = ...,
) -> T: ...
@overload
def compile(
    model: None = None,
    *,
    fullgraph: bool = ...,
    dynamic: bool | None = ...,
    backend: Any = ...,
    mode: str | None = ...,
    options: Any = ...,
    disable: bool = ...,
) -> Callable[[T], T]: ...
def compile(
    model: Any = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: Any = "inductor",
    mode: str | None = None,
    options: Any = None,
    disable: bool = False,
) -> Any:
    """Return a module or a function as it is; a decorator too, with or without arguments.

    The same object comes back, so that its `state_dict` has no prefix `_orig_mod.` as PyTorch's has.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.compile.html

    Args:
        model: What PyTorch would compile; left out where this is used with arguments.
        fullgraph: Accepted since PyTorch has it, as are all that follow.
        dynamic: Whether sizes may change.
        backend: Which compiler to use.
        mode: What it should optimise for.
        options: What it takes besides.
        disable: Whether not to compile.
    """
    return (lambda decorated: decorated) if model is None else model
