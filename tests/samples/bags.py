"""Samples of `tensor.nn.functional.bags`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw


def _table(draw: Draw) -> np.ndarray:
    return draw.apart(max(draw.side(), 1), draw.choice([max(draw.side(), 1), 33]))


@samples("embedding_bag", tolerance=3)
def embedding_bag(draw: Draw) -> Sample:
    table, mode = _table(draw), draw.choice(["sum", "mean"])
    numbers = draw.integers(max(draw.side(), 1), draw.side() + 1, high=len(table))
    return Sample(lambda t, i, w: t.nn.functional.embedding_bag(i, w, mode=mode), [numbers, table])


@samples("embedding_bag", "embedding_bag with offsets", tolerance=3)
def embedding_bag_offsets(draw: Draw) -> Sample:
    table, mode, last = _table(draw), draw.choice(["sum", "mean"]), draw.flag()
    padding, offsets = draw.choice([None, 0]), [0, 2, 2, 5, 6] if last else draw.choice([[0, 2, 2, 5], [0, 6], [0]])

    def fn(t: Any, i: Any, w: Any, o: Any) -> Any:
        return t.nn.functional.embedding_bag(i, w, o, mode=mode, include_last_offset=last, padding_idx=padding)

    return Sample(fn, [draw.integers(6, high=len(table)), table, np.array(offsets)])


@samples("embedding_bag", "embedding_bag with weights", tolerance=half(40))  # PyTorch adds products up in two bytes
def embedding_bag_weights(draw: Draw) -> Sample:
    table, bags, length, padding = _table(draw), draw.side(), max(draw.side(), 1), draw.choice([None, 0])
    arrays = [draw.integers(bags, length, high=len(table)), table, draw.array(bags, length)]
    return Sample(
        lambda t, i, w, s: t.nn.functional.embedding_bag(i, w, mode="sum", per_sample_weights=s, padding_idx=padding),
        arrays,
    )


@samples("embedding_bag_max", "embedding_bag of the largest")
def embedding_bag_max(draw: Draw) -> Sample:
    table, padding = _table(draw), draw.choice([None, 0])
    numbers = draw.integers(max(draw.side(), 1), draw.side() + 1, high=len(table))
    return Sample(
        lambda t, i, w: t.nn.functional.embedding_bag(i, w, mode="max", padding_idx=padding), [numbers, table]
    )
