"""Samples of `tensor.nn.functional.classification`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw

REDUCTIONS = ("mean", "sum", "none")


def _classes(draw: Draw) -> tuple[np.ndarray, np.ndarray]:
    """Logits and class numbers: a batch, perhaps of grids, or one example."""
    classes, batch = draw.side() + 1, draw.shape(0, 3)
    shape = (classes,) if not batch else (batch[0], classes, *batch[1:])
    return draw.array(*shape), draw.integers(*batch, high=classes)


def _keep_one(target: np.ndarray, ignored: int, classes: int) -> None:
    """Have one class that counts: without any the mean is nan, which has no slope."""
    if target.size and classes > 1:
        target.reshape(-1)[0] = (ignored + 1) % classes


@samples("nll_loss", tolerance=3)
def nll_loss(draw: Draw) -> Sample:
    logits, target = _classes(draw)
    reduction = draw.choice(REDUCTIONS)
    likelihoods = -np.abs(logits)  # of one sign: PyTorch adds up in two bytes
    return Sample(lambda t, x, y: t.nn.functional.nll_loss(x, y, reduction=reduction), [likelihoods, target])


@samples("nll_loss", "cross_entropy", tolerance=3)
def cross_entropy(draw: Draw) -> Sample:
    logits, target = _classes(draw)
    reduction, smoothing = draw.choice(REDUCTIONS), draw.choice([0.0, 0.1, 1.0])
    return Sample(
        lambda t, x, y: t.nn.functional.cross_entropy(x, y, reduction=reduction, label_smoothing=smoothing),
        [logits, target],
    )


@samples("nll_loss", "cross_entropy with weights and ignored classes", tolerance=3)
def cross_entropy_weighted(draw: Draw) -> Sample:
    logits, target = _classes(draw)
    weight = draw.array(logits.shape[0 if logits.ndim == 1 else 1], low=0.2, high=2.0)
    reduction, smoothing, ignored = draw.choice(REDUCTIONS), draw.choice([0.0, 0.2]), draw.choice([-100, 0, 1])
    _keep_one(target, ignored, weight.size)
    return Sample(
        lambda t, x, y, w: t.nn.functional.cross_entropy(
            x, y, w, ignore_index=ignored, reduction=reduction, label_smoothing=smoothing
        ),
        [logits, target, weight],
        constants=[2],
    )


@samples("nll_loss", "cross_entropy of nothing but ignored classes", gradcheck=False)
def cross_entropy_ignored(draw: Draw) -> Sample:
    logits, target = _classes(draw)
    reduction, smoothing = draw.choice(REDUCTIONS), draw.choice([0.0, 0.2])
    return Sample(
        lambda t, x, y: t.nn.functional.cross_entropy(
            x, y, ignore_index=-1, reduction=reduction, label_smoothing=smoothing
        ),
        [logits, target * 0 - 1],
    )


@samples("nll_loss", "losses of classes with old arguments", tolerance=3)
def legacy(draw: Draw) -> Sample:
    logits, target = _classes(draw)
    average, reduce = draw.choice([True, False, None]), draw.choice([True, False, None])
    _keep_one(target, 1, logits.shape[0 if logits.ndim == 1 else 1])
    return Sample(
        lambda t, x, y: (
            t.nn.functional.nll_loss(x, y, None, average, 1, reduce),
            t.nn.functional.cross_entropy(x, y, None, average, 1, reduce, "mean", 0.1),
        ),
        [logits, target],
    )


@samples("log_softmax", "cross_entropy of probabilities", tolerance=3)
def cross_entropy_soft(draw: Draw) -> Sample:
    logits, _ = _classes(draw)
    target = draw.array(*logits.shape, low=0.0, high=1.0)
    weight = draw.array(logits.shape[0 if logits.ndim == 1 else 1], low=0.2, high=2.0)
    reduction, smoothing, weighted = draw.choice(REDUCTIONS), draw.choice([0.0, 0.2]), draw.flag()
    return Sample(
        lambda t, x, y, w: t.nn.functional.cross_entropy(
            x, y, w if weighted else None, reduction=reduction, label_smoothing=smoothing
        ),
        [logits, target, weight],
        constants=[2],
    )


@samples("linear", "linear_cross_entropy", tolerance=5)
def linear_cross_entropy(draw: Draw) -> Sample:
    batch, size, classes = draw.choice([(), (draw.side(),)]), draw.side(), draw.side() + 1
    outputs = (classes, *((draw.side(),) if batch and draw.flag() else ()))
    target = draw.integers(*batch, *outputs[1:], high=classes)
    reduction, ignored, smoothing = draw.choice(REDUCTIONS), draw.choice([None, 1]), draw.choice([0.0, 0.1])
    return Sample(
        lambda t, x, w, y, b: t.nn.functional.linear_cross_entropy(
            x, w, y, linear_bias=b, reduction=reduction, ignore_index=ignored, label_smoothing=smoothing
        ),
        [draw.array(*batch, size), draw.array(*outputs, size), target, draw.array(*outputs)],
    )
