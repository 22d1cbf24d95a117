"""Views of parts: places, pieces and windows of a dimension, and memory read with other strides."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import regions
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DimensionError, ShapeError
from tensor.ops.conversions import clone
from tensor.ops.dims import normal_dim
from tensor.ops.indexing import GETITEM, getitem
from tensor.ops.places import summed
from tensor.ops.shapes import reshape
from tensor.registry import op
from tensor.scalars import check_numbers, whole

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _unfold(input: Array, *, dim: int, size: int, step: int) -> Array:
    windows = np.lib.stride_tricks.sliding_window_view(input, size, dim, writeable=step >= size)
    return windows[(slice(None),) * dim + (slice(None, None, step),)]


def _unfold_vjp(g: Array, shape: tuple[int, ...], dim: int, size: int, step: int) -> Array:
    whole = np.zeros(shape, g.dtype)
    count = g.shape[dim]
    for at in range(size):
        whole[(slice(None),) * dim + (slice(at, at + (count - 1) * step + 1, step),)] += g[..., at]
    return whole


def _strided(input: Array, *, size: tuple[int, ...], stride: tuple[int, ...], offset: int, layout: Any) -> Array:
    width = input.itemsize
    start = input.ctypes.data + offset * width
    flat = regions.flat_at(input, start, regions.span(size, stride))
    return np.lib.stride_tricks.as_strided(
        flat, size, [each * width for each in stride], writeable=flat.flags.writeable and _is_disjoint(size, stride)
    )


def _is_disjoint(size: Sequence[int], stride: Sequence[int]) -> bool:
    """Whether no two elements surely share memory: each stride is longer than what the shorter ones span."""
    reach = 1
    for step, count in sorted((step, count) for step, count in zip(stride, size, strict=True) if count > 1):
        if step < reach:
            return False
        reach = step * (count - 1) + reach
    return True


def _memory(size: Sequence[int], stride: Sequence[int], offset: int = 0) -> Array:
    """Where elements lie, counted from the first of a tensor."""
    places = np.full(tuple(size), offset)
    for dim, (step, count) in enumerate(zip(stride, size, strict=True)):
        places += (np.arange(count) * step).reshape((count,) + (1,) * (len(size) - dim - 1))
    return places


def _strided_vjp(
    g: Array,
    shape: tuple[int, ...],
    size: tuple[int, ...],
    stride: tuple[int, ...],
    offset: int,
    layout: tuple[int, ...],
) -> Array:
    there, here = _memory(size, stride, offset), _memory(shape, layout)
    if not (there.size and here.size):
        return np.zeros(shape, g.dtype)
    first = min(there.min(), here.min())
    length = int(max(there.max(), here.max()) - first) + 1
    memory = summed((length,), there - first, g)
    # An element that several of the input's share has its gradient divided among them.
    sharing = np.bincount((here - first).reshape(-1), minlength=length)
    return np.asarray(memory[here - first] / sharing[here - first])


UNFOLD = op("unfold", _unfold, view_op=True, input=_unfold_vjp)
AS_STRIDED = op("as_strided", _strided, view_op=True, input=_strided_vjp)


def _at(input: Tensor, dim: int, part: Any) -> Tensor:
    return apply(GETITEM, input, key=(*(slice(None),) * dim, part, Ellipsis))


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a view of `length` places of one dimension, from `start`.

    Raises:
        DimensionError: They are not all there.
    """
    start, length = whole("narrow", "start", start), whole("narrow", "length", length)
    if not input._data.ndim:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    dim = normal_dim(dim, input._data.ndim)
    size = input._data.shape[dim]
    if length < 0:
        raise ArgumentError(f"narrow(): length must be non-negative, got {length}.")
    if not -size <= start <= size:
        raise DimensionError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    if start < 0:
        start += size
    if start + length > size:
        raise DimensionError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return _at(input, dim, slice(start, start + length))


def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a copy of `length` places of one dimension, from `start`."""
    return clone(narrow(input, dim, start, length))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """Return a view of one place of a dimension, without that dimension.

    Raises:
        DimensionError: There is no such place, or dimension.
    """
    index = whole("select", "index", index)
    if not input._data.ndim:
        raise DimensionError("select() cannot be applied to a 0-dim tensor.")
    dim = normal_dim(dim, input._data.ndim)
    size = input._data.shape[dim]
    if not -size <= index < size:
        raise DimensionError(
            f"select(): index {index} out of range for tensor of size {list(input._data.shape)} at dimension {dim}"
        )
    return _at(input, dim, int(index))


def _cut(input: Tensor, dim: int, bounds: Sequence[int]) -> tuple[Tensor, ...]:
    """Views between each two bounds."""
    return tuple([_at(input, dim, slice(*each)) for each in pairwise(bounds)])


def _check_dims(name: str, tensor: Tensor) -> None:
    if not tensor._data.ndim:
        raise ShapeError(f"{name} expects at least a 1-dimensional tensor")


def split(
    tensor: Tensor,
    split_size_or_sections: int | Sequence[int] | None = None,
    dim: int = 0,
    *,
    split_size: int | Sequence[int] | None = None,
) -> tuple[Tensor, ...]:
    """Return views of consecutive pieces of one dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.split.html

    Args:
        tensor: The tensor.
        split_size_or_sections: The size of each piece, the last one perhaps smaller; or all sizes.
        dim: The dimension to cut.
        split_size: The same as `split_size_or_sections`, by the method's name.

    Raises:
        ShapeError: The sizes do not add up to the dimension.
        TypeError: There is no size.
    """
    _check_dims("split", tensor)
    dim = normal_dim(dim, tensor._data.ndim)
    pieces = split_size if split_size_or_sections is None else split_size_or_sections
    if not getattr(pieces, "ndim", 1):
        pieces = whole("split", "split_size_or_sections", pieces)
    if pieces is None:
        raise TypeError("split() missing 1 required argument: split_size_or_sections")
    if not isinstance(pieces, int):
        return split_with_sizes(tensor, pieces, dim)
    size, step = tensor._data.shape[dim], pieces
    if step < 0:
        raise ShapeError(f"split expects split_size be non-negative, but got split_size={step}")
    if not step and size:
        raise ShapeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}")
    starts = list(range(0, size, step)) if size else [0]
    return _cut(tensor, dim, [*starts, size])


def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of consecutive pieces of one dimension, of the given sizes.

    Raises:
        ShapeError: The sizes do not add up to the dimension.
    """
    _check_dims("split_with_sizes", input)
    dim = normal_dim(dim, input._data.ndim)
    size, lengths = input._data.shape[dim], [int(each) for each in split_sizes]
    if min(lengths, default=0) < 0:
        raise ShapeError(f"split_with_sizes expects split_sizes have only non-negative entries, but got {lengths}")
    if sum(lengths) != size:
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at dimension "
            f"{dim}), but got split_sizes={lengths}"
        )
    return _cut(input, dim, [0, *[int(each) for each in np.cumsum(lengths, dtype=np.int64)]])


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Return at most `chunks` views of consecutive pieces of one dimension, of equal size but perhaps the last."""
    _check_dims("chunk", input)
    chunks = whole("chunk", "chunks", chunks)
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = normal_dim(dim, input._data.ndim)
    size = input._data.shape[dim]
    if not size:
        return _cut(input, dim, [0] * (chunks + 1))
    return split(input, -(-size // chunks), dim)


def tensor_split(input: Tensor, indices_or_sections: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of consecutive pieces of one dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tensor_split.html

    Args:
        input: The tensor.
        indices_or_sections: How many pieces, the first ones larger by one where they cannot be equal; or where to cut,
            as in slices.
        dim: The dimension to cut.

    Raises:
        ArgumentError: There are to be no pieces.
        DtypeError: The places are given as a tensor: pass its `tolist()`.
    """
    if not getattr(indices_or_sections, "ndim", 1):
        indices_or_sections = whole("tensor_split", "indices_or_sections", indices_or_sections)
    check_numbers("tensor_split", {"indices_or_sections": indices_or_sections})
    _check_dims("tensor_split", input)
    dim = normal_dim(dim, input._data.ndim)
    size = input._data.shape[dim]
    if isinstance(indices_or_sections, int):
        if indices_or_sections <= 0:
            raise ArgumentError(f"number of sections must be larger than 0, got {indices_or_sections}")
        each, more = divmod(size, indices_or_sections)
        lengths = [each + (at < more) for at in range(indices_or_sections)]
        return _cut(input, dim, [0, *[int(end) for end in np.cumsum(lengths)]])
    given = [int(each) for each in indices_or_sections]
    edges = zip([0, *given], [*given, size], strict=True)
    return tuple([_at(input, dim, slice(*each)) for each in edges])


def _numpy_split(name: str, input: Tensor, given: int | Sequence[int], dim: int, least: int) -> tuple[Tensor, ...]:
    if input._data.ndim < least:
        raise ShapeError(
            f"{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, "
            f"but got a tensor with {input._data.ndim} dimensions!"
        )
    if isinstance(given, int) and (given <= 0 or input._data.shape[dim] % given):
        raise ArgumentError(
            f"{name} attempted to split along dimension {dim}, but the size of the dimension "
            f"{input._data.shape[dim]} is not divisible by the split_size {given}!"
        )
    return tensor_split(input, given, dim)


def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Return views of equal pieces, or of pieces between indices: of columns, or of a vector.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.hsplit.html
    """
    return _numpy_split("hsplit", input, indices_or_sections, 0 if input._data.ndim == 1 else 1, 1)


def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Return views of equal pieces, or of pieces between indices, of the first dimension of at least two.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.vsplit.html
    """
    return _numpy_split("vsplit", input, indices_or_sections, 0, 2)


def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """Return views of equal pieces, or of pieces between indices, of the third dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.dsplit.html
    """
    return _numpy_split("dsplit", input, indices_or_sections, 2, 3)


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Return a view of each place of a dimension."""
    if not input._data.ndim:
        raise DimensionError("Dimension specified as 0 but tensor has no dimensions")
    dim = normal_dim(dim, input._data.ndim)
    return tuple([_at(input, dim, index) for index in range(input._data.shape[dim])])


def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """Return a view of windows along a dimension; the elements of each are in a new last dimension.

    It can be written to only where windows do not overlap.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.unfold.html

    Args:
        input: The tensor.
        dimension: The dimension.
        size: The size of a window.
        step: How far apart windows start.

    Returns:
        (..., (n - size) // step + 1, ..., size).

    Raises:
        ArgumentError: The window is larger than the dimension, or `step` is not positive.
    """
    size, step = whole("unfold", "size", size), whole("unfold", "step", step)
    ndim = input._data.ndim
    dim = normal_dim(dimension, ndim)
    most = input._data.shape[dim] if ndim else 1
    if size < 0:
        raise ArgumentError(f"size is {size} but must be >= 0")
    if step <= 0:
        raise ArgumentError(f"step is {step} but must be > 0")
    if size > most:
        raise ArgumentError(f"maximum size for tensor at dimension {dim} is {most} but size is {size}")
    if not ndim:
        return getitem(unfold(reshape(input, 1), 0, size, step), 0)
    if not size:
        return _empty_windows(input, dim, most // step + 1)
    return apply(UNFOLD, input, dim=dim, size=size, step=step)


def _empty_windows(input: Tensor, dim: int, count: int) -> Tensor:
    shape = input._data.shape
    return reshape(getitem(reshape(input, -1), slice(0, 0)), (*shape[:dim], count, *shape[dim + 1 :], 0))


def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """Return a view of the memory that a tensor is over, with any strides.

    It can be written to only where no two of its elements share memory.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.as_strided.html

    Args:
        input: The tensor.
        size: The view's shape.
        stride: How many elements apart neighbours along each dimension are.
        storage_offset: Where the first element is, counted from the start of the memory; where the tensor starts if
            not given.

    Raises:
        ArgumentError: There are not as many strides as sizes, one is negative, or the memory is not that large.
        UnsupportedError: The memory has gaps, or runs backwards: it is that of an array not made by a tensor.
    """
    check_numbers("as_strided", {"storage_offset": storage_offset})
    shape, steps = tuple(int(each) for each in size), tuple(int(each) for each in stride)
    if len(shape) != len(steps):
        raise ArgumentError(f"mismatch in length of strides and shape: {len(steps)} and {len(shape)}")
    if min((*shape, *steps), default=0) < 0:
        raise ArgumentError(f"as_strided: sizes and strides must not be negative, got {list(shape)} and {list(steps)}")
    regions.check_dense(input)
    own = regions.offset_of(input)
    offset = own if storage_offset is None else int(storage_offset)
    room, needed = regions.length_of(input), regions.span(shape, steps)
    if offset < 0 or (needed and offset + needed > room):
        raise ArgumentError(
            f"setStorage: sizes {list(shape)}, strides {list(steps)}, offset {offset} require {offset + needed} "
            f"elements, but the tensor's memory has {room}"
        )
    width = input._data.itemsize
    layout = tuple([each // width for each in input._data.strides])
    return apply(AS_STRIDED, input, size=shape, stride=steps, offset=offset - own, layout=layout)
