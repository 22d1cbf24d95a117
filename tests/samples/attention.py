"""Samples of `tensor.nn.functional.attention`."""

from __future__ import annotations

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
    shape = draw.choice([(queries, keys), (heads, queries, keys), (2, 1, queries, keys)])
    mask = draw.mask(*shape) if draw.flag() else draw.array(*shape)
    if mask.dtype == bool:
        mask[..., 0] = True  # what a query gets that sees nothing depends on the kernel that torch chooses
    arrays = [draw.array(2, heads, queries, size), draw.array(2, heads, keys, size), draw.array(2, heads, keys, size)]
    return Sample(lambda t, q, k, v, m: t.nn.functional.scaled_dot_product_attention(q, k, v, m), [*arrays, mask])


@samples("scaled_dot_product_attention", "attention with shared heads", tolerance=5)
def attention_grouped(draw: Draw) -> Sample:
    queries, keys, size = draw.side(), draw.side(), draw.side()
    arrays = [draw.array(1, 4, queries, size), draw.array(1, 2, keys, size), draw.array(1, 2, keys, size)]
    return Sample(lambda t, q, k, v: t.nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=True), arrays)
