"""Samples of `tensor.ops.contractions`."""

from __future__ import annotations

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw

EQUATIONS = {
    "ij,jk->ik": ("nk", "km"),
    "bij,bjk->bik": ("bnk", "bkm"),
    "bij,bkj": ("bnk", "bmk"),
    "...ij,...jk->...ik": ("bnk", "km"),
    "ij,jk,kl->il": ("nk", "km", "mn"),
    "bhid,bhjd->bhij": ("nbkm", "nbkm"),
    "i,j": ("n", "m"),
    "ii->i": ("nn",),
    "bii": ("bnn",),
    "ij->ji": ("nm",),
    "ij->": ("nm",),
    "...j->...": ("bnm",),
    "ij,ij->": ("nm", "nm"),
    "iij,j->i": ("nnm", "m"),
    "ijk,k,kl,j->il": ("bnm", "m", "mk", "n"),
    "i,": ("n", ""),
    "iiij->j": ("nnnm",),
    "Ba,aB": ("nk", "kn"),
    "ab,bc,cd,da->": ("nk", "km", "mn", "nn"),
}


# Sums of products in another order, which half precision rounds on the way.
@samples("einsum", tolerance={"float32": 4, "float64": 4} | half(20))
def einsum(draw: Draw) -> Sample:
    sizes = {letter: draw.side() for letter in "bnkm"}
    equation = draw.choice(sorted(EQUATIONS))
    arrays = [draw.array(*(sizes[letter] for letter in part)) for part in EQUATIONS[equation]]
    return Sample(lambda t, *given: t.einsum(equation, *given), arrays)


# Of single elements, which may cancel.
@samples("einsum", "einsum with broadcast and lists", tolerance={"float32": 4, "float64": 4} | half(20))
def einsum_forms(draw: Draw) -> Sample:
    n, k = draw.side(), draw.side()
    arrays = [draw.array(n, k), draw.array(1, k), draw.array(k, n)]
    return Sample(
        lambda t, a, b, c: (
            t.einsum("ij,ij->ij", a, b), t.einsum("ij,ij", [a, b]), t.einsum(a, [0, 1], c, [1, 2], [0, 2]),
            t.einsum(a, [..., 1], c, [1, 0]), t.einsum(a, [30, 2], c, [2, 1]),
        ),
        arrays,
    )  # fmt: skip


@samples("einsum", "tensordot", kinds="fi", tolerance=4)
def tensordot(draw: Draw) -> Sample:
    n, k, m = draw.side(), draw.side(), draw.side()
    arrays = [draw.array(n, k, m), draw.array(m, k, n)]
    dims = draw.choice([0, 1, ([2, 1], [0, 1]), ([0], [2]), ([-1], [0])])
    return Sample(lambda t, a, b: t.tensordot(a, b, dims), arrays)


@samples("einsum", "tensordot of a single one", tolerance=4)
def tensordot_single(draw: Draw) -> Sample:
    arrays = [draw.array(draw.side(), 1), draw.array(draw.side(), 2)]
    return Sample(lambda t, a, b: t.tensordot(a, b, 1), arrays)
