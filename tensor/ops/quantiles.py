"""Quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tensor.bases import TensorBase, wrap
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DimensionError
from tensor.ops.dims import normal_dim
from tensor.ops.elementwise import check_floating
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _place(last: Array, q: Array, interpolation: str) -> tuple[Array, Array, Array]:
    """Which two neighbours in sorted order make up each quantile, and the share of the second.

    Args:
        last: (..., 1), the place of the largest element that counts.
        q: (n,), from 0 to 1.
        interpolation: As in `quantile`.
    """
    place = q * last.astype(q.dtype)
    match interpolation:
        case "lower":
            place = np.floor(place)
        case "higher":
            place = np.ceil(place)
        case "nearest":
            place = np.round(place)
        case "linear" | "midpoint":
            pass
        case _:
            raise ArgumentError(
                "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
                f"{interpolation}"
            )
    low = np.floor(place)
    share = np.where(place > low, 0.5, 0).astype(q.dtype) if interpolation == "midpoint" else place - low
    return low.astype(np.int64), np.ceil(place).astype(np.int64), share


def _quantile(
    input: Array, q: Array, *, dim: int, interpolation: str, ignore_nan: bool
) -> tuple[Array, Array, Array, Array, Array]:
    if ((q < 0) | (q > 1)).any():
        raise ArgumentError("quantile() q values must be in the range [0, 1]")
    rows = np.moveaxis(input, dim, -1)
    order = np.argsort(rows, -1, kind="stable")
    ranked = np.take_along_axis(rows, order, -1)
    missing = np.isnan(ranked).sum(-1, keepdims=True)  # all of them at the end
    end = ranked.shape[-1] - 1
    last = np.maximum(end - missing, 0) if ignore_nan else np.full_like(missing, end)
    low, high, share = _place(last, np.atleast_1d(q), interpolation)
    if not ignore_nan:
        low, high = (np.where(missing > 0, end, each) for each in (low, high))
    below, above = (np.take_along_axis(ranked, each, -1) for each in (low, high))
    apart = above - below  # from the nearer neighbour, which may be infinite
    values = np.where(share < 0.5, below + apart * share, above - apart * (1 - share))
    values = np.where(share == 0, below, values).astype(input.dtype)
    return (np.moveaxis(values, -1, 0) if q.ndim else values[..., 0]), order, low, high, share


def _quantile_vjp(
    g: Array, shape: tuple[int, ...], q: Array, order: Array, low: Array, high: Array, share: Array, dim: int
) -> Array:
    g = np.moveaxis(g, 0, -1) if q.ndim else g[..., None]
    size = order.shape[-1]
    starts = np.arange(order.size // size).reshape(*order.shape[:-1], 1) * size
    ranked = np.zeros(order.size, g.dtype)
    for places, part in ((low, 1 - share), (high, share)):
        np.add.at(ranked, (starts + places).reshape(-1), (g * part).reshape(-1))
    rows = np.zeros(order.shape, g.dtype)
    np.put_along_axis(rows, order, ranked.reshape(order.shape), -1)
    return np.moveaxis(rows, -1, dim).reshape(shape)


QUANTILE = op("quantile", _quantile, extras=("order", "low", "high", "share"), input=_quantile_vjp)


def quantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """Return quantiles along a dimension, or of all elements; nan where there is one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.quantile.html

    Args:
        input: Floats of any shape, not empty.
        q: A number from 0 to 1, or a vector of them, which becomes the first dimension.
        dim: The dimension.
        keepdim: Whether it stays, with size 1.
        interpolation: `linear`, `lower`, `higher`, `midpoint` or `nearest`.

    Raises:
        DtypeError: The elements are no floats.
        ArgumentError: There is no such interpolation, or `q` is out of range.
    """
    return _taken("quantile", input, q, dim, keepdim, interpolation)


def nanquantile(
    input: Tensor,
    q: Tensor | float,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """Return quantiles of what is not nan; arguments as for `quantile`."""
    return _taken("nanquantile", input, q, dim, keepdim, interpolation)


def _taken(name: str, input: Tensor, q: Tensor | float, dim: int | None, keepdim: bool, interpolation: str) -> Tensor:
    check_floating(name, input._data)
    if not input._data.size:
        raise DimensionError(f"{name}() input tensor must be non-empty")
    wanted = q if isinstance(q, TensorBase) else wrap(np.asarray(q, input._data.dtype))
    if wanted._data.ndim > 1 or wanted._data.dtype != input._data.dtype:
        raise ArgumentError(
            f"{name}() q must be a number or a vector of the input's dtype, {input.dtype}, got {wanted.dtype} of shape "
            f"{list(wanted._data.shape)}"
        )
    rows = input.reshape(-1) if dim is None or not input._data.ndim else input
    axis = normal_dim(0 if dim is None else dim, rows._data.ndim)
    ignore_nan = name == "nanquantile"
    values = apply(QUANTILE, rows, wanted, dim=axis, interpolation=interpolation, ignore_nan=ignore_nan)
    vector = bool(wanted._data.ndim)
    if not keepdim or not input._data.ndim:
        return values
    shape = [1] * input._data.ndim if dim is None else [*rows._data.shape[:axis], 1, *rows._data.shape[axis + 1 :]]
    return values.reshape(([wanted._data.shape[0]] if vector else []) + shape)
