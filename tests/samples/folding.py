"""Samples of `tensor.nn.functional.folding`."""

from __future__ import annotations

from typing import Any

from tests.samples.convolutions import listed, per_dim
from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _windows(draw: Draw) -> tuple[dict[str, Any], list[int], int]:
    """Arguments, the sizes of an image, and how many windows there are."""
    options = {"kernel_size": per_dim(draw, 2, 1, 3), "dilation": per_dim(draw, 2, 1, 2)}
    options |= {"padding": per_dim(draw, 2, 0, 2), "stride": per_dim(draw, 2, 1, 3)}
    sizes, count = [], 1
    for k, d, p, s in zip(*(listed(each, 2) for each in options.values()), strict=True):
        size = max(1, d * (k - 1) + 1 - 2 * p) + draw.integer(0, 3)
        sizes.append(size)
        count *= (size + 2 * p - d * (k - 1) - 1) // s + 1
    return options, sizes, count


def _batch(draw: Draw) -> tuple[int, ...]:
    return () if draw.integer(0, 3) == 0 else (draw.side(),)


@samples("im2col", "unfold of windows")
def unfold(draw: Draw) -> Sample:
    options, sizes, _ = _windows(draw)
    array = draw.array(*_batch(draw), draw.integer(1, 3), *sizes)
    return Sample(lambda t, x: t.nn.functional.unfold(x, **options), [array])


@samples("col2im", "fold")
def fold(draw: Draw) -> Sample:
    options, sizes, count = _windows(draw)
    rows = listed(options["kernel_size"], 2)
    array = draw.array(*_batch(draw), draw.integer(1, 2) * rows[0] * rows[1], count)
    return Sample(lambda t, x: t.nn.functional.fold(x, sizes, **options), [array])
