"""Attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.nn.functional.dropout import dropout
from tensor.ops.logits import softmax
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor

_BLOCK_ELEMENTS = 1 << 20  # weights that exist at once: 4 MiB of float32


def _weights(query: Array, key: Array, mask: Array | None, *, is_causal: bool, scale: float) -> Array:
    """How much each query takes of each value; nothing where the mask hides all of them."""
    scores = (query * query.dtype.type(scale)) @ key.swapaxes(-1, -2)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype.kind == "b" else scores + mask
    if is_causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=np.bool), scores, -np.inf)
    if scores.shape[-1]:
        largest = scores.max(-1, keepdims=True)
        scores -= np.where(np.isfinite(largest), largest, 0)
    np.exp(scores, out=scores)
    total = scores.sum(-1, keepdims=True)
    weights: Array = scores / np.where(total == 0, 1, total)
    return weights


def _blocks(query: Array, key: Array, leading: tuple[int, ...]) -> list[Any]:
    """The leading indices to compute at once, so that their weights stay in the cache."""
    per_index = query.shape[-2] * key.shape[-2]
    if not leading or math.prod(leading) * per_index <= _BLOCK_ELEMENTS:
        return [...]
    return [
        (*at, ...)
        for at in np.ndindex(leading[:-1] if math.prod(leading[-1:]) * per_index <= _BLOCK_ELEMENTS else leading)
    ]


def _broadcast(query: Array, key: Array, value: Array, mask: Array | None) -> tuple[Any, ...]:
    leading = np.broadcast_shapes(
        query.shape[:-2], key.shape[:-2], value.shape[:-2], () if mask is None else mask.shape[:-2]
    )
    wide = [np.broadcast_to(each, leading + each.shape[-2:]) for each in (query, key, value)]
    if mask is not None:
        mask = np.broadcast_to(mask, (*leading, query.shape[-2], key.shape[-2]))
    return leading, *wide, mask


def _attention(query: Array, key: Array, value: Array, mask: Array | None, *, is_causal: bool, scale: float) -> Array:
    if not query.dtype == key.dtype == value.dtype:
        raise DtypeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {query.dtype} key.dtype: "
            f"{key.dtype} and value.dtype: {value.dtype} instead."
        )
    leading, query, key, value, mask = _broadcast(query, key, value, mask)
    out = np.empty((*leading, query.shape[-2], value.shape[-1]), query.dtype)
    for at in _blocks(query, key, leading):
        part = None if mask is None else mask[at]
        np.matmul(_weights(query[at], key[at], part, is_causal=is_causal, scale=scale), value[at], out=out[at])
    return out


def _attention_vjp(
    g: Array,
    needs: tuple[bool, ...],
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    is_causal: bool,
    scale: float,
) -> tuple[Array | None, ...]:
    """The weights are computed again, block by block: to keep them would cost more memory than all else."""
    leading, query, key, value, wide = _broadcast(query, key, value, mask)
    grads = [np.empty(each.shape, g.dtype) for each in (query, key, value)]
    of_mask = np.empty(wide.shape, g.dtype) if needs[3] and wide is not None else None
    for at in _blocks(query, key, leading):
        part = None if wide is None else wide[at]
        weights = _weights(query[at], key[at], part, is_causal=is_causal, scale=scale)
        np.matmul(weights.swapaxes(-1, -2), g[at], out=grads[2][at])
        slopes = g[at] @ value[at].swapaxes(-1, -2)
        slopes -= (slopes * weights).sum(-1, keepdims=True)
        slopes *= weights
        if of_mask is not None:
            of_mask[at] = slopes
        slopes *= g.dtype.type(scale)
        np.matmul(slopes, key[at], out=grads[0][at])
        np.matmul(slopes.swapaxes(-1, -2), query[at], out=grads[1][at])
    return *grads, of_mask


ATTENTION = op("scaled_dot_product_attention", _attention, vjp=_attention_vjp)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return values, mixed for each query by the softmax of its products with the keys.

    Args:
        query: (..., queries, size).
        key: (..., keys, size).
        value: (..., keys, value_size).
        attn_mask: (..., queries, keys), broadcast: false hides a key, or floats that are added to the products. A query
            from which all keys are hidden gets zeros.
        dropout_p: the probability that a weight is set to 0; also outside training, as in PyTorch.
        is_causal: whether a query sees only the keys up to its own place.
        scale: what the products are multiplied by; by default one over the root of `size`.
        enable_gqa: whether fewer heads of keys and values serve all those of the queries.

    Returns:
        (..., queries, value_size).

    Raises:
        ArgumentError: there are both a mask and `is_causal`.
        ShapeError: the sizes do not fit.
        DtypeError: the dtypes differ.

    Source: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """
    check_numbers("scaled_dot_product_attention", {"dropout_p": dropout_p, "scale": scale})
    if attn_mask is not None and is_causal:
        raise ArgumentError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ShapeError(
            "scaled_dot_product_attention: expected query, key and value of at least 2 dimensions, got "
            f"{query.ndim}, {key.ndim} and {value.ndim}"
        )
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"scaled_dot_product_attention: query {list(query.shape)}, key {list(key.shape)} and value "
            f"{list(value.shape)} do not fit: query and key need one size, key and value one length"
        )
    if enable_gqa and query.ndim > 2:
        key, value = (each.repeat_interleave(query.shape[-3] // each.shape[-3], -3) for each in (key, value))
    factor = 1 / math.sqrt(query.shape[-1] or 1) if scale is None else scale
    if dropout_p:
        return _with_dropout(query, key, value, attn_mask, dropout_p, is_causal, factor)
    out: Tensor = apply(ATTENTION, query, key, value, attn_mask, is_causal=is_causal, scale=factor)
    return out


def _with_dropout(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    dropout_p: float,
    is_causal: bool,
    scale: float,
) -> Tensor:
    scores = (query * scale) @ key.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf) if mask._data.dtype.kind == "b" else scores + mask
    if is_causal:
        seen = scores.new_ones(scores.shape[-2:]).tril()
        scores = scores.masked_fill(seen == 0, -math.inf)
    return dropout(softmax(scores, -1), dropout_p) @ value
