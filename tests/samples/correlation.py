"""Samples of `tensor.ops.correlation`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _observed(draw: Draw) -> np.ndarray:
    """At least two observations of each of some variables."""
    count = draw.side() + 2
    return draw.array(*draw.choice([(count,), (max(draw.side(), 1), count)]))


def _single(array: np.ndarray) -> np.ndarray:
    """Half precision is multiplied and rounded in another order."""
    return array if array.dtype.itemsize > 2 else array.astype(np.float32)


@samples("matmul", "cov", tolerance=4)
def cov(draw: Draw) -> Sample:
    correction = draw.choice([0, 1])
    return Sample(lambda t, a: (t.cov(a), a.cov(correction=correction)), [_single(_observed(draw))])


@samples("matmul", "cov with weights", tolerance=10)
def cov_weights(draw: Draw) -> Sample:
    array = _single(_observed(draw))
    count = array.shape[-1]
    often = draw.integers(count, low=1, high=4)
    weights = np.asarray(draw.random.uniform(0.5, 2.0, count)).astype(array.dtype)
    return Sample(
        lambda t, a, n, w: (t.cov(a, fweights=n), t.cov(a, aweights=w, correction=0), t.cov(a, fweights=n, aweights=w)),
        [array, often, weights],
    )


@samples("matmul", "corrcoef", gradcheck=False, tolerance=10)  # clamped at 1, where each meets itself
def corrcoef(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.corrcoef(a), [_single(_observed(draw))], gradients=False)
