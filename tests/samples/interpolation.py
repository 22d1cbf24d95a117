"""Samples of `tensor.nn.functional.interpolation`."""

from __future__ import annotations

from typing import Any

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _interpolate(draw: Draw, modes: dict[str, tuple[int, ...]], **options: Any) -> Sample:
    mode = draw.choice(list(modes))
    dims = draw.choice(modes[mode])
    shape = (draw.side(), draw.integer(1, 2), *(draw.integer(2, 5) for _ in range(dims)))
    if draw.flag():
        options["size"] = draw.choice([draw.integer(1, 9), [draw.integer(1, 9) for _ in range(dims)]])
    else:
        options["scale_factor"] = draw.choice([2, 0.75, 1.5, tuple(draw.choice([0.5, 2.0, 1.3]) for _ in range(dims))])
        options["recompute_scale_factor"] = draw.choice([None, True])
    return Sample(lambda t, x: t.nn.functional.interpolate(x, mode=mode, **options), [draw.array(*shape)])


@samples("upsample_nearest")
def interpolate_nearest(draw: Draw) -> Sample:
    return _interpolate(draw, {"nearest": (1, 2, 3), "nearest-exact": (1, 2, 3)})


@samples("upsample")
def interpolate(draw: Draw) -> Sample:
    modes = {"linear": (1,), "bilinear": (2,), "bicubic": (2,), "trilinear": (3,)}
    return _interpolate(draw, modes, align_corners=draw.choice([None, False, True]))


@samples("upsample", "interpolate with antialiasing")
def interpolate_antialiased(draw: Draw) -> Sample:
    options = {
        "mode": draw.choice(["bilinear", "bicubic"]),
        "size": [draw.integer(1, 9), draw.integer(2, 9)],  # of one column, PyTorch repeats the first row in float32
        "align_corners": draw.choice([False, True]),
        "antialias": True,
    }
    array = draw.array(draw.side(), draw.integer(1, 2), draw.integer(2, 9), draw.integer(2, 9))
    return Sample(lambda t, x: t.nn.functional.interpolate(x, **options), [array])


@samples("adaptive_avg_pool", "interpolate by area")
def interpolate_area(draw: Draw) -> Sample:
    return _interpolate(draw, {"area": (1, 2, 3)})
