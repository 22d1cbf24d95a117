"""Samples of `tensor.ops.blends`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("matmul", "addmm")
def addmm(draw: Draw) -> Sample:
    n, k, m = draw.side(), draw.side(), draw.side()
    beta, alpha = draw.choice([0, 1, 2]), draw.choice([1, 0.5])
    arrays = [draw.array(n, m), draw.array(n, k), draw.array(k, m)]
    return Sample(
        lambda t, c, a, b: t.addmm(c, a, b, beta=beta, alpha=alpha),
        arrays,
        inplace=lambda t, c, a, b: c.addmm_(a, b, beta=beta, alpha=alpha),
    )


@samples("matmul", "addmm of a row")
def addmm_row(draw: Draw) -> Sample:
    n, k, m = draw.side(), draw.side(), draw.side()
    beta = draw.choice([0, 2])
    return Sample(lambda t, c, a, b: t.addmm(c, a, b, beta=beta), [draw.array(m), draw.array(n, k), draw.array(k, m)])


@samples("matmul", "addmv and addr")
def addmv(draw: Draw) -> Sample:
    n, k = draw.side(), draw.side()
    return Sample(
        lambda t, c, a, v, w: (t.addmv(c, a, v, beta=2), t.addr(a, w, v, alpha=0.5)),
        [draw.array(n), draw.array(n, k), draw.array(k), draw.array(n)],
        inplace=lambda t, c, a, v, w: c.addmv_(a, v, alpha=2),
    )


@samples("matmul", "baddbmm and addbmm")
def baddbmm(draw: Draw) -> Sample:
    b, n, k, m = draw.side(), draw.side(), draw.side(), draw.side()
    return Sample(
        lambda t, c, x, y: (t.baddbmm(c, x, y, beta=0.5), t.addbmm(c[0], x, y, alpha=2)),
        [draw.array(b, n, m), draw.array(b, n, k), draw.array(b, k, m)],
        inplace=lambda t, c, x, y: c.baddbmm_(x, y, beta=0.5),
    )


@samples("matmul", "addmm of integers", kinds="i")
def addmm_integers(draw: Draw) -> Sample:
    size = draw.side()
    beta, alpha = draw.choice([0, 1, 2]), draw.choice([1, 3])
    return Sample(
        lambda t, a, b: (t.addmm(a, a, b, beta=beta, alpha=alpha), t.addmv(a[0], a, b[0], beta=beta)),
        [draw.array(max(size, 1), max(size, 1)) for _ in range(2)],
    )
