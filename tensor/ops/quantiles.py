"""Quantiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def _quantile_places(size: int, q: Array, interpolation: str) -> tuple[Array, Array, Array]:
    """Which two neighbours in sorted order make up each quantile, and the share of the second."""
    if ((q < 0) | (q > 1)).any():
        raise ArgumentError("quantile() q values must be in the range [0, 1]")
    place = q * q.dtype.type(size - 1)
    low = np.floor(place)
    share = place - low
    match interpolation:
        case "lower":
            share = np.zeros_like(share)
        case "higher":
            share = np.ceil(share)
        case "midpoint":
            share = np.where(share > 0, 0.5, 0).astype(q.dtype)
        case "nearest":
            share = np.round(place) - low
        case "linear":
            pass
        case _:
            raise ArgumentError(
                "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
                f"{interpolation}"
            )
    low = low.astype(np.int64)
    return low, np.minimum(low + 1, size - 1), share


def _quantile(input: Array, q: Array, *, dim: int, interpolation: str) -> tuple[Array, Array, Array, Array, Array]:
    rows = np.moveaxis(input, dim, -1)
    order = np.argsort(rows, -1, kind="stable")
    ranked = np.take_along_axis(rows, order, -1)
    low, high, share = _quantile_places(rows.shape[-1], np.atleast_1d(q), interpolation)
    below, above = ranked[..., low], ranked[..., high]
    values = below + (above - below) * share
    values = np.where(np.isnan(ranked[..., -1:]), np.nan, values).astype(input.dtype)
    return (np.moveaxis(values, -1, 0) if q.ndim else values[..., 0]), order, low, high, share


def _quantile_vjp(
    g: Array, shape: tuple[int, ...], q: Array, order: Array, low: Array, high: Array, share: Array, dim: int
) -> Array:
    g = np.moveaxis(g, 0, -1) if q.ndim else g[..., None]
    ranked = np.zeros(order.shape, g.dtype)
    for places, part in ((low, 1 - share), (high, share)):
        where: Any = (..., places)
        np.add.at(ranked, where, g * part)
    rows = np.zeros_like(ranked)
    np.put_along_axis(rows, order, ranked, -1)
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
    check_floating("quantile", input._data)
    if not input._data.size:
        raise DimensionError("quantile() input tensor must be non-empty")
    wanted = q if isinstance(q, TensorBase) else wrap(np.asarray(q, input._data.dtype))
    rows = input.reshape(-1) if dim is None or not input._data.ndim else input
    axis = normal_dim(0 if dim is None else dim, rows._data.ndim)
    values = apply(QUANTILE, rows, wanted, dim=axis, interpolation=interpolation)
    vector = bool(wanted._data.ndim)
    if not keepdim or not input._data.ndim:
        return values
    shape = [1] * input._data.ndim if dim is None else [*rows._data.shape[:axis], 1, *rows._data.shape[axis + 1 :]]
    return values.reshape(([wanted._data.shape[0]] if vector else []) + shape)
