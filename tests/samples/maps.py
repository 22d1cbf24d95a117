"""Samples of `tensor.nn.functional.maps`."""

from __future__ import annotations

from typing import Any

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("linear")
def linear(draw: Draw) -> Sample:
    leading, size, out = draw.shape(0, 3), draw.side(), draw.side()
    arrays = [draw.array(*leading, size), draw.array(out, size), draw.array(out)]
    if draw.flag():
        return Sample(lambda t, x, w: t.nn.functional.linear(x, w), arrays[:2])
    return Sample(lambda t, x, w, b: t.nn.functional.linear(x, w, b), arrays)


@samples("embedding")
def embedding(draw: Draw) -> Sample:
    rows = max(draw.side(), 1)
    arrays = [draw.integers(*draw.shape(0, 3), high=rows), draw.array(rows, draw.side())]
    return Sample(lambda t, i, w: t.nn.functional.embedding(i, w), arrays)


@samples("embedding", "embedding with options", gradcheck=False)  # whose gradients are not the true ones
def embedding_options(draw: Draw) -> Sample:
    rows, padding, frequency = max(draw.side(), 1), draw.choice([None, 0, -1]), draw.flag()
    return Sample(
        lambda t, i, w: t.nn.functional.embedding(i, w, padding, scale_grad_by_freq=frequency),
        [draw.integers(*draw.shape(0, 3), high=rows), draw.array(rows, draw.side())],
    )


@samples("embedding", "embedding_bag", gradcheck=False)
def embedding_bag(draw: Draw) -> Sample:
    rows, mode = max(draw.side(), 1), draw.choice(["sum", "mean", "max"])
    arrays = [draw.integers(max(draw.side(), 1), draw.side() + 1, high=rows), draw.array(rows, max(draw.side(), 1))]
    return Sample(lambda t, i, w: t.nn.functional.embedding_bag(i, w, mode=mode), arrays, gradients=mode != "max")


@samples("embedding", "embedding_bag with offsets", gradcheck=False)
def embedding_bag_offsets(draw: Draw) -> Sample:
    rows, mode, last = max(draw.side(), 1), draw.choice(["sum", "mean"]), draw.flag()
    padding = draw.choice([None, 0])

    def fn(t: Any, i: Any, w: Any) -> Any:
        offsets = t.tensor([0, 2, 2, 5, 6] if last else [0, 2, 2, 5])
        return t.nn.functional.embedding_bag(i, w, offsets, mode=mode, include_last_offset=last, padding_idx=padding)

    return Sample(fn, [draw.integers(6, high=rows), draw.array(rows, max(draw.side(), 1))])


@samples("embedding", "embedding_bag with weights")
def embedding_bag_weights(draw: Draw) -> Sample:
    rows, bags, length = (max(draw.side(), 1) for _ in range(3))
    arrays = [draw.integers(bags, length, high=rows), draw.array(rows, max(draw.side(), 1)), draw.array(bags, length)]
    return Sample(lambda t, i, w, s: t.nn.functional.embedding_bag(i, w, mode="sum", per_sample_weights=s), arrays)


@samples("einsum", "bilinear", tolerance=3)
def bilinear(draw: Draw) -> Sample:
    leading = tuple(max(side, 1) for side in draw.shape(0, 2))
    a, b, out = (max(draw.side(), 1) for _ in range(3))
    arrays = [draw.array(*leading, a), draw.array(*leading, b), draw.array(out, a, b), draw.array(out)]
    return Sample(lambda t, x, y, w, c: t.nn.functional.bilinear(x, y, w, c), arrays)
