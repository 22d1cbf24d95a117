"""Samples of `tensor.ops.linalg`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("matmul", kinds="fi")
def matmul(draw: Draw) -> Sample:
    n, k, m = draw.side(), draw.side(), draw.side()
    batch = draw.shape(0, 2)
    first = draw.choice([(k,), (n, k), (*batch, n, k)])
    second = draw.choice([(k,), (k, m), (*draw.broadcastable(batch), k, m)])
    return Sample(lambda t, a, b: a @ b, [draw.array(*first), draw.array(*second)])


@samples("matmul", "products by name", kinds="fi")
def products(draw: Draw) -> Sample:
    n, k, m = draw.side(), draw.side(), draw.side()
    arrays = [draw.array(n, k), draw.array(k, m), draw.array(k), draw.array(k)]
    return Sample(
        lambda t, a, b, v, w: (
            t.mm(a, b), t.mv(a, v), t.dot(v, w), t.vdot(v, w), t.outer(v, w), t.ger(v, w), t.inner(a, v), v.inner(w),
        ),
        arrays,
    )  # fmt: skip


@samples("matmul", "bmm", kinds="fi")
def bmm(draw: Draw) -> Sample:
    b, n, k, m = draw.side(), draw.side(), draw.side(), draw.side()
    return Sample(lambda t, x, y: t.bmm(x, y), [draw.array(b, n, k), draw.array(b, k, m)])


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


@samples("mul", "kron")
def kron(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: t.kron(a, b), [draw.array(*draw.shape(0, 3)), draw.array(*draw.shape(0, 3))])


@samples("sum", "trace", kinds="fi")
def trace(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.trace(a), [draw.array(draw.side(), draw.side())])


@samples("mul", "cross")
def cross(draw: Draw) -> Sample:
    rows = draw.side()
    return Sample(lambda t, a, b: t.linalg.cross(a, b, dim=-1), [draw.array(rows, 3), draw.array(rows, 3)])


@samples("matmul", "matrix_power and multi_dot")
def matrix_power(draw: Draw) -> Sample:
    size, power = draw.side(), draw.integer(1, 5)
    arrays = [draw.array(size, size, low=-1, high=1), draw.array(size, draw.side())]
    return Sample(lambda t, a, b: (t.matrix_power(a, power), t.linalg.multi_dot([a, a, b])), arrays)
