"""Samples of `tensor.ops.padding` and `tensor.ops.pixels`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _sides(draw: Draw, count: int) -> list[int]:
    """Sizes of dimensions, none of them 0: torch's own gradients fail there."""
    return [max(draw.side(), 1) for _ in range(count)]


@samples("constant_pad_nd", kinds="fib")
def pad(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    widths = [draw.integer(0, 3) for _ in range(2 * draw.integer(0, array.ndim))]
    value = draw.choice([None, 0, 1, 2.5]) if draw.dtype.kind in "fV" else draw.choice([None, 0, 1])
    return Sample(lambda t, a: t.nn.functional.pad(a, widths, value=value), [array])


@samples("constant_pad_nd", kinds="fi")
def crop(draw: Draw) -> Sample:
    array = draw.array(*[2 + draw.side() for _ in range(draw.integer(1, 3))])
    widths = [draw.integer(-1, 1) for _ in range(2 * draw.integer(1, array.ndim))]
    return Sample(lambda t, a: t.nn.functional.pad(a, widths), [array])


@samples("constant_pad_nd", gradcheck=False)
def crop_too_much(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    widths = [draw.integer(-3, 3) for _ in range(2 * draw.integer(1, 2))]
    return Sample(lambda t, a: t.nn.functional.pad(a, widths), [array])


@samples("mirror_pad", gradcheck=False)
def mirror_pad(draw: Draw) -> Sample:
    dims = draw.integer(1, 3)
    array = draw.array(*_sides(draw, dims + draw.integer(1, 2)))
    mode = draw.choice(["reflect", "replicate", "circular"])
    widths = [draw.choice([0, 1, 1, 2, 3]) for _ in range(2 * dims)]
    return Sample(lambda t, a: t.nn.functional.pad(a, widths, mode), [array])


@samples("mirror_pad")
def mirror_pad_by_little(draw: Draw) -> Sample:
    dims = draw.integer(1, 3)
    array = draw.array(max(draw.side(), 1), *[3 + draw.side() for _ in range(dims)])
    mode = draw.choice(["reflect", "replicate", "circular"])
    widths = [draw.integer(-1, 1) for _ in range(2 * dims)]
    return Sample(lambda t, a: t.nn.functional.pad(a, widths, mode), [array])


@samples("permute", kinds="fi")
def pixel_shuffle(draw: Draw) -> Sample:
    r = draw.integer(1, 2)
    array = draw.array(*_sides(draw, draw.integer(0, 2)), max(draw.side(), 1) * r * r, *_sides(draw, 2))
    return Sample(lambda t, a: t.nn.functional.pixel_shuffle(a, r), [array])


@samples("permute", kinds="fi")
def pixel_unshuffle(draw: Draw) -> Sample:
    r = draw.integer(1, 2)
    channels, height, width = _sides(draw, 3)
    array = draw.array(*_sides(draw, draw.integer(0, 2)), channels, height * r, width * r)
    return Sample(lambda t, a: t.nn.functional.pixel_unshuffle(a, r), [array])


@samples("permute")
def channel_shuffle(draw: Draw) -> Sample:
    groups = draw.integer(1, 3)
    batch, channels = _sides(draw, 2)
    array = draw.array(batch, channels * groups, *_sides(draw, draw.integer(1, 3)))
    return Sample(lambda t, a: t.nn.functional.channel_shuffle(a, groups), [array])


REFUSED = [
    lambda t, a: t.nn.functional.pad(a, (1,)),
    lambda t, a: t.nn.functional.pad(a, (1, 1) * 5),
    lambda t, a: t.nn.functional.pad(a, (1, 1), "mirror"),
    lambda t, a: t.nn.functional.pad(a, (1, 1), "reflect", 1.0),
    lambda t, a: t.nn.functional.pad(a[0, 0], (1, 1), "reflect"),
    lambda t, a: t.nn.functional.pad(a, (1, 1) * 4, "replicate"),
    lambda t, a: t.nn.functional.pixel_shuffle(a[0], 2),
    lambda t, a: t.nn.functional.pixel_shuffle(a, 2),
    lambda t, a: t.nn.functional.pixel_shuffle(a, 0),
    lambda t, a: t.nn.functional.pixel_unshuffle(a, 2),
    lambda t, a: t.nn.functional.pixel_unshuffle(a, -1),
    lambda t, a: t.nn.functional.channel_shuffle(a, 0),
    lambda t, a: t.nn.functional.channel_shuffle(a, 2),
    lambda t, a: t.nn.functional.channel_shuffle(a[0], 1),
]


@samples("constant_pad_nd", "refused padding", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3, 3)])
