"""Other shapes over the same elements: views where PyTorch has views."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes
from tensor.bases import TensorBase
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ShapeError
from tensor.ops.conversions import CLONE, detach
from tensor.ops.dims import Dims, by_name, normal_dim, normal_dims, sizes, takes_axis
from tensor.registry import op
from tensor.sizes import Size

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _is_viewable(array: Array, shape: tuple[int, ...]) -> bool:
    try:
        array.reshape(shape, copy=False)
    except ValueError:
        return False
    return True


def _expand(input: Array, *, size: tuple[int, ...]) -> Array:
    # NumPy's broadcast is read-only even where no element is in two places.
    return input.reshape(size) if math.prod(size) == input.size else np.broadcast_to(input, size)


VIEW = op(
    "view",
    lambda input, *, size: input.reshape(size, copy=False),
    view_op=True,
    input=lambda g, shape: g.reshape(shape),
)
VIEW_DTYPE = op("view_dtype", lambda input, *, dtype: input.view(dtype), view_op=True)
EXPAND = op("expand", _expand, view_op=True, input=lambda g: g)


def _resolved(input: Tensor, size: tuple[int, ...]) -> tuple[int, ...]:
    """Return a size with its -1 computed.

    Raises:
        ShapeError: The tensor does not have that many elements.
    """
    count = input._data.size
    if -1 not in size and math.prod(size) == count and min(size, default=0) >= 0:
        return size
    known = math.prod(each for each in size if each != -1)
    unknown = size.count(-1)
    fits = known == count if not unknown else unknown == 1 and known > 0 and count % known == 0
    if not fits or any(each < -1 for each in size):
        raise ShapeError(f"shape '{list(size)}' is invalid for input of size {count}")
    return tuple([count // known if each == -1 else each for each in size])


def view(input: Tensor, *shape: Any, **named: Any) -> Tensor:
    """Return a view with another shape, one size of which may be -1; or one of the same bits in another dtype.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.view.html

    Args:
        input: The tensor.
        shape: Sizes, or one sequence of them; or a dtype. The last dimension grows or shrinks with an element's size.

    Raises:
        ShapeError: The number of elements differs, or the memory layout needs a copy: use `reshape`.
    """
    if named:
        shape = by_name("view", shape, named, "size", "dtype")
    if len(shape) == 1 and isinstance(shape[0], dtypes.dtype | np.dtype):
        return _view_dtype(input, dtypes.canonical(shape[0]))
    size = _resolved(input, sizes(shape))
    if not (input._data.flags.c_contiguous or _is_viewable(input._data, size)):
        raise ShapeError(
            f"view size {list(size)} is not compatible with input tensor's size {list(input._data.shape)} and strides "
            "(at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return apply(VIEW, input, size=size)


def _view_dtype(input: Tensor, dtype: dtypes.dtype) -> Tensor:
    array = input._data
    if array.itemsize != dtype.itemsize:
        if not array.ndim:
            raise ShapeError(f"self.dim() cannot be 0 to view {dtypes.of(array.dtype)} as {dtype} (different sizes)")
        if array.strides[-1] != array.itemsize and array.size > 1:
            raise ShapeError(
                f"self.stride(-1) must be 1 to view {dtypes.of(array.dtype)} as {dtype} (different element sizes); "
                "view a contiguous() copy"
            )
        if array.shape[-1] * array.itemsize % dtype.itemsize:
            raise ShapeError(
                f"self.size(-1) must be divisible by {dtype.itemsize // array.itemsize} to view "
                f"{dtypes.of(array.dtype)} as {dtype} (different element sizes), but got {array.shape[-1]}"
            )
    # Other bits have no gradient: a view of what has no history, which still shares its versions.
    return apply(VIEW_DTYPE, detach(input), dtype=dtype.numpy_dtype)


def reshape(input: Tensor, *shape: Any, **named: Any) -> Tensor:
    """Return the elements in another shape: a view where possible, else a copy. One size may be -1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.reshape.html

    Raises:
        ShapeError: The number of elements differs.
    """
    if named:
        shape = by_name("reshape", shape, named, "shape")
    size = _resolved(input, sizes(shape))
    # Whatever has no gaps is viewable; only what has is reshaped twice to find out.
    viewable = input._data.flags.c_contiguous or _is_viewable(input._data, size)
    return apply(VIEW, input if viewable else apply(CLONE, input, keeps_order=False), size=size)


def view_as(input: Tensor, other: Tensor) -> Tensor:
    """Return `input.view(other.shape)`."""
    return view(input, other._data.shape)


def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """Return `input.reshape(other.shape)`."""
    return reshape(input, other._data.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Return the tensor with dimensions `start_dim` to `end_dim` made into one.

    Raises:
        ShapeError: `start_dim` comes after `end_dim`.
    """
    shape = input._data.shape
    start, end = normal_dim(start_dim, len(shape)), normal_dim(end_dim, len(shape))
    if start > end:
        raise ShapeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, 1)
    return reshape(input, (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Return the tensor with one dimension split into several; one of their sizes may be -1.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.unflatten.html

    Raises:
        ShapeError: The sizes do not multiply up to that of the dimension, or there are none.
    """
    shape = input._data.shape
    dim = normal_dim(dim, len(shape))
    if not sizes:
        raise ShapeError("unflatten: sizes must be non-empty")
    size = shape[dim] if shape else 1
    known = math.prod(each for each in sizes if each != -1)
    split = [size // known if each == -1 and known else each for each in sizes]
    if math.prod(split) != size or min(split) < 0:
        raise ShapeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({size}) in the input "
            "tensor"
        )
    return view(input, (*shape[:dim], *split, *shape[dim + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """Return the elements in one dimension."""
    return reshape(input, -1)


@takes_axis
def squeeze(input: Tensor, dim: Dims | None = None) -> Tensor:
    """Return a view without dimensions of size 1: all of them, or those given that are.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.squeeze.html
    """
    shape = input._data.shape
    if dim is None or isinstance(dim, int):
        dims = normal_dims(dim, len(shape))
    else:
        dims = normal_dims(dim, len(shape)) if len(dim) else ()
    return view_exactly(input, tuple([size for each, size in enumerate(shape) if each not in dims or size != 1]))


@takes_axis
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """Return a view with a dimension of size 1 put in at `dim`."""
    shape = input._data.shape
    dim = normal_dim(dim, len(shape) + 1)
    return view_exactly(input, (*shape[:dim], 1, *shape[dim:]))


def view_exactly(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """Return a view whose shape differs in dimensions of size 1 only, which any layout allows."""
    return apply(VIEW, input, size=size)


def expand(input: Tensor, *size: Any, implicit: bool = False, **named: Any) -> Tensor:
    """Return a view with dimensions of size 1 repeated without a copy; -1 leaves a size as it is.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand.html

    Raises:
        ShapeError: A size other than 1 would change.
    """
    if named:
        size = by_name("expand", size, named, "size")
    wanted = sizes(size)
    shape = input._data.shape
    missing = len(wanted) - len(shape)
    if missing < 0:
        raise ShapeError(
            f"expand: the number of sizes provided ({len(wanted)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(shape)})"
        )
    full = [shape[at - missing] if each == -1 and at >= missing else each for at, each in enumerate(wanted)]
    for at, each in enumerate(full[:missing]):
        if each < 0:
            raise ShapeError(
                f"The expanded size of the tensor ({each}) isn't allowed in a leading, non-existing dimension {at}"
            )
    for at, (old, new) in enumerate(zip(shape, full[missing:], strict=True), start=missing):
        if old not in (1, new) or new < 0:
            raise ShapeError(
                f"The expanded size of the tensor ({new}) must match the existing size ({old}) at non-singleton "
                f"dimension {at}.  Target sizes: {list(wanted)}.  Tensor sizes: {list(shape)}"
            )
    return apply(EXPAND, input, size=tuple(full))


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """Return `input.expand(other.shape)`."""
    return expand(input, other._data.shape)


def broadcast_to(input: Tensor, *size: Any, **named: Any) -> Tensor:
    """Return `input.expand(size)`."""
    return expand(input, *size, **named)


def broadcast_shapes(*shapes: Any) -> Size:
    """Return the shape that tensors of several shapes broadcast to; an integer is a shape of one dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.broadcast_shapes.html

    Raises:
        ShapeError: There is none.
    """
    try:
        return Size(np.broadcast_shapes(*[(each,) if isinstance(each, int) else tuple(each) for each in shapes]))
    except ValueError as error:
        raise ShapeError(
            f"Shape mismatch: objects cannot be broadcast to a single shape; the shapes are {[*map(str, shapes)]}"
        ) from error


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Return the tensors expanded to their common shape.

    Raises:
        ShapeError: There is none.
    """
    size = broadcast_shapes(*[each._data.shape for each in tensors])
    return tuple(expand(each, size) for each in tensors)


def _at_least(tensors: tuple[Any, ...], fn: Any) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], TensorBase):
        return fn(tensors[0])
    given = tensors[0] if len(tensors) == 1 else tensors
    return tuple([fn(each) for each in given])


def atleast_1d(*tensors: Any) -> Any:
    """Return a tensor with at least one dimension, or a tuple of those for several.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.atleast_1d.html
    """
    return _at_least(tensors, lambda each: each if each._data.ndim else reshape(each, 1))


def atleast_2d(*tensors: Any) -> Any:
    """Return a tensor with at least two dimensions, new ones in front; or a tuple of those for several.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.atleast_2d.html
    """

    def wide(each: Tensor) -> Tensor:
        return each if each._data.ndim > 1 else reshape(each, (1, each._data.size))

    return _at_least(tensors, wide)


def atleast_3d(*tensors: Any) -> Any:
    """Return a tensor with at least three dimensions: (n,) becomes (1, n, 1), and (m, n) becomes (m, n, 1).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.atleast_3d.html
    """

    def deep(each: Tensor) -> Tensor:
        if each._data.ndim > 2:
            return each
        return unsqueeze(each, -1) if each._data.ndim == 2 else reshape(each, (1, each._data.size, 1))

    return _at_least(tensors, deep)
