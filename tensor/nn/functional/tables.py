"""Lookups in tables of vectors."""

from __future__ import annotations

import numpy as np

from tensor.dispatch import apply, write
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError, UnsupportedError
from tensor.ops.choosing import where
from tensor.ops.places import rows as positions
from tensor.ops.places import summed
from tensor.ops.vector_norms import norm
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.scopes import no_grad
from tensor.tensors import Tensor

_WIDE = 32  # from this size on, whole rows are added up faster than elements
_ROUNDS = 8  # how many equal numbers are added up one after the other; the rest by a product


def check_lookup(name: str, input: Array, weight: Array) -> None:
    """Raise unless integers are looked up, in a table that has all these rows."""
    if input.dtype.kind not in "iu":
        raise DtypeError(f"{name}: expected integers to look up, got {input.dtype}")
    if weight.ndim != 2:
        raise ShapeError(f"{name}: 'weight' must be 2-D, got shape {list(weight.shape)}")
    if input.size and (input.min() < 0 or input.max() >= len(weight)):
        raise DimensionError(
            f"{name}: index out of range: got {input.min()} to {input.max()}, the table has {len(weight)} rows"
        )


def summed_rows(shape: tuple[int, ...], rows: Array, values: Array) -> Array:
    """Return a table of zeros with values added to rows, which may be named several times.

    Args:
        shape: that of the table, (rows, size).
        rows: numbers of rows, (n,).
        values: (n, size).
    """
    if shape[1] < _WIDE:
        return summed(shape, positions(shape, rows, 0), values)
    table = np.zeros(shape, values.dtype)
    if not len(rows):
        return table
    order = np.argsort(rows, kind="stable")
    named = rows[order]
    starts = np.flatnonzero(np.concatenate(([True], named[1:] != named[:-1])))
    counts = np.diff(starts, append=len(named))
    for turn in range(min(_ROUNDS, counts.max())):
        at = starts[counts > turn] + turn  # no row twice
        if turn == 0:
            table[named[at]] = values[order[at]]
        else:
            table[named[at]] += values[order[at]]
    often = counts > _ROUNDS
    for start, count in zip(starts[often], counts[often], strict=True):
        rest = values[order[start + _ROUNDS : start + count]]
        table[named[start]] += np.ones(len(rest), values.dtype) @ rest
    return table


def by_frequency(values: Array, rows: Array) -> Array:
    """Return gradients of rows, (n, size), divided by how often each was looked up."""
    return values / np.bincount(rows)[rows][:, None].astype(values.dtype) if len(rows) else values


def _embedding(input: Array, weight: Array, *, padding_idx: int | None, frequency: bool) -> Array:
    check_lookup("embedding", input, weight)
    return np.take(weight, input, 0)


def _embedding_vjp_weight(
    g: Array, input: Array, shape: tuple[int, ...], padding_idx: int | None, frequency: bool
) -> Array:
    rows = input.reshape(-1)
    values = g.reshape(len(rows), shape[1])
    gradient = summed_rows(shape, rows, by_frequency(values, rows) if frequency else values)
    if padding_idx is not None:
        gradient[padding_idx] = 0
    return gradient


EMBEDDING = op("embedding", _embedding, weight=_embedding_vjp_weight)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Look up rows of a table.

    Args:
        input: (...), integers, numbers of rows.
        weight: (rows, size).
        padding_idx: a row that gets no gradient.
        max_norm: rows that are looked up are first scaled down to this norm, in the table itself; where inference-only
            numbers look up a table that is none, in the result alone.
        norm_type: the order of that norm.
        scale_grad_by_freq: whether a row's gradient is divided by how often it was looked up.
        sparse: not supported.

    Returns:
        (..., size).

    Raises:
        DimensionError: a number is not that of a row.
        DtypeError: the numbers are not integers.
        ArgumentError: `padding_idx` is not in the table.
        UnsupportedError: `sparse`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    check_options("embedding", max_norm, norm_type, sparse)
    row = check_padding_idx(padding_idx, weight.shape[0])
    written = max_norm is None or bounded_in_place(weight, input, max_norm, norm_type)
    out: Tensor = apply(EMBEDDING, input, weight, padding_idx=row, frequency=scale_grad_by_freq)
    if written or max_norm is None:
        return out
    lengths = norm(out, norm_type, -1, keepdim=True)
    bounded: Tensor = out * where(lengths > max_norm, max_norm / (lengths + 1e-7), 1.0)
    return bounded


def rows_of(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """Look up rows of a table: `tensor.embedding`, which is `nn.functional.embedding` with its arguments turned.

    Args:
        weight: (rows, size).
        indices: (...), integers, numbers of rows.
        padding_idx: a row that gets no gradient; none if negative.
        scale_grad_by_freq: whether a row's gradient is divided by how often it was looked up.
        sparse: not supported.

    Returns:
        (..., size).
    """
    padding = None if padding_idx < 0 else padding_idx
    return embedding(indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)


def _renorm(weight: Array, input: Array, *, max_norm: float, norm_type: float) -> None:
    check_lookup("embedding_renorm", input, weight)
    chosen = np.unique(input)
    rows = weight[chosen]
    wide = rows.astype(np.float64)
    lengths = np.linalg.norm(wide, norm_type, axis=1, keepdims=True) if rows.size else np.zeros((len(rows), 1))
    weight[chosen] = np.where(lengths > max_norm, wide * (max_norm / (lengths + 1e-7)), wide).astype(weight.dtype)


EMBEDDING_RENORM = op("embedding_renorm", _renorm, inplace=_renorm)


def bounded_in_place(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> bool:
    """Scale rows of a table down to a norm, unless marked numbers would leave traces in a table that is not marked."""
    if input.is_inference() and not weight.is_inference():
        return False
    with no_grad():
        write(EMBEDDING_RENORM, weight, input, max_norm=float(max_norm), norm_type=float(norm_type))
    return True


def check_options(name: str, max_norm: float | None, norm_type: float, sparse: bool) -> None:
    """Raise UnsupportedError for sparse gradients, and DtypeError for tensors in the place of numbers."""
    check_numbers(name, {"max_norm": max_norm, "norm_type": norm_type})
    if sparse:
        raise UnsupportedError(f"{name}: there are no sparse gradients; leave sparse out")


def check_padding_idx(padding_idx: int | None, rows: int) -> int | None:
    """Return the number of a table's padding row, counted from the front.

    Raises:
        ArgumentError: the table has no such row.
    """
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise ArgumentError(f"padding_idx must be within num_embeddings, {rows}, got {padding_idx}")
    return padding_idx % rows
