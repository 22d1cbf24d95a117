"""Linear maps and lookups."""

from __future__ import annotations

import math

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import DimensionError, DtypeError, ShapeError
from tensor.registry import op
from tensor.tensors import Tensor


def _linear(input: Array, weight: Array, bias: Array | None) -> Array:
    if not input.dtype == weight.dtype == (weight if bias is None else bias).dtype:
        raise DtypeError(
            f"linear: expected input, weight and bias of one dtype, got {input.dtype}, {weight.dtype}"
            f"{'' if bias is None else f' and {bias.dtype}'}: convert the input or the module with .to(dtype)"
        )
    if input.ndim == 0 or weight.ndim != 2 or input.shape[-1] != weight.shape[1]:
        raise ShapeError(
            f"linear: an input of shape {list(input.shape)} does not fit a weight of shape {list(weight.shape)}: "
            "the last size of both must be equal"
        )
    # One large product: NumPy would make a small one for each of the leading dimensions.
    out = input.reshape(math.prod(input.shape[:-1]), input.shape[-1]) @ weight.T
    if bias is not None:
        out += bias
    return out.reshape(*input.shape[:-1], weight.shape[0])


def _linear_vjp_weight(g: Array, input: Array) -> Array:
    rows = math.prod(g.shape[:-1])
    return g.reshape(rows, g.shape[-1]).T @ input.reshape(rows, input.shape[-1])


LINEAR = op("linear", _linear, input=lambda g, weight: g @ weight, weight=_linear_vjp_weight, bias=lambda g: g)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `input @ weight.T + bias`.

    Args:
        input: (..., in_features).
        weight: (out_features, in_features).
        bias: (out_features,).

    Returns:
        (..., out_features).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    out: Tensor = apply(LINEAR, input, weight, bias)
    return out


def _embedding(input: Array, weight: Array, *, padding_idx: int | None) -> Array:
    if input.dtype.kind not in "iu":
        raise DtypeError(f"embedding: expected integers to look up, got {input.dtype}")
    if input.size and (input.min() < 0 or input.max() >= len(weight)):
        raise DimensionError(
            f"embedding: index out of range: got {input.min()} to {input.max()}, the table has {len(weight)} rows"
        )
    return np.take(weight, input, 0)


def _embedding_vjp_weight(g: Array, input: Array, shape: tuple[int, ...], padding_idx: int | None) -> Array:
    gradient = np.zeros(shape, g.dtype)
    if input.size:
        # Rows that were looked up several times add up: sort them together and sum each run, faster than np.add.at.
        order = np.argsort(input, axis=None, kind="stable")
        rows = input.reshape(-1)[order]
        starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
        gradient[rows[starts]] = np.add.reduceat(g.reshape(len(rows), -1)[order], starts)
    if padding_idx is not None:
        gradient[padding_idx] = 0
    return gradient


EMBEDDING = op("embedding", _embedding, weight=_embedding_vjp_weight)


def embedding(input: Tensor, weight: Tensor, padding_idx: int | None = None) -> Tensor:
    """Look up rows of a table.

    Args:
        input: (...), integers, numbers of rows.
        weight: (rows, size).
        padding_idx: a row that gets no gradient.

    Returns:
        (..., size).

    Raises:
        DimensionError: a number is not that of a row.
        DtypeError: the numbers are not integers.
        ValueError: `padding_idx` is not in the table.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    out: Tensor = apply(EMBEDDING, input, weight, padding_idx=check_padding_idx(padding_idx, weight.shape[0]))
    return out


def check_padding_idx(padding_idx: int | None, rows: int) -> int | None:
    """Return the number of a table's padding row, counted from the front.

    Raises:
        ValueError: the table has no such row.
    """
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise ValueError(f"padding_idx must be within num_embeddings, {rows}, got {padding_idx}")
    return padding_idx % rows
