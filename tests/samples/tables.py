"""Samples of `tensor.nn.functional.tables`."""

from __future__ import annotations

from typing import Any

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("embedding")
def embedding(draw: Draw) -> Sample:
    rows, size = max(draw.side(), 1), draw.choice([draw.side(), 40])  # wide rows are added up in another way
    arrays = [draw.integers(*draw.shape(0, 3), high=rows), draw.array(rows, size)]
    return Sample(lambda t, i, w: t.nn.functional.embedding(i, w), arrays)


@samples("embedding", "embedding with options", gradcheck=False)  # whose gradients are not the true ones
def embedding_options(draw: Draw) -> Sample:
    rows, padding, frequency = max(draw.side(), 1), draw.choice([None, 0, -1]), draw.flag()
    return Sample(
        lambda t, i, w: t.nn.functional.embedding(i, w, padding, scale_grad_by_freq=frequency),
        [draw.integers(*draw.shape(0, 3), high=rows), draw.array(rows, draw.choice([draw.side(), 40]))],
    )


@samples("embedding", "embedding of many equal numbers")
def embedding_repeated(draw: Draw) -> Sample:
    return Sample(lambda t, i, w: t.nn.functional.embedding(i, w), [draw.integers(30, high=2), draw.array(2, 33)])


@samples("embedding_renorm", "embedding with a largest norm", gradcheck=False, tolerance=3)
def embedding_bounded(draw: Draw) -> Sample:
    rows, size, order = max(draw.side(), 1), max(draw.side(), 1), draw.choice([1.0, 2.0, 3.0, float("inf")])

    def fn(t: Any, i: Any, w: Any) -> Any:
        table = w.detach().clone()
        return t.nn.functional.embedding(i, table, None, 1.23, order), table

    return Sample(fn, [draw.integers(*draw.shape(1, 2), high=rows), draw.array(rows, size)], gradients=False)
