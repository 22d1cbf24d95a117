"""The order of dimensions, and the order of elements along them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.ops.conversions import clone
from tensor.ops.dims import Dims, by_name, normal_dim, normal_dims, sizes
from tensor.ops.shapes import reshape, view
from tensor.registry import op
from tensor.scalars import whole

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _inverse(dims: Sequence[int]) -> list[int]:
    return [int(each) for each in np.argsort(dims)]


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
FLIP = op(
    "flip", lambda input, *, dims: np.flip(input, dims).copy(), moves=True, input=lambda g, dims: np.flip(g, dims)
)
ROLL = op(
    "roll",
    lambda input, *, shifts, dims: np.roll(input, shifts, dims),
    moves=True,
    input=lambda g, shifts, dims: np.roll(g, [-each for each in shifts], dims),
)


def permute(input: Tensor, *dims: Any, **named: Any) -> Tensor:
    """Return a view with the dimensions in another order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.permute.html

    Raises:
        ShapeError: `dims` does not name each dimension.
        DimensionError: It names one twice.
    """
    if named:
        dims = by_name("permute", dims, named, "dims")
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
    first, second = normal_dim(dim0, ndim), normal_dim(dim1, ndim)
    if ndim == 0:
        return view(input, ())
    return apply(TRANSPOSE, input, dim0=first, dim1=second)


def t(input: Tensor) -> Tensor:
    """Return the transpose of a matrix, a vector as it is.

    Raises:
        ShapeError: There are more than two dimensions.
    """
    if input._data.ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._data.ndim}D")
    return permute(input, tuple(range(input._data.ndim))[::-1])


def reversed_dims(input: Tensor) -> Tensor:
    """Return a view with all dimensions in reverse order: the property `T`."""
    return permute(input, tuple(range(input._data.ndim))[::-1])


def _of_matrices(name: str, input: Tensor) -> Tensor:
    if not input._data.ndim:
        return view(input, ())
    if input._data.ndim < 2:
        raise ShapeError(
            f"{name} is only supported on matrices or batches of matrices. Got {input._data.ndim}-D tensor."
        )
    return transpose(input, -2, -1)


def m_transposed(input: Tensor) -> Tensor:
    """Return a view with the last two dimensions swapped: the property `mT`."""
    return _of_matrices("tensor.mT", input)


def adjoint(input: Tensor) -> Tensor:
    """Return a view with the last two dimensions swapped, which for real numbers is the adjoint.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.adjoint.html

    Raises:
        ShapeError: There are fewer than two dimensions.
    """
    return _of_matrices("tensor.adjoint()", input)


def h_transposed(input: Tensor) -> Tensor:
    """Return the transpose of a matrix: the property `H`."""
    if input._data.ndim not in (0, 2):
        raise ShapeError(f"tensor.H is only supported on matrices (2-D tensors). Got {input._data.ndim}-D tensor.")
    return transpose(input, 0, 1) if input._data.ndim else view(input, ())


def movedim(input: Tensor, source: Dims, destination: Dims) -> Tensor:
    """Return a view with some dimensions moved, the others in order.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.movedim.html

    Raises:
        ShapeError: There are not as many sources as destinations.
        DimensionError: One is out of range, or given twice.
    """
    ndim = input._data.ndim
    from_, to = [(each,) if isinstance(each, int) else tuple(each) for each in (source, destination)]
    if len(from_) != len(to):
        raise ShapeError(
            f"movedim: Invalid source or destination dims: source ({list(from_)} dims) should contain the same number "
            f"of dims as destination ({list(to)} dims)"
        )
    moved = dict(zip(normal_dims(to, ndim), normal_dims(from_, ndim), strict=True)) if from_ else {}
    rest = iter([dim for dim in range(ndim) if dim not in moved.values()])
    return permute(input, [moved[at] if at in moved else next(rest) for at in range(ndim)])


def flip(input: Tensor, *dims: Any, **named: Any) -> Tensor:
    """Return a copy with the order reversed along dimensions.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.flip.html
    """
    if named:
        dims = by_name("flip", dims, named, "dims")
    if not dims:
        raise DtypeError("flip() missing 1 required positional arguments: dims")
    given = sizes(dims)
    if not given:
        return clone(input)
    return apply(FLIP, input, dims=normal_dims(given, input._data.ndim))


def fliplr(input: Tensor) -> Tensor:
    """Return a copy with the order reversed along the second dimension.

    Raises:
        ShapeError: There is none.
    """
    if input._data.ndim < 2:
        raise ShapeError("Input must be >= 2-d.")
    return flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """Return a copy with the order reversed along the first dimension.

    Raises:
        ShapeError: There is none.
    """
    if input._data.ndim < 1:
        raise ShapeError("Input must be >= 1-d.")
    return flip(input, 0)


def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """Return a copy turned by 90 degrees in the plane of two dimensions, `k` times from the first to the second.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.rot90.html

    Raises:
        ArgumentError: There are not two different dimensions.
        DimensionError: One is out of range.
    """
    k = whole("rot90", "k", k)
    ndim = input._data.ndim
    if len(dims) != 2:
        raise ArgumentError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise ShapeError(f"expected total dims >= 2, but got total dims = {ndim}")
    for each in dims:
        if not -ndim <= each < ndim:
            raise DimensionError(f"Rotation dims out of range, dim = {each}, the tensor has {ndim} dimensions")
    first, second = (each % ndim for each in dims)
    if first == second or abs(dims[0] - dims[1]) == ndim:
        raise ArgumentError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    turns = k % 4
    if turns == 0:
        return clone(input)
    if turns == 2:
        return flip(input, first, second)
    return transpose(flip(input, second if turns == 1 else first), first, second)


def roll(input: Tensor, shifts: Dims, dims: Dims | None = None) -> Tensor:
    """Return a copy with the elements moved along dimensions, those that fall off coming back at the start.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.roll.html

    Args:
        input: The tensor.
        shifts: By how many places; one number for each dimension.
        dims: The dimensions; without, the flattened tensor is rolled.

    Raises:
        ArgumentError: There are not as many shifts as dimensions.
        DtypeError: A shift is no integer.
    """
    moves = sizes((shifts,))
    over = None if dims is None else (dims,) if isinstance(dims, int) else tuple(dims)
    if not moves:
        raise ArgumentError("roll: `shifts` required")
    if not over:
        if len(moves) != 1:
            raise ArgumentError(f"shifts and dimensions must align. shifts: {len(moves)}, dims:0")
        return reshape(apply(ROLL, reshape(input, -1), shifts=moves, dims=(0,)), input._data.shape)
    if len(moves) != len(over):
        raise ArgumentError(f"shifts and dimensions must align. shifts: {len(moves)}, dims:{len(over)}")
    axes = tuple([normal_dim(each, input._data.ndim) for each in over])
    if not input._data.ndim:
        return clone(input)
    return apply(ROLL, input, shifts=moves, dims=axes)
