"""Bags: several rows of a table made one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, ShapeError, UnsupportedError
from tensor.nn.functional.tables import (
    bounded_in_place,
    by_frequency,
    check_lookup,
    check_options,
    check_padding_idx,
    summed_rows,
)
from tensor.registry import op
from tensor.tensors import Tensor

_BLOCK = 1 << 17  # elements: so much of the table is looked up at a time, which stays in a core's cache


@dataclass(frozen=True, slots=True)
class _Bags:
    """Which rows go where, padding left out.

    Args:
        rows: numbers of rows, bag by bag, (n,).
        lengths: how many of them each bag has, (bags,).
        kept: their places among all that were given, (n,); none for all of them.
    """

    rows: Array
    lengths: Array
    kept: Array | None

    @property
    def bag(self) -> Array:
        """Which bag each row is in, (n,)."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def weights(self, given: Array) -> Array:
        """The weights of the rows out of those that were given."""
        flat = given.reshape(-1)[: None if self.kept is not None else len(self.rows)]
        return flat if self.kept is None else flat[self.kept]

    def blocks(self, size: int) -> Iterator[tuple[slice, slice]]:
        """Yield bags, and the rows in them, so that rows of a size fit the cache."""
        ends = np.cumsum(self.lengths)
        most = max(1, _BLOCK // max(size, 1))
        first, start = 0, 0
        while first < len(ends):
            last = max(int(np.searchsorted(ends, start + most, "right")), first + 1)
            yield slice(first, last), slice(start, int(ends[last - 1]))
            first, start = last, int(ends[last - 1])


def _bags(input: Array, offsets: Array | None, last: bool, padding_idx: int | None) -> _Bags:
    if offsets is None:
        lengths = np.full(input.shape[0], input.shape[1])
        rows = input.reshape(-1)
    else:
        lengths = _lengths(input, offsets, last)
        rows = input[: lengths.sum()]
    if padding_idx is None:
        return _Bags(rows, lengths, None)
    kept = np.flatnonzero(rows != padding_idx)
    bag = np.repeat(np.arange(len(lengths)), lengths)[kept]
    return _Bags(rows[kept], np.bincount(bag, minlength=len(lengths)), kept)


def _lengths(input: Array, offsets: Array, last: bool) -> Array:
    if offsets.ndim != 1 or offsets.dtype.kind not in "iu":
        raise ShapeError(f"offsets has to be a 1D Tensor of integers, got {offsets.dtype} of shape {offsets.shape}")
    if last and not len(offsets):
        raise ArgumentError("include_last_offset: number of offset should be at least 1")
    if len(offsets) and offsets[0] != 0:
        raise ArgumentError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {offsets[0]}"
        )
    if len(offsets) and offsets[-1] > len(input):
        raise ArgumentError(
            f"offsets[-1] can not be greater than input's length: got {offsets[-1]} for an input of {len(input)}"
        )
    ends = offsets if last else np.append(offsets, len(input))
    lengths = np.diff(ends.astype(np.intp))
    if (lengths < 0).any():
        raise ArgumentError(f"embedding_bag: offsets must not decrease, got {offsets.tolist()}")
    return lengths


def _combined(parts: Array, lengths: Array, mode: str) -> Array:
    """The sum, or the largest element, of rows bag by bag; zeros for empty bags."""
    size = parts.shape[1]
    length = int(lengths[0])
    if length and (lengths == length).all():
        grid = parts.reshape(len(lengths), length, size)
        return grid.max(1) if mode == "max" else (np.ones((1, length), parts.dtype) @ grid)[:, 0]
    out = np.zeros((len(lengths), size), parts.dtype)
    filled = np.flatnonzero(lengths)
    if len(filled):
        starts = (np.cumsum(lengths) - lengths)[filled]
        out[filled] = (np.maximum if mode == "max" else np.add).reduceat(parts, starts, 0)
    return out


def _embedding_bag(
    input: Array,
    weight: Array,
    offsets: Array | None,
    per_sample_weights: Array | None,
    *,
    mode: str,
    last: bool,
    padding_idx: int | None,
    frequency: bool,
) -> tuple[Array, _Bags]:
    """Also return which rows went where."""
    check_lookup("embedding_bag", input, weight)
    if per_sample_weights is not None and per_sample_weights.dtype != weight.dtype:
        raise DtypeError(
            f"embedding_bag: expected per_sample_weights of the table's dtype, {dtypes.of(weight.dtype)}, "
            f"got {dtypes.of(per_sample_weights.dtype)}"
        )
    bags = _bags(input, offsets, last, padding_idx)
    weights = None if per_sample_weights is None else bags.weights(per_sample_weights)
    out = np.empty((len(bags.lengths), weight.shape[1]), weight.dtype)
    for some, rows in bags.blocks(weight.shape[1]):
        parts = np.take(weight, bags.rows[rows], 0)
        if weights is not None:
            parts *= weights[rows, None]
        out[some] = _combined(parts, bags.lengths[some], mode)
    if mode == "mean":
        out /= np.maximum(bags.lengths, 1).astype(out.dtype)[:, None]
    return out, bags


def _embedding_bag_vjp_weight(
    g: Array, shape: tuple[int, ...], per_sample_weights: Array | None, bags: _Bags, mode: str, frequency: bool
) -> Array:
    if mode == "mean":
        g = g / np.maximum(bags.lengths, 1).astype(g.dtype)[:, None]
    values = np.take(g, bags.bag, 0)
    if per_sample_weights is not None:
        values *= bags.weights(per_sample_weights)[:, None]
    return summed_rows(shape, bags.rows, by_frequency(values, bags.rows) if frequency else values)


def _max_vjp_weight(g: Array, weight: Array, out: Array, bags: _Bags) -> Array:
    """The whole slope goes to the first of equals, as in PyTorch."""
    gradient = np.zeros(weight.shape, g.dtype)
    columns = np.arange(weight.shape[1])
    starts = np.cumsum(bags.lengths) - bags.lengths
    free = np.repeat(bags.lengths[:, None] > 0, weight.shape[1], 1)
    for turn in range(bags.lengths.max(initial=0)):
        some = np.flatnonzero(bags.lengths > turn)
        rows = bags.rows[starts[some] + turn]
        parts = np.take(weight, rows, 0)
        hit = free[some] & ((parts == out[some]) | np.isnan(parts))
        free[some] &= ~hit
        at, column = np.nonzero(hit)
        np.add.at(gradient, (rows[at], columns[column]), g[some[at], column])
    return gradient


def _embedding_bag_vjp_weights(g: Array, shape: tuple[int, ...], weight: Array, bags: _Bags) -> Array:
    gradient = np.zeros(shape, g.dtype)
    found = np.einsum("nd,nd->n", np.take(g, bags.bag, 0), np.take(weight, bags.rows, 0))
    gradient.reshape(-1)[slice(len(found)) if bags.kept is None else bags.kept] = found
    return gradient


EMBEDDING_BAG = op(
    "embedding_bag",
    _embedding_bag,
    extras=("bags",),
    weight=_embedding_bag_vjp_weight,
    per_sample_weights=_embedding_bag_vjp_weights,
)
EMBEDDING_BAG_MAX = op(
    "embedding_bag_max",
    lambda input, weight, offsets, *, last, padding_idx: _embedding_bag(
        input, weight, offsets, None, mode="max", last=last, padding_idx=padding_idx, frequency=False
    ),
    extras=("bags",),
    weight=_max_vjp_weight,
)


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Look up rows of a table, and make one of each bag of them.

    Args:
        input: (bags, length), or (numbers,) with `offsets`.
        weight: (rows, size).
        offsets: where each bag starts, (bags,).
        max_norm: rows that are looked up are first scaled down to this norm, in the table itself.
        norm_type: the order of that norm.
        scale_grad_by_freq: whether a row's gradient is divided by how often it was looked up; not for `max`.
        mode: `sum`, `mean` or `max`.
        sparse: not supported.
        per_sample_weights: of each number, the input's shape; for `sum`.
        include_last_offset: whether `offsets` ends with the end of the last bag.
        padding_idx: a row that does not count.

    Returns:
        (bags, size); zeros for empty bags.

    Raises:
        ArgumentError: there is no such mode, or none for weights, or the offsets or the shapes do not fit.
        DimensionError: a number is not that of a row.
        UnsupportedError: `sparse`, or `max_norm` where inference-only numbers look up a table that is none.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
    """
    check_options("embedding_bag", max_norm, norm_type, sparse)
    if per_sample_weights is not None and input.shape != per_sample_weights.shape:
        raise ArgumentError(
            f"embedding_bag: If per_sample_weights ({tuple(per_sample_weights.shape)}) is not None, then it must have "
            f"the same shape as the input ({tuple(input.shape)})"
        )
    if weight.ndim != 2:
        raise ArgumentError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    if input.ndim not in (1, 2):
        raise ArgumentError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    if (input.ndim == 1) == (offsets is None):
        raise ArgumentError("embedding_bag: offsets belong to an input of 1 dimension, and only to that")
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f"mode has to be one of sum, mean or max, got {mode!r}")
    if mode == "max" and scale_grad_by_freq:
        raise ArgumentError("max mode does not support scaling the gradient by the frequency")
    if per_sample_weights is not None and mode != "sum":
        raise ArgumentError(f"embedding_bag: per_sample_weights are for the mode sum only, got mode='{mode}'")
    if max_norm is not None and not bounded_in_place(weight, input, max_norm, norm_type):
        raise UnsupportedError(
            "embedding_bag: max_norm writes into the table, which is not inference-only as the numbers are; clone() it"
        )
    row = check_padding_idx(padding_idx, weight.shape[0])
    if mode == "max":
        out: Tensor = apply(EMBEDDING_BAG_MAX, input, weight, offsets, last=include_last_offset, padding_idx=row)
        return out
    out = apply(
        EMBEDDING_BAG,
        input,
        weight,
        offsets,
        per_sample_weights,
        mode=mode,
        last=include_last_offset,
        padding_idx=row,
        frequency=scale_grad_by_freq,
    )
    return out
