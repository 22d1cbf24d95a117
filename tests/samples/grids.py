"""Samples of `tensor.nn.functional.grids`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _between(draw: Draw, *shape: int, sizes: list[int], align_corners: bool) -> np.ndarray:
    """A grid, from a little beyond one side to a little beyond the other, whose places lie between those of pixels."""
    # From an eighth to three eighths of a pixel: a half, and a whole one, are kinks.
    positions = draw.integers(*shape, low=-2, high=5) + 0.125 + 0.25 * np.abs(draw.array(*shape, low=0.1, high=0.9))
    scale = np.array([side - 1 if align_corners else side for side in reversed(sizes)])
    return ((positions + (0 if align_corners else 0.5)) * 2 / scale - 1).astype(positions.dtype)


def _grid_sample(draw: Draw, dims: int, mode: str) -> Sample:
    batch, sizes = draw.side(), [draw.integer(2, 4) for _ in range(dims)]
    options = {"align_corners": draw.flag(), "padding_mode": draw.choice(["zeros", "border", "reflection"])}
    places = [draw.integer(1, 3) for _ in range(dims)]
    grid = _between(draw, batch, *places, dims, sizes=sizes, align_corners=options["align_corners"])
    image = draw.array(batch, draw.integer(1, 2), *sizes)
    return Sample(lambda t, x, g: t.nn.functional.grid_sample(x, g, mode, **options), [image, grid.astype(image.dtype)])


@samples("grid_sampler", "grid_sample", tolerance=20)
def grid_sample_2d(draw: Draw) -> Sample:
    return _grid_sample(draw, 2, draw.choice(["bilinear", "nearest", "bicubic"]))


@samples("grid_sampler", "grid_sample of volumes", tolerance=20)
def grid_sample_3d(draw: Draw) -> Sample:
    return _grid_sample(draw, 3, draw.choice(["bilinear", "nearest"]))
