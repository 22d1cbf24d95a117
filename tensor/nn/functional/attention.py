"""Attention: values mixed by how well their keys fit a query.

Neither direction ever has all the weights at once: they are computed block by block, some heads or some queries at a
time, and again for the gradient. Of the softmax the largest score and the sum are kept, a number each for a query
(Dao et al., 2022, https://arxiv.org/abs/2205.14135).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.generators import random_of
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor

_BLOCK = 1 << 18  # weights that exist at once: 1 MiB of float32, which stays in a core's cache
_FEW_QUERIES = 128  # of a block where later keys are hidden, so that most of those are left out
_FEWEST_QUERIES = 16  # of a block, however many keys there are: products of single rows are slow


class _Block(NamedTuple):
    """What is computed at once.

    Args:
        at: the index of the leading dimensions.
        queries: which queries.
        keys: which keys; with `is_causal` none that all of the queries do not see.
        number: counts the blocks.
    """

    at: tuple[Any, ...]
    queries: slice
    keys: slice
    number: int

    def of_queries(self, array: Array) -> Array:
        """A view of what belongs to the queries: (..., queries, any)."""
        part: Array = array[self.at][..., self.queries, :]
        return part

    def of_keys(self, array: Array) -> Array:
        """A view of what belongs to the keys: (..., keys, any)."""
        part: Array = array[self.at][..., self.keys, :]
        return part


def _blocks(leading: tuple[int, ...], queries: int, keys: int, *, is_causal: bool) -> Iterator[_Block]:
    every, seen = slice(0, queries), slice(0, keys)
    if math.prod(leading) * queries * keys <= _BLOCK:
        yield _Block((...,), every, seen, 0)
    elif leading and leading[-1] * queries * keys <= _BLOCK:
        for number, at in enumerate(np.ndindex(leading[:-1])):
            yield _Block((*at, ...), every, seen, number)
    else:
        step = max(_FEWEST_QUERIES, _BLOCK // max(keys, 1))
        if is_causal:
            step = min(step, _FEW_QUERIES)
        starts = range(0, queries, step)
        for number, at in enumerate(np.ndindex((*leading, len(starts)))):
            start = starts[at[-1]]
            stop = min(start + step, queries)
            part = slice(0, min(stop, keys)) if is_causal else seen
            yield _Block((*at[:-1], ...), slice(start, stop), part, number)


def _scores(block: _Block, query: Array, key: Array, mask: Array | None, *, is_causal: bool, scale: float) -> Array:
    """The products of queries and keys, minus infinity where a key is hidden."""
    scores: Array = (block.of_queries(query) * query.dtype.type(scale)) @ block.of_keys(key).swapaxes(-1, -2)
    if mask is not None:
        part = block.of_queries(mask)[..., block.keys]
        if mask.dtype.kind == "b":
            np.copyto(scores, -np.inf, where=~part)
        else:
            scores += part
    if is_causal:
        places = np.arange(block.queries.start, block.queries.stop)[:, None]
        np.copyto(scores, -np.inf, where=np.arange(block.keys.stop) > places)
    return scores


def _dropped(block: _Block, shape: tuple[int, ...], dtype: np.dtype[Any], p: float, seed: int) -> Array:
    """What each weight is multiplied by; the same for the same seed and block."""
    random = np.random.Generator(np.random.SFC64([seed, block.number]))
    kept = (random.random(shape, np.float32) >= p).astype(dtype)
    return kept if p == 1 else np.multiply(kept, dtype.type(1 / (1 - p)), out=kept)


def _broadcast(query: Array, key: Array, value: Array, mask: Array | None) -> tuple[Any, ...]:
    leading = np.broadcast_shapes(
        query.shape[:-2], key.shape[:-2], value.shape[:-2], () if mask is None else mask.shape[:-2]
    )
    wide = [np.broadcast_to(each, leading + each.shape[-2:]) for each in (query, key, value)]
    if mask is not None:
        mask = np.broadcast_to(mask, (*leading, query.shape[-2], key.shape[-2]))
    return leading, *wide, mask


def _attention(
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    *,
    is_causal: bool,
    scale: float,
    dropout_p: float,
    seed: int,
) -> tuple[Array, Array, Array]:
    """Also return the largest score of each query, and the sum of what the others are beside it."""
    leading, query, key, value, mask = _broadcast(query, key, value, mask)
    out = np.empty((*leading, query.shape[-2], value.shape[-1]), query.dtype)
    largest, totals = (np.zeros((*leading, query.shape[-2], 1), query.dtype) for _ in range(2))
    for block in _blocks(leading, query.shape[-2], key.shape[-2], is_causal=is_causal):
        weights = _scores(block, query, key, mask, is_causal=is_causal, scale=scale)
        if weights.shape[-1]:
            most = weights.max(-1, keepdims=True)
            most = np.where(np.isfinite(most), most, 0)
            weights -= most
            block.of_queries(largest)[...] = most
        np.exp(weights, out=weights)
        total = weights.sum(-1, keepdims=True)
        total = np.where(total == 0, 1, total)  # all keys are hidden: zeros
        block.of_queries(totals)[...] = total
        if dropout_p:
            weights *= _dropped(block, weights.shape, weights.dtype, dropout_p, seed)
        np.divide(weights @ block.of_keys(value), total, out=block.of_queries(out))
    return out, largest, totals


def _attention_vjp(
    g: Array,
    needs: tuple[bool, ...],
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    largest: Array,
    totals: Array,
    is_causal: bool,
    scale: float,
    dropout_p: float,
    seed: int,
) -> tuple[Array | None, ...]:
    leading, query, key, value, wide = _broadcast(query, key, value, mask)
    of_query, of_key, of_value = (
        np.zeros(each.shape, g.dtype) if need else None for each, need in zip((query, key, value), needs, strict=False)
    )
    of_mask = np.zeros(wide.shape, g.dtype) if needs[3] and wide is not None else None
    for block in _blocks(leading, query.shape[-2], key.shape[-2], is_causal=is_causal):
        weights = _scores(block, query, key, wide, is_causal=is_causal, scale=scale)
        weights -= block.of_queries(largest)
        np.exp(weights, out=weights)
        total = block.of_queries(totals)
        slope = block.of_queries(g) / total  # so that the weights need not be divided
        dropped = _dropped(block, weights.shape, weights.dtype, dropout_p, seed) if dropout_p else None
        if of_value is not None:
            kept = weights if dropped is None else weights * dropped
            block.of_keys(of_value)[...] += kept.swapaxes(-1, -2) @ slope
        if of_query is None and of_key is None and of_mask is None:
            continue
        slopes = slope @ block.of_keys(value).swapaxes(-1, -2)
        if dropped is not None:
            slopes *= dropped
        slopes -= np.vecdot(slopes, weights)[..., None] / total
        slopes *= weights
        if of_mask is not None:
            block.of_queries(of_mask)[..., block.keys] = slopes
        if of_query is None and of_key is None:
            continue
        slopes *= g.dtype.type(scale)
        if of_query is not None:
            np.matmul(slopes, block.of_keys(key), out=block.of_queries(of_query))
        if of_key is not None:
            block.of_keys(of_key)[...] += slopes.swapaxes(-1, -2) @ block.of_queries(query)
    return of_query, of_key, of_value, of_mask


ATTENTION = op("scaled_dot_product_attention", _attention, vjp=_attention_vjp, extras=("largest", "totals"))


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
        ArgumentError: there are both a mask and `is_causal`, or `dropout_p` is no probability.
        ShapeError: the sizes do not fit.
        DtypeError: the dtypes differ.

    Source: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
    """
    check_numbers("scaled_dot_product_attention", {"dropout_p": dropout_p, "scale": scale})
    if not 0 <= dropout_p <= 1:
        raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {dropout_p}")
    _check(query, key, value, attn_mask, is_causal)
    if enable_gqa:
        key, value = _heads_of(query, key), _heads_of(query, value)
    if attn_mask is not None and attn_mask.is_floating_point() and attn_mask.dtype != query.dtype:
        attn_mask = attn_mask.to(query.dtype)
    out: Tensor = apply(
        ATTENTION,
        query,
        key,
        value,
        attn_mask,
        is_causal=bool(is_causal),
        scale=1 / math.sqrt(query.shape[-1] or 1) if scale is None else scale,
        dropout_p=dropout_p,
        seed=int(random_of(None).integers(2**63)) if dropout_p else 0,
    )
    return out


def _check(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool) -> None:
    if mask is not None and is_causal:
        raise ArgumentError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise ShapeError(
            "Expected query, key, and value to all be at least 2 dimensional, but got query.dim: "
            f"{query.ndim} key.dim: {key.ndim} and value.dim: {value.ndim} instead."
        )
    if not query.dtype == key.dtype == value.dtype or not query.is_floating_point():
        raise DtypeError(
            f"Expected query, key, and value to have the same floating point dtype, but got query.dtype: {query.dtype} "
            f"key.dtype: {key.dtype} and value.dtype: {value.dtype} instead."
        )
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            f"scaled_dot_product_attention: query {list(query.shape)}, key {list(key.shape)} and value "
            f"{list(value.shape)} do not fit: query and key need one size, key and value one length"
        )
    if mask is None:
        return
    if mask.dtype not in (dtypes.bool, dtypes.float32, query.dtype):
        raise DtypeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{mask.dtype} and query.dtype: {query.dtype} instead."
        )


def _heads_of(query: Tensor, shared: Tensor) -> Tensor:
    """Repeat the heads of keys or values, so that there are as many as of queries."""
    if query.ndim < 3 or shared.ndim < 3 or not shared.shape[-3] or query.shape[-3] % shared.shape[-3]:
        raise ShapeError(
            "Number of heads in key and value must divide the number of heads in query, got shapes "
            f"{list(shared.shape)} and {list(query.shape)}"
        )
    times = query.shape[-3] // shared.shape[-3]
    return shared if times == 1 else shared.repeat_interleave(times, -3)
