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


@samples("mul", "kron")
def kron(draw: Draw) -> Sample:
    return Sample(lambda t, a, b: t.kron(a, b), [draw.array(*draw.shape(0, 3)), draw.array(*draw.shape(0, 3))])


@samples("sum", "trace", kinds="fi")
def trace(draw: Draw) -> Sample:
    return Sample(lambda t, a: t.trace(a), [draw.array(draw.side(), draw.side())])


@samples("mul", "cross")
def cross(draw: Draw) -> Sample:
    rows = draw.choice([3, draw.side()])
    return Sample(
        lambda t, a, b: (t.linalg.cross(a, b), t.linalg.cross(b, a, dim=1), t.cross(a, b), a.cross(b, dim=-1)),
        [draw.array(rows, 3), draw.array(rows, 3)],
    )


@samples("sum", "vecdot")
def vecdot(draw: Draw) -> Sample:
    shape = draw.shape(1)
    dim = draw.dim(len(shape))
    return Sample(lambda t, a, b: t.linalg.vecdot(a, b, dim=dim), [draw.array(*shape), draw.array(*shape)])


@samples("matmul", "inner of many", kinds="fi")
def inner(draw: Draw) -> Sample:
    size = draw.side()
    return Sample(
        lambda t, a, b: t.inner(a, b), [draw.array(*draw.shape(0, 2), size), draw.array(*draw.shape(0, 2), size)]
    )


@samples("matmul", "matrix_power and multi_dot")
def matrix_power(draw: Draw) -> Sample:
    size, power = draw.side(), draw.integer(1, 5)
    arrays = [draw.array(size, size, low=-1, high=1), draw.array(size, draw.side())]
    return Sample(lambda t, a, b: (t.matrix_power(a, power), t.linalg.multi_dot([a, a, b])), arrays)
