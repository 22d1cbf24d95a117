"""Views that a tensor becomes in place: `squeeze_`, `unsqueeze_`, `t_`, `transpose_`.

No element moves; the tensor itself gets another shape, and the history that the view would have had. Views of it say
in their history how they were taken from the shape it had, so where there are any the change is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tensor import messages, modes
from tensor.bases import storage_of
from tensor.errors import GradientError, InferenceTensorError, UnsupportedError
from tensor.history import computed_by, refresh
from tensor.marks import MARKED, REQUIRES_GRAD, VIEW
from tensor.ops import axes, shapes

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _become(name: str, take: Callable[..., Tensor], input: Tensor, args: tuple[Any, ...], options: Any) -> Tensor:
    if input._flags & MARKED and modes.current() is not modes.INFERENCE:
        raise InferenceTensorError(messages.inplace_outside(name, input))
    refresh((input,))
    storage = storage_of(input)
    if input._flags & REQUIRES_GRAD and modes.current() is not modes.GRAD:
        raise GradientError(
            f"{name}: the tensor requires a gradient, and its history would not be of the shape that it gets without "
            f"gradients. Use {take.__name__}(), a view without a copy."
        )
    if not input._flags & VIEW:
        if input._flags & REQUIRES_GRAD and input._node is None:
            raise GradientError(
                f"{name}: a leaf Variable that requires grad is being used in an in-place operation. "
                f"Use {take.__name__}(), a view without a copy, or assign to its .data."
            )
        if storage.viewed:
            raise UnsupportedError(
                f"{name}: the tensor has been viewed, and its views would lose their history; "
                f"use {take.__name__}(), a view without a copy"
            )
    view = take(input, *args, **options)
    if view is input:
        return input
    input._data = view._data
    if input._flags & VIEW:
        input._view = view._view
    elif not input._flags & MARKED:
        storage.viewed = False  # but for that view, which ends here
    if view._node is not None:
        computed_by(input, view._node)
    return input


def _inplace(take: Callable[..., Tensor]) -> Callable[..., Tensor]:
    name = f"{take.__name__}_"

    def become(input: Tensor, *args: Any, **options: Any) -> Tensor:
        return _become(name, take, input, args, options)

    become.__name__ = become.__qualname__ = name
    become.__doc__ = f"Give this tensor the shape that `{take.__name__}` gives a view of it, and return it."
    return become


squeeze_ = _inplace(shapes.squeeze)
unsqueeze_ = _inplace(shapes.unsqueeze)
t_ = _inplace(axes.t)
transpose_ = _inplace(axes.transpose)
