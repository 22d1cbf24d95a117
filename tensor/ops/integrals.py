"""Integrals of sampled functions, by the trapezoidal rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensor.dtypes import Scalar
from tensor.errors import ArgumentError, DimensionError, ShapeError
from tensor.ops.arithmetic import add, mul, sub
from tensor.ops.dims import normal_dim
from tensor.ops.division import div
from tensor.ops.reductions import sum
from tensor.ops.scans import cumsum

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _axis(name: str, y: Tensor, dim: int) -> int:
    if not y._data.ndim:
        raise DimensionError(f"{name}: Dimension specified as {dim} but tensor has no dimensions")
    return normal_dim(dim, y._data.ndim)


def _areas(name: str, y: Tensor, x: Tensor | None, dx: Scalar | None, axis: int) -> Tensor:
    """Twice the area between each two neighbours."""
    size = y._data.shape[axis]
    sides = add(y.narrow(axis, 1, size - 1), y.narrow(axis, 0, size - 1))
    if x is None:
        return sides if dx is None else mul(sides, dx)
    if dx is not None:
        raise ArgumentError(f"{name}: expected either x or dx, got both")
    if x._data.ndim == 1:
        if x._data.shape[0] != size:
            raise ShapeError(f"{name}: There must be one `x` value for each sample point, got {x._data.shape[0]}")
        x = x.reshape([size if at == axis else 1 for at in range(y._data.ndim)])
    elif x._data.ndim < y._data.ndim:
        x = x.reshape([1] * (y._data.ndim - x._data.ndim) + list(x._data.shape))
    width = x._data.shape[axis]
    if x._data.ndim > y._data.ndim or not width:
        raise ShapeError(f"{name}: x of shape {list(x._data.shape)} does not fit y of shape {list(y._data.shape)}")
    return mul(sides, sub(x.narrow(axis, 1, width - 1), x.narrow(axis, 0, width - 1)))


def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Scalar | None = None, dim: int = -1) -> Tensor:
    """Return the integral along a dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.trapezoid.html

    Args:
        y: The values, any shape of at least one dimension.
        x: Where they were sampled: a vector, or what broadcasts with `y`. By default they are `dx` apart.
        dx: The distance of neighbours, 1 by default.
        dim: The dimension.

    Raises:
        ArgumentError: Both `x` and `dx` are given.
        DimensionError: `y` has no such dimension.
        ShapeError: They do not fit.
    """
    axis = _axis("trapezoid", y, dim)
    size = y._data.shape[axis]
    if not size:
        return sum(y, axis)
    if x is not None:
        return div(sum(_areas("trapezoid", y, x, dx, axis), axis), 2)
    # The ends count half; halved before they are added, small integers do not overflow.
    area = sub(sum(y, axis), add(mul(y.select(axis, 0), 0.5), mul(y.select(axis, size - 1), 0.5)))
    return area if dx is None else mul(area, dx)


def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Scalar | None = None, dim: int = -1) -> Tensor:
    """Return the integrals up to each sample but the first along a dimension; arguments as for `trapezoid`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cumulative_trapezoid.html
    """
    axis = _axis("cumulative_trapezoid", y, dim)
    if not y._data.shape[axis]:
        return div(y, 2)
    return div(cumsum(_areas("cumulative_trapezoid", y, x, dx, axis), axis), 2)
