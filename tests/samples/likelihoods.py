"""Samples of `tensor.nn.functional.likelihoods`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, half, samples
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


@samples("binary_cross_entropy_with_logits", tolerance=3)
def binary_cross_entropy_with_logits(draw: Draw) -> Sample:
    shape, reduction = draw.shape(), draw.choice(REDUCTIONS)
    arrays = [draw.array(*shape, low=-8, high=8), draw.array(*shape, low=0, high=1)]
    return Sample(lambda t, x, y: t.nn.functional.binary_cross_entropy_with_logits(x, y, reduction=reduction), arrays)


@samples("binary_cross_entropy_with_logits", "binary_cross_entropy_with_logits with weights", tolerance=3)
def binary_cross_entropy_with_logits_weighted(draw: Draw) -> Sample:
    shape, reduction = draw.shape(1), draw.choice(REDUCTIONS)
    arrays = [
        draw.array(*shape, low=-30, high=30), draw.array(*shape, low=0, high=1), draw.array(*shape, low=0, high=2),
        draw.array(shape[-1], low=0.5, high=2),
    ]  # fmt: skip
    return Sample(
        lambda t, x, y, w, p: t.nn.functional.binary_cross_entropy_with_logits(
            x, y, w, reduction=reduction, pos_weight=p
        ),
        arrays,
        constants=[2, 3],
    )


# PyTorch has no gradient for the weights of what may be.
@samples("binary_cross_entropy_with_logits", "binary_cross_entropy_with_logits of learnt weights", oracle=False)
def binary_cross_entropy_with_logits_learnt(draw: Draw) -> Sample:
    shape = draw.shape(1)
    arrays = [draw.array(*shape), draw.array(*shape, low=0, high=1), draw.array(*shape), draw.array(shape[-1], low=0.5)]
    return Sample(lambda t, x, y, w, p: t.nn.functional.binary_cross_entropy_with_logits(x, y, w, pos_weight=p), arrays)


@samples("binary_cross_entropy_with_logits", "binary_cross_entropy_with_logits of large logits", gradcheck=False)
def binary_cross_entropy_with_logits_edges(draw: Draw) -> Sample:
    logits = np.array([np.inf, -np.inf, 1e4, -1e4, 0.0, np.nan]).astype(draw.dtype)
    targets = np.array([1.0, 0.0, 0.0, 1.0, 0.5, 0.5]).astype(draw.dtype)
    return Sample(
        lambda t, x, y: t.nn.functional.binary_cross_entropy_with_logits(x, y, reduction="none"),
        [logits[2:], targets[2:]],
        gradients=False,
    )


@samples("xlogy", "kl_div", tolerance=3)
def kl_div(draw: Draw) -> Sample:
    shape, logarithms = draw.shape(), draw.flag()
    reduction = draw.choice(["batchmean", "mean", "sum", "none"])
    arrays = [draw.array(*shape, low=-3, high=0), draw.array(*shape, low=0.1, high=1)]
    return Sample(lambda t, x, y: t.nn.functional.kl_div(x, y, reduction=reduction, log_target=logarithms), arrays)


@samples("xlogy", "kl_div of impossible targets", gradcheck=False, tolerance=3)
def kl_div_edges(draw: Draw) -> Sample:
    shape = draw.shape(1)
    arrays = [draw.array(*shape, low=-3, high=0), draw.integers(*shape, high=2).astype(draw.dtype)]
    return Sample(lambda t, x, y: t.nn.functional.kl_div(x, y, None, None, "sum"), arrays, constants=[1])


# Three gradients are added up, rounded to two bytes each time.
@samples("binary_cross_entropy", "losses of probabilities with old arguments", tolerance={"float32": 3, **half(12)})
def legacy(draw: Draw) -> Sample:
    average, reduce = draw.choice([True, False, None]), draw.choice([True, False, None])
    shape = draw.shape()
    arrays = [draw.array(*shape, low=0.05, high=0.95) for _ in range(2)]
    return Sample(
        lambda t, x, y: (
            t.nn.functional.binary_cross_entropy(x, y, None, average, reduce),
            t.nn.functional.binary_cross_entropy_with_logits(x, y, None, average, reduce),
            t.nn.functional.kl_div(x, y, average, reduce),
        ),
        arrays,
    )
