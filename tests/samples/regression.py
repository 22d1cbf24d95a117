"""Samples of `tensor.nn.functional.regression`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw

REDUCTIONS = ("mean", "sum", "none")


def _pair(draw: Draw) -> list[np.ndarray]:
    """Values, and what they should be: never equal, where losses have corners; the target perhaps broadcast."""
    both = draw.apart(2, *draw.shape())
    target = both[1]
    if target.ndim and draw.flag():
        target = target[:1]
    return [both[0], target]


def _weighted(draw: Draw) -> list[np.ndarray]:
    both = draw.apart(2, *draw.shape())
    return [both[0], both[1], draw.array(*both.shape[1:], low=0.2, high=2.0)]


@samples("mse_loss", tolerance=3)
def mse_loss(draw: Draw) -> Sample:
    reduction = draw.choice(REDUCTIONS)
    return Sample(lambda t, x, y: t.nn.functional.mse_loss(x, y, reduction=reduction), _pair(draw))


@samples("abs", "l1_loss", tolerance=3)
def l1_loss(draw: Draw) -> Sample:
    reduction = draw.choice(REDUCTIONS)
    return Sample(lambda t, x, y: t.nn.functional.l1_loss(x, y, reduction=reduction), _pair(draw))


@samples("smooth_l1_loss", tolerance=3)
def smooth_l1_loss(draw: Draw) -> Sample:
    reduction, beta = draw.choice(REDUCTIONS), draw.choice([0.0, 0.53, 1.01, 3.07])
    return Sample(lambda t, x, y: t.nn.functional.smooth_l1_loss(x, y, reduction=reduction, beta=beta), _pair(draw))


@samples("huber_loss", tolerance=3)
def huber_loss(draw: Draw) -> Sample:
    reduction, delta = draw.choice(REDUCTIONS), draw.choice([0.53, 1.01, 3.07])
    return Sample(lambda t, x, y: t.nn.functional.huber_loss(x, y, reduction=reduction, delta=delta), _pair(draw))


@samples("mse_loss", "losses of regression with weights", tolerance=3)
def weighted(draw: Draw) -> Sample:
    reduction = draw.choice(REDUCTIONS)
    return Sample(
        lambda t, x, y, w: (
            t.nn.functional.mse_loss(x, y, reduction=reduction, weight=w),
            t.nn.functional.l1_loss(x, y, reduction=reduction, weight=w),
            t.nn.functional.huber_loss(x, y, reduction, 1.01, w),
        ),
        _weighted(draw),
    )


@samples("smooth_l1_loss", "losses of regression with old arguments", tolerance=3)
def legacy(draw: Draw) -> Sample:
    average, reduce = draw.choice([True, False, None]), draw.choice([True, False, None])
    beta = draw.choice([0.53, 1.01])
    return Sample(
        lambda t, x, y: (
            t.nn.functional.smooth_l1_loss(x, y, average, reduce, "mean", beta),
            t.nn.functional.mse_loss(x, y, average, reduce),
        ),
        _pair(draw),
    )


@samples("mse_loss", "losses of regression of integers", tolerance=3)
def of_integers(draw: Draw) -> Sample:
    name, shape = draw.choice(["mse_loss", "l1_loss", "smooth_l1_loss"]), draw.shape()
    return Sample(
        lambda t, x, y: getattr(t.nn.functional, name)(x, y), [draw.apart(*shape), draw.integers(*shape, high=3)]
    )


@samples("exp", "poisson_nll_loss", tolerance=3)
def poisson_nll_loss(draw: Draw) -> Sample:
    shape, reduction, logarithms, full = draw.shape(), draw.choice(REDUCTIONS), draw.flag(), draw.flag()
    arrays = [draw.array(*shape, low=0.2, high=2.0), draw.array(*shape, low=0.2, high=4.0)]
    return Sample(
        lambda t, x, y: t.nn.functional.poisson_nll_loss(x, y, logarithms, full, reduction=reduction, eps=1e-3),
        arrays,
        constants=[1],
    )


@samples("log", "gaussian_nll_loss", tolerance=3)
def gaussian_nll_loss(draw: Draw) -> Sample:
    shape, reduction, full = draw.shape(1), draw.choice(REDUCTIONS), draw.flag()
    shrunk = draw.choice([shape, shape[:-1], (*shape[:-1], 1)])
    arrays = [draw.array(*shape), draw.array(*shape), draw.array(*shrunk, low=0.3, high=2.0)]
    return Sample(lambda t, x, y, v: t.nn.functional.gaussian_nll_loss(x, y, v, full=full, reduction=reduction), arrays)


@samples("log", "gaussian_nll_loss of small variances", gradcheck=False, tolerance=3)
def gaussian_nll_loss_small(draw: Draw) -> Sample:
    """What is below `eps` counts as that, but its gradient passes."""
    shape = draw.shape(1)
    arrays = [draw.array(*shape), draw.array(*shape), draw.array(*shape, low=0.0, high=0.4)]
    return Sample(lambda t, x, y, v: t.nn.functional.gaussian_nll_loss(x, y, v, eps=0.2), arrays)


@samples("log", "gaussian_nll_loss of one variance", tolerance=3)
def gaussian_nll_loss_number(draw: Draw) -> Sample:
    shape = draw.shape(1)
    return Sample(
        lambda t, x, y: t.nn.functional.gaussian_nll_loss(x, y, 0.7), [draw.array(*shape), draw.array(*shape)]
    )
