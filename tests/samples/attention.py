"""Samples of `tensor.nn.functional.attention`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("scaled_dot_product_attention", tolerance=5)
def attention(draw: Draw) -> Sample:
    leading, queries, keys, size = draw.shape(0, 2), draw.side(), draw.side(), draw.side()
    causal, scale = draw.flag(), draw.choice([None, 0.5])
    arrays = [
        draw.array(*leading, queries, size), draw.array(*leading, keys, size), draw.array(*leading, keys, draw.side())
    ]  # fmt: skip
    return Sample(
        lambda t, q, k, v: t.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal, scale=scale), arrays
    )


@samples("scaled_dot_product_attention", "attention with a mask", tolerance=5)
def attention_masked(draw: Draw) -> Sample:
    heads, queries, keys, size = (max(draw.side(), 1) for _ in range(4))
    shape = draw.choice([(queries, keys), (heads, queries, keys), (2, 1, queries, keys), (2, 1, 1, keys), (1, keys)])
    mask = draw.mask(*shape) if draw.flag() else draw.array(*shape)
    arrays = [draw.array(2, heads, queries, size), draw.array(2, heads, keys, size), draw.array(2, heads, keys, size)]
    return Sample(lambda t, q, k, v, m: t.nn.functional.scaled_dot_product_attention(q, k, v, m), [*arrays, mask])


@samples("scaled_dot_product_attention", "attention where all keys are hidden", gradcheck=False, tolerance=5)
def attention_hidden(draw: Draw) -> Sample:
    queries, keys, size = (max(draw.side(), 1) for _ in range(3))
    mask = (
        np.where(draw.mask(queries, keys), 0, -np.inf).astype(draw.dtype) if draw.flag() else draw.mask(queries, keys)
    )
    mask[0] = False if mask.dtype == bool else -np.inf
    arrays = [draw.array(1, 1, queries, size), draw.array(1, 1, keys, size), draw.array(1, 1, keys, size)]
    return Sample(
        lambda t, q, k, v, m: t.nn.functional.scaled_dot_product_attention(q, k, v, m), [*arrays, mask], constants=[3]
    )


@samples("scaled_dot_product_attention", "attention with shared heads", tolerance=5)
def attention_grouped(draw: Draw) -> Sample:
    queries, keys, size = draw.side(), draw.side(), draw.side()
    arrays = [draw.array(1, 4, queries, size), draw.array(1, 2, keys, size), draw.array(1, 2, keys, size)]
    return Sample(lambda t, q, k, v: t.nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=True), arrays)


@samples("scaled_dot_product_attention", "attention of one key and value for all", tolerance=5)
def attention_broadcast(draw: Draw) -> Sample:
    queries, keys, size = (max(draw.side(), 1) for _ in range(3))
    arrays = [draw.array(2, 3, queries, size), draw.array(2, 1, keys, size), draw.array(1, keys, size)]
    return Sample(lambda t, q, k, v: t.nn.functional.scaled_dot_product_attention(q, k, v), arrays)
