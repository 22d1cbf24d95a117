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


@samples("nll_loss", tolerance=3)
def nll_loss(draw: Draw) -> Sample:
    logits, target = _classes(draw)
    reduction = draw.choice(REDUCTIONS)
    return Sample(lambda t, x, y: t.nn.functional.nll_loss(x, y, reduction=reduction), [logits, target])


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
    return Sample(
        lambda t, x, y, w: t.nn.functional.cross_entropy(
            x, y, w, ignore_index=ignored, reduction=reduction, label_smoothing=smoothing
        ),
        [logits, target, weight],
        # Where all are ignored the mean is nan in PyTorch, and its gradients as well.
        constants=[2],
        gradients=reduction != "mean" or ignored == -100,
    )


@samples("log_softmax", "cross_entropy of probabilities", tolerance=3)
def cross_entropy_soft(draw: Draw) -> Sample:
    logits, _ = _classes(draw)
    target = draw.array(*logits.shape, low=0.0, high=1.0)
    reduction, smoothing = draw.choice(REDUCTIONS), draw.choice([0.0, 0.2])
    return Sample(
        lambda t, x, y: t.nn.functional.cross_entropy(x, y, reduction=reduction, label_smoothing=smoothing),
        [logits, target],
    )
