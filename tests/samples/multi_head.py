"""Samples of `tensor.nn.functional.multi_head`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw

# Several rounded products follow each other, which the two libraries take apart differently.
LONG = {"float32": 5, "float64": 5, **half(12)}


def _small(draw: Draw, *shape: int) -> np.ndarray:
    """Such that no product is large: its rounding would be, too, behind an exponential."""
    return draw.array(*shape, low=-1.0, high=1.0)


def _mask(draw: Draw, *shape: int) -> np.ndarray:
    """One that hides something, but never all."""
    mask = draw.mask(*shape)
    mask[..., 0] = False
    return mask


@samples("linear", "multi_head_attention_forward", tolerance=LONG)
def multi_head_attention(draw: Draw) -> Sample:
    heads, size, queries, batch = draw.choice([1, 2]), 2, max(draw.side(), 1), max(draw.side(), 1)
    embed, keys, need, average = heads * size, max(draw.side(), 1), draw.flag(), draw.flag()
    padded, hidden = draw.flag(), draw.choice([None, 2, 3])
    arrays = [
        _small(draw, queries, batch, embed), _small(draw, keys, batch, embed), _small(draw, 3 * embed, embed),
        _small(draw, 3 * embed), _small(draw, embed, embed), _small(draw, embed), _mask(draw, batch, keys),
        _mask(draw, *((batch * heads,) if hidden == 3 else ()), queries, keys),
    ]  # fmt: skip

    def fn(t: Any, q: Any, k: Any, w: Any, b: Any, o: Any, c: Any, padding: Any, mask: Any) -> Any:
        found = t.nn.functional.multi_head_attention_forward(
            q, k, k, embed, heads, w, b, None, None, False, 0.0, o, c, need_weights=need, average_attn_weights=average,
            key_padding_mask=padding if padded else None, attn_mask=None if hidden is None else mask,
        )  # fmt: skip
        return [each for each in found if each is not None]

    return Sample(fn, arrays)


@samples("linear", "multi_head_attention_forward of itself", tolerance=LONG)
def multi_head_attention_self(draw: Draw) -> Sample:
    length, batch, causal, need = max(draw.side(), 1), draw.choice([(), (2,)]), draw.flag(), draw.flag()
    arrays = [
        _small(draw, length, *batch, 4), _small(draw, 12, 4), _small(draw, 12), _small(draw, 4, 4),
        np.triu(np.ones((length, length), np.bool), 1),
    ]  # fmt: skip

    def fn(t: Any, x: Any, w: Any, b: Any, o: Any, mask: Any) -> Any:
        found = t.nn.functional.multi_head_attention_forward(
            x, x, x, 4, 2, w, b, None, None, False, 0.0, o, None, True, None, need,
            mask if causal else None, is_causal=causal,
        )  # fmt: skip
        return [each for each in found if each is not None]

    return Sample(fn, arrays)


@samples("linear", "multi_head_attention_forward with separate weights", tolerance=LONG)
def multi_head_attention_separate(draw: Draw) -> Sample:
    queries, keys, zero = max(draw.side(), 1), max(draw.side(), 1), draw.flag()
    sizes = [(queries, 2, 4), (keys, 2, 3), (keys, 2, 5), (4, 4), (4, 3), (4, 5), (4, 4), (1, 1, 4), (1, 1, 4)]
    arrays = [*(_small(draw, *each) for each in sizes), _mask(draw, queries, keys)]

    def fn(t: Any, q: Any, k: Any, v: Any, wq: Any, wk: Any, wv: Any, o: Any, bk: Any, bv: Any, mask: Any) -> Any:
        return t.nn.functional.multi_head_attention_forward(
            q, k, v, 4, 2, None, None, bk, bv, zero, 0.0, o, None, attn_mask=mask, use_separate_proj_weight=True,
            q_proj_weight=wq, k_proj_weight=wk, v_proj_weight=wv,
        )  # fmt: skip

    return Sample(fn, arrays)
