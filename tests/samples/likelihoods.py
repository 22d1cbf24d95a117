"""Samples of `tensor.nn.functional.likelihoods`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw

REDUCTIONS = ("mean", "sum", "none")


@samples("binary_cross_entropy", tolerance=3)
def binary_cross_entropy(draw: Draw) -> Sample:
    shape, reduction = draw.shape(), draw.choice(REDUCTIONS)
    arrays = [draw.array(*shape, low=0.05, high=0.95) for _ in range(3)]
    return Sample(
        lambda t, x, y, w: t.nn.functional.binary_cross_entropy(x, y, w, reduction=reduction), arrays, constants=[2]
    )


@samples("binary_cross_entropy", "binary_cross_entropy of certainty", gradcheck=False)
def binary_cross_entropy_edges(draw: Draw) -> Sample:
    size = draw.side()
    arrays = [draw.integers(size, high=2).astype(draw.dtype) for _ in range(2)]
    return Sample(lambda t, x, y: t.nn.functional.binary_cross_entropy(x, y, reduction="none"), arrays, gradients=False)


@samples("logsigmoid", "binary_cross_entropy_with_logits", tolerance=3)
def binary_cross_entropy_with_logits(draw: Draw) -> Sample:
    shape, reduction = draw.shape(1), draw.choice(REDUCTIONS)
    arrays = [
        draw.array(*shape, low=-30, high=30), draw.array(*shape, low=0, high=1), draw.array(*shape, low=0, high=2),
        draw.array(shape[-1], low=0.5, high=2),
    ]  # fmt: skip
    return Sample(
        lambda t, x, y, w, p: (
            t.nn.functional.binary_cross_entropy_with_logits(x, y, reduction=reduction),
            t.nn.functional.binary_cross_entropy_with_logits(x, y, w, pos_weight=p),
        ),
        arrays,
        constants=[2, 3],
    )


@samples("xlogy", "kl_div", tolerance=3)
def kl_div(draw: Draw) -> Sample:
    shape, logarithms = draw.shape(1), draw.flag()
    reduction = draw.choice(["batchmean", "mean", "sum", "none"])
    arrays = [draw.array(*shape, low=-3, high=0), draw.array(*shape, low=0.1, high=1)]
    return Sample(lambda t, x, y: t.nn.functional.kl_div(x, y, reduction=reduction, log_target=logarithms), arrays)
