"""Samples of `tensor.ops.fourier`: pairs of numbers in, pairs out."""

from __future__ import annotations

from typing import Any

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw

NORMS = ("backward", "ortho", "forward")


def _length(draw: Draw, count: int) -> int | None:
    """A length to cut or to fill to, or the one that there is."""
    return draw.integer(1, count + 2) if draw.flag() else None


@samples("fft_c2c", tolerance=10)
def fft(draw: Draw) -> Sample:
    count, norm, dim = max(draw.side(), 1), NORMS[draw.integer(0, 2)], draw.integer(0, 1)
    shape = (count, 3, 2) if dim == 0 else (3, count, 2)
    inverse, n = draw.flag(), _length(draw, count)

    def fn(t: Any, a: Any) -> Any:
        transform = t.fft.ifft if inverse else t.fft.fft
        return t.view_as_real(transform(t.view_as_complex(a), n, dim, norm))

    return Sample(fn, [draw.array(*shape)])


@samples("fft_r2c", tolerance=10)
def rfft(draw: Draw) -> Sample:
    count, norm = max(draw.side(), 1), NORMS[draw.integer(0, 2)]
    n = _length(draw, count)
    return Sample(lambda t, a: t.view_as_real(t.fft.rfft(a, n, norm=norm)), [draw.array(2, count)])


@samples("fft_c2r", tolerance=10)
def irfft(draw: Draw) -> Sample:
    count, norm = draw.integer(2, 5), NORMS[draw.integer(0, 2)]
    n = _length(draw, 2 * count)
    return Sample(lambda t, a: t.fft.irfft(t.view_as_complex(a), n, norm=norm), [draw.array(3, count, 2)])
