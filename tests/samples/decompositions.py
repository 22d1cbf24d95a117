"""Samples of `tensor.ops.decompositions`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _regular(draw: Draw, *batch: int) -> np.ndarray:
    """Matrices that are far from singular."""
    size = draw.side()
    return np.asarray(draw.array(*batch, size, size, low=-1, high=1) + 3 * np.eye(size, dtype=draw.dtype))


@samples("linalg_inv", tolerance=10)
def inv(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.linalg.inv(a), [_regular(draw, *draw.shape(0, 2))])


@samples("linalg_det", tolerance=10)
def det(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.linalg.det(a), [_regular(draw, *draw.shape(0, 2))])


@samples("linalg_slogdet", tolerance=10)
def slogdet(draw: Draw) -> Sample:
    return Sample(
        lambda t, a: (t.linalg.slogdet(a)[0].detach(), t.linalg.slogdet(a)[1]), [_regular(draw, *draw.shape(0, 2))]
    )


@samples("linalg_slogdet", "logdet", tolerance=10)
def logdet(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.logdet(a), [_regular(draw, *draw.shape(0, 2))])


@samples("linalg_solve", "solve from the right", tolerance=10)
def solve_right(draw: Draw) -> Sample:
    a = _regular(draw, *draw.shape(0, 1))
    return Sample(
        lambda t, a, b: t.linalg.solve(a, b, left=False), [a, draw.array(*a.shape[:-2], draw.side(), a.shape[-1])]
    )


@samples("linalg_solve", "solve broadcast", tolerance=10)
def solve_broadcast(draw: Draw) -> Sample:
    a = _regular(draw)
    return Sample(lambda t, a, b: t.linalg.solve(a, b), [a, draw.array(draw.side(), a.shape[-1], draw.side())])


@samples("linalg_solve", tolerance=10)
def solve(draw: Draw) -> Sample:
    a = _regular(draw, *draw.shape(0, 1))
    vectors = draw.flag()
    b = draw.array(*a.shape[:-1]) if vectors else draw.array(*a.shape[:-1], draw.side())
    return Sample(lambda t, a, b: t.linalg.solve(a, b), [a, b])


@samples("linalg_cholesky", tolerance=10)
def cholesky(draw: Draw) -> Sample:
    upper = draw.flag()

    def fn(t: Any, a: Any) -> Any:
        return t.linalg.cholesky(a @ a.mT, upper=upper)

    return Sample(fn, [_regular(draw, *draw.shape(0, 2))])
