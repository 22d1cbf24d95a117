"""Samples of `tensor.ops.quantiles`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _single(array: np.ndarray) -> np.ndarray:
    """PyTorch takes single and double precision only."""
    return array if array.dtype.itemsize > 2 else array.astype(np.float32)


@samples("quantile")
def quantile(draw: Draw) -> Sample:
    array = _single(draw.apart(*draw.shape()))
    dim, keepdim = draw.choice([None, draw.dim(array.ndim)]), draw.flag()
    q = draw.choice([0.0, 0.3, 1.0])
    how = draw.choice(["linear", "lower", "higher", "midpoint", "nearest"])
    return Sample(lambda t, a: t.quantile(a, q, dim, keepdim, interpolation=how), [array])


@samples("quantile", "several quantiles")
def quantiles(draw: Draw) -> Sample:
    array = _single(draw.apart(*draw.shape(1)))
    dim, keepdim = draw.choice([None, draw.dim(array.ndim)]), draw.flag()
    return Sample(lambda t, a: t.quantile(a, t.tensor([0.1, 0.5, 0.77], dtype=a.dtype), dim, keepdim), [array])


@samples("quantile", "quantiles with nan", gradcheck=False)
def nanquantile(draw: Draw) -> Sample:
    array = np.array(_single(draw.apart(*draw.shape(1))))
    array.reshape(-1)[: draw.integer(0, 1)] = np.nan  # of several, any may get the gradient
    dim, keepdim, q = draw.choice([None, draw.dim(array.ndim)]), draw.flag(), draw.choice([0.0, 0.3, 1.0])
    how = draw.choice(["linear", "lower", "higher", "midpoint", "nearest"])
    return Sample(
        lambda t, a: (
            t.nanquantile(a, q, dim, keepdim, interpolation=how),
            a.nanquantile(t.tensor([0.1, 0.9], dtype=a.dtype), dim),
            a.quantile(q, dim),
        ),
        [array],
    )
