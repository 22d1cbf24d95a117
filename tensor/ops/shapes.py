"""Other shapes over the same elements: views where PyTorch has views, copies elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.bases import TensorBase
from tensor.dispatch import apply
from tensor.dtypes import Array, promoted
from tensor.errors import DimensionError, DtypeError, ShapeError
from tensor.ops.dims import Dims, normal_dim, normal_dims, sizes
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _is_viewable(array: Array, shape: tuple[int, ...]) -> bool:
    try:
        array.reshape(shape, copy=False)
    except ValueError:
        return False
    return True


def _inverse(dims: Sequence[int]) -> list[int]:
    return [int(each) for each in np.argsort(dims)]


def _diagonal_vjp(g: Array, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Array:
    whole = np.zeros(shape, g.dtype)
    part = np.diagonal(whole, offset, dim1, dim2)
    part.flags.writeable = True
    part[...] = g
    return whole


def _diagonal(input: Array, *, offset: int, dim1: int, dim2: int) -> Array:
    result = np.diagonal(input, offset, dim1, dim2)
    if input.flags.writeable:
        result.flags.writeable = True
    return result


def _cat_vjp(g: Array, position: int, shapes: tuple[tuple[int, ...], ...], dim: int) -> Any:
    if shapes[position] == (0,):
        return g.reshape(-1)[:0]
    start = sum(shape[dim] for shape in shapes[:position] if shape != (0,))
    return g[(slice(None),) * dim + (slice(start, start + shapes[position][dim]),)]


def _cat(*tensors: Array, dim: int) -> Array:
    kept = [each for each in tensors if each.shape != (0,)] or [tensors[0]]
    if len({each.dtype for each in tensors}) == 1:
        return np.concatenate(kept, dim)
    return np.concatenate(promoted(*kept), dim)


def _repeat_vjp(g: Array, shape: tuple[int, ...], sizes: tuple[int, ...]) -> Any:
    padded = (1,) * (len(sizes) - len(shape)) + shape
    split = [each for pair in zip(sizes, padded, strict=True) for each in pair]
    return g.reshape(split).sum(axis=tuple(range(0, len(split), 2))).reshape(shape)


VIEW = op(
    "view",
    lambda input, *, size: input.reshape(size, copy=False),
    view_op=True,
    input=lambda g, shape: g.reshape(shape),
)
PERMUTE = op(
    "permute",
    lambda input, *, dims: input.transpose(dims),
    view_op=True,
    input=lambda g, dims: g.transpose(_inverse(dims)),
)
TRANSPOSE = op(
    "transpose",
    lambda input, *, dim0, dim1: input.swapaxes(dim0, dim1),
    view_op=True,
    input=lambda g, dim0, dim1: g.swapaxes(dim0, dim1),
)
EXPAND = op("expand", lambda input, *, size: np.broadcast_to(input, size), view_op=True, input=lambda g: g)
DIAGONAL = op("diagonal", _diagonal, view_op=True, input=_diagonal_vjp)
CLONE = op("clone", lambda input: input.copy(), moves=True, input=lambda g: g)
CAT = op("cat", _cat, tensors=_cat_vjp)
STACK = op(
    "stack",
    lambda *tensors, dim: np.stack(tensors if len({each.dtype for each in tensors}) == 1 else promoted(*tensors), dim),
    tensors=lambda g, position, dim: np.take(g, position, dim),
)
REPEAT = op("repeat", lambda input, *, sizes: np.tile(input, sizes), input=_repeat_vjp)
FLIP = op("flip", lambda input, *, dims: np.flip(input, dims).copy(), input=lambda g, dims: np.flip(g, dims))
ROLL = op(
    "roll",
    lambda input, *, shifts, dims: np.roll(input, shifts, dims),
    input=lambda g, shifts, dims: np.roll(g, [-each for each in shifts] if dims is not None else -shifts, dims),
)
TRIL = op("tril", lambda input, *, diagonal: np.tril(input, diagonal), input=lambda g, diagonal: np.tril(g, diagonal))
TRIU = op("triu", lambda input, *, diagonal: np.triu(input, diagonal), input=lambda g, diagonal: np.triu(g, diagonal))


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


def view(input: Tensor, *shape: Any) -> Tensor:
    """Return a view with another shape; one size may be -1.

    Args:
        input: The tensor.
        shape: Sizes, or one sequence of them; or a dtype of the same width is not supported here: use `to`.

    Raises:
        ShapeError: The number of elements differs, or the memory layout needs a copy: use `reshape`.
    """
    size = _resolved(input, sizes(shape))
    if not (input._data.flags.c_contiguous or _is_viewable(input._data, size)):
        raise ShapeError(
            f"view size {list(size)} is not compatible with input tensor's size {list(input._data.shape)} and strides "
            "(at least one dimension spans across two contiguous subspaces). Use .reshape(...) instead."
        )
    return apply(VIEW, input, size=size)


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """Return the elements in another shape: a view where possible, else a copy. One size may be -1.

    Raises:
        ShapeError: The number of elements differs.
    """
    size = _resolved(input, sizes(shape))
    # Whatever has no gaps is viewable; only what has is reshaped twice to find out.
    viewable = input._data.flags.c_contiguous or _is_viewable(input._data, size)
    return apply(VIEW, input if viewable else apply(CLONE, input), size=size)


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
    """Return the tensor with one dimension split into several; one of their sizes may be -1."""
    shape = input._data.shape
    dim = normal_dim(dim, len(shape))
    known = math.prod(each for each in sizes if each != -1)
    split = [shape[dim] // known if each == -1 else each for each in sizes]
    if math.prod(split) != shape[dim]:
        raise ShapeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {dim} ({shape[dim]})"
        )
    return view(input, (*shape[:dim], *split, *shape[dim + 1 :]))


def ravel(input: Tensor) -> Tensor:
    """Return the elements in one dimension."""
    return reshape(input, -1)


def permute(input: Tensor, *dims: Any) -> Tensor:
    """Return a view with the dimensions in another order.

    Raises:
        DimensionError: `dims` does not name each dimension once.
    """
    order = sizes(dims)
    ndim = input._data.ndim
    if len(order) != ndim:
        raise ShapeError(
            f"permute: number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(order)}"
        )
    return apply(PERMUTE, input, dims=normal_dims(order, ndim) if order else ())


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Return a view with two dimensions swapped."""
    ndim = input._data.ndim
    if ndim == 0:
        return view(input, ())
    return apply(TRANSPOSE, input, dim0=normal_dim(dim0, ndim), dim1=normal_dim(dim1, ndim))


def t(input: Tensor) -> Tensor:
    """Return the transpose of a matrix, a vector as it is.

    Raises:
        ShapeError: There are more than two dimensions.
    """
    if input._data.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._data.ndim}D")
    return permute(input, tuple(range(input._data.ndim))[::-1])


def movedim(input: Tensor, source: Dims, destination: Dims) -> Tensor:
    """Return a view with some dimensions moved, the others in order."""
    ndim = input._data.ndim
    order = np.moveaxis(np.empty(tuple(range(1, ndim + 1))), source, destination).shape
    return permute(input, [each - 1 for each in order])


def squeeze(input: Tensor, dim: Dims | None = None) -> Tensor:
    """Return a view without dimensions of size 1: all of them, or those given that are."""
    shape = input._data.shape
    dims = normal_dims(dim, len(shape))
    return view_exactly(input, tuple([size for each, size in enumerate(shape) if each not in dims or size != 1]))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """Return a view with a dimension of size 1 put in at `dim`."""
    shape = input._data.shape
    dim = normal_dim(dim, len(shape) + 1)
    return view_exactly(input, (*shape[:dim], 1, *shape[dim:]))


def view_exactly(input: Tensor, size: tuple[int, ...]) -> Tensor:
    """Return a view whose shape differs in dimensions of size 1 only, which any layout allows."""
    return apply(VIEW, input, size=size)


def expand(input: Tensor, *size: Any) -> Tensor:
    """Return a view with dimensions of size 1 repeated without a copy; -1 leaves a size as it is.

    Raises:
        ShapeError: A size other than 1 would change.
    """
    wanted = sizes(size)
    shape = input._data.shape
    missing = len(wanted) - len(shape)
    if missing < 0:
        raise ShapeError(
            f"expand: the number of sizes provided ({len(wanted)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(shape)})"
        )
    full = [shape[at - missing] if each == -1 and at >= missing else each for at, each in enumerate(wanted)]
    for at, (old, new) in enumerate(zip(shape, full[missing:], strict=True), start=missing):
        if old not in (1, new):
            raise ShapeError(
                f"The expanded size of the tensor ({new}) must match the existing size ({old}) at non-singleton "
                f"dimension {at}.  Target sizes: {list(wanted)}.  Tensor sizes: {list(shape)}"
            )
    return apply(EXPAND, input, size=tuple(full))


def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """Return `input.expand(other.shape)`."""
    return expand(input, other._data.shape)


def broadcast_to(input: Tensor, size: Sequence[int]) -> Tensor:
    """Return `input.expand(size)`."""
    return expand(input, size)


def broadcast_tensors(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Return the tensors expanded to their common shape."""
    try:
        size = np.broadcast_shapes(*[each._data.shape for each in tensors])
    except ValueError as error:
        raise ShapeError(f"broadcast_tensors: {error}") from error
    return tuple(expand(each, size) for each in tensors)


def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Return a view of the diagonal over two dimensions, as the last dimension."""
    ndim = input._data.ndim
    return apply(DIAGONAL, input, offset=offset, dim1=normal_dim(dim1, ndim), dim2=normal_dim(dim2, ndim))


def clone(input: Tensor) -> Tensor:
    """Return a copy; gradients flow through it."""
    return apply(CLONE, input)


def contiguous(input: Tensor) -> Tensor:
    """Return the tensor itself if its memory is in row-major order, else a copy that is."""
    return input if input._data.flags.c_contiguous else apply(CLONE, input)


def _tensors(name: str, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    if isinstance(tensors, TensorBase):
        raise DtypeError(f"{name}(): expected a list or tuple of tensors, got a tensor; write {name}([a, b])")
    given = tuple(tensors)
    if not given:
        raise ShapeError(f"{name}(): expected a non-empty list of Tensors")
    for at, each in enumerate(given):
        if not hasattr(each, "_data"):
            raise DtypeError(f"{name}(): expected Tensor as element {at} of the list, but got {type(each).__name__}")
    return given


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors along an existing dimension.

    Args:
        tensors: Of equal shapes but for `dim`; empty 1-d ones are skipped. Dtypes are promoted.
        dim: The dimension to join along.

    Raises:
        ShapeError: Shapes differ elsewhere, or there are no tensors.
    """
    given = _tensors("cat", tensors)
    ndim = max(each._data.ndim for each in given)
    if ndim == 0:
        raise ShapeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    return apply(CAT, *given, dim=normal_dim(dim, ndim))


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Join tensors of one shape along a new dimension.

    Raises:
        ShapeError: Shapes differ, or there are no tensors.
    """
    given = _tensors("stack", tensors)
    return apply(STACK, *given, dim=normal_dim(dim, given[0]._data.ndim + 1))


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a view of `length` places of one dimension, from `start`.

    Raises:
        DimensionError: They are not all there.
    """
    dim = normal_dim(dim, input._data.ndim)
    size = input._data.shape[dim]
    if start < 0:
        start += size
    if not (start >= 0 and length >= 0 and start + length <= size):
        raise DimensionError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return input[(slice(None),) * dim + (slice(start, start + length),)]


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """Return a view of one place of a dimension, without that dimension."""
    return input[(slice(None),) * normal_dim(dim, input._data.ndim) + (int(index),)]


def split(tensor: Tensor, split_size_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of consecutive pieces of one dimension.

    Args:
        tensor: The tensor.
        split_size_or_sections: The size of each piece, the last one perhaps smaller; or all sizes.
        dim: The dimension to cut.

    Raises:
        ShapeError: The sizes do not add up to the dimension.
    """
    dim = normal_dim(dim, tensor._data.ndim)
    size = tensor._data.shape[dim]
    if isinstance(split_size_or_sections, int):
        step = split_size_or_sections
        if step <= 0:
            raise ShapeError(f"split expects split_size be positive, but got split_size={step}")
        lengths = [min(step, size - start) for start in range(0, size, step)] or [0]
    else:
        lengths = list(split_size_or_sections)
        if sum(lengths) != size:
            raise ShapeError(
                f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension "
                f"{dim}), but got split_sizes={lengths}"
            )
    starts = np.cumsum([0, *lengths[:-1]])
    return tuple(narrow(tensor, dim, int(start), length) for start, length in zip(starts, lengths, strict=True))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Return at most `chunks` views of consecutive pieces of one dimension, of equal size but perhaps the last."""
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = input._data.shape[normal_dim(dim, input._data.ndim)]
    return split(input, max(1, -(-size // chunks)), dim)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Return a view of each place of a dimension."""
    dim = normal_dim(dim, input._data.ndim)
    return tuple(select(input, dim, index) for index in range(input._data.shape[dim]))


def repeat(input: Tensor, *repeats: Any) -> Tensor:
    """Return copies of the tensor side by side, so many along each dimension.

    Raises:
        ShapeError: There are fewer numbers than dimensions.
    """
    times = sizes(repeats)
    if len(times) < input._data.ndim:
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
            f"got {len(times)} for {input._data.ndim}"
        )
    return apply(REPEAT, input, sizes=times)


def tile(input: Tensor, *dims: Any) -> Tensor:
    """Return `repeat`, with missing numbers taken as 1."""
    times = sizes(dims)
    return apply(REPEAT, input, sizes=(1,) * (input._data.ndim - len(times)) + times)


def flip(input: Tensor, *dims: Any) -> Tensor:
    """Return a copy with the order reversed along dimensions."""
    return apply(FLIP, input, dims=normal_dims(sizes(dims), input._data.ndim))


def roll(input: Tensor, shifts: Dims, dims: Dims | None = None) -> Tensor:
    """Return a copy with the elements moved along dimensions, those that fall off coming back at the start."""
    if dims is None:
        return apply(ROLL, input, shifts=shifts, dims=None)
    moves = (shifts,) if isinstance(shifts, int) else tuple(shifts)
    return apply(ROLL, input, shifts=moves, dims=normal_dims(dims, input._data.ndim))


def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """Return the lower triangle of matrices, zeros above the diagonal."""
    return apply(TRIL, input, diagonal=diagonal)


def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """Return the upper triangle of matrices, zeros below the diagonal."""
    return apply(TRIU, input, diagonal=diagonal)
