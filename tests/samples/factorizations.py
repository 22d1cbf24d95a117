"""Samples of `tensor.ops.factorizations`. Vectors are compared up to their signs, which are arbitrary."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def spread(draw: Draw, *batch: int, rows: int, columns: int) -> np.ndarray:
    """Matrices whose singular values are far from each other, and from 0."""
    least = min(rows, columns)
    noise = draw.array(*batch, rows, columns, low=-0.3, high=0.3)
    steps = np.eye(rows, columns) * (1 + 2 * np.arange(columns) % (2 * least))
    return np.asarray(noise + steps.astype(noise.dtype))


@samples("linalg_eigh", tolerance=50)
def eigh(draw: Draw) -> Sample:
    size, upper = draw.side(), draw.flag()

    def fn(t: Any, a: Any) -> Any:
        values, vectors = t.linalg.eigh((a + a.mT) / 2, UPLO="U" if upper else "L")
        return values, vectors.abs()

    return Sample(fn, [spread(draw, *draw.shape(0, 1), rows=size, columns=size)])


@samples("linalg_svd", tolerance=50)
def svd(draw: Draw) -> Sample:
    def fn(t: Any, a: Any) -> Any:
        u, s, vh = t.linalg.svd(a, full_matrices=False)
        return u.abs(), s, vh.abs()

    return Sample(fn, [spread(draw, *draw.shape(0, 1), rows=draw.side(), columns=draw.side())])


@samples("linalg_svd", "svdvals", tolerance=50)
def svdvals(draw: Draw) -> Sample:
    matrices = spread(draw, *draw.shape(0, 1), rows=draw.side(), columns=draw.side())
    return Sample(lambda t, a: t.linalg.svdvals(a), [matrices])


@samples("linalg_svd_full", tolerance=50)
def svd_full(draw: Draw) -> Sample:
    size = draw.side()
    matrices = spread(draw, rows=size + 1, columns=size)
    return Sample(lambda t, a: t.linalg.svd(a)[1], [matrices])


@samples("linalg_qr", tolerance=50)
def qr(draw: Draw) -> Sample:
    def fn(t: Any, a: Any) -> Any:
        q, r = t.linalg.qr(a)
        return q.abs(), r.abs()

    return Sample(fn, [spread(draw, *draw.shape(0, 1), rows=draw.side(), columns=draw.side())])


@samples("linalg_qr_complete", tolerance=50)
def qr_complete(draw: Draw) -> Sample:
    size = draw.side()
    matrices = spread(draw, rows=size + 1, columns=size)
    return Sample(lambda t, a: t.linalg.qr(a, "complete")[1].detach().abs(), [matrices], gradients=False)
