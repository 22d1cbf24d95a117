"""Samples of `tensor.nn.functional.regression`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw

REDUCTIONS = ("mean", "sum", "none")


def _pair(draw: Draw) -> list[np.ndarray]:
    """Values, and what they should be: never equal, where losses have corners."""
    both = draw.apart(2, *draw.shape())
    return [both[0], both[1]]


@samples("square", "mse_loss")
def mse_loss(draw: Draw) -> Sample:
    reduction = draw.choice(REDUCTIONS)
    return Sample(lambda t, x, y: t.nn.functional.mse_loss(x, y, reduction=reduction), _pair(draw))


@samples("abs", "l1_loss")
def l1_loss(draw: Draw) -> Sample:
    reduction = draw.choice(REDUCTIONS)
    return Sample(lambda t, x, y: t.nn.functional.l1_loss(x, y, reduction=reduction), _pair(draw))


@samples("where", "smooth_l1_loss")
def smooth_l1_loss(draw: Draw) -> Sample:
    reduction, beta = draw.choice(REDUCTIONS), draw.choice([0.0, 0.5, 1.0, 3.0])
    return Sample(lambda t, x, y: t.nn.functional.smooth_l1_loss(x, y, reduction=reduction, beta=beta), _pair(draw))


@samples("where", "huber_loss")
def huber_loss(draw: Draw) -> Sample:
    reduction, delta = draw.choice(REDUCTIONS), draw.choice([0.5, 1.0, 3.0])
    return Sample(lambda t, x, y: t.nn.functional.huber_loss(x, y, reduction=reduction, delta=delta), _pair(draw))


@samples("exp", "poisson_nll_loss", tolerance=3)
def poisson_nll_loss(draw: Draw) -> Sample:
    shape, reduction, logarithms, full = draw.shape(), draw.choice(REDUCTIONS), draw.flag(), draw.flag()
    arrays = [draw.array(*shape, low=0.2, high=2.0), draw.array(*shape, low=0.2, high=4.0)]
    return Sample(
        lambda t, x, y: t.nn.functional.poisson_nll_loss(x, y, log_input=logarithms, full=full, reduction=reduction),
        arrays,
        constants=[1],
    )


@samples("log", "gaussian_nll_loss", tolerance=3)
def gaussian_nll_loss(draw: Draw) -> Sample:
    shape, reduction, full = draw.shape(1), draw.choice(REDUCTIONS), draw.flag()
    arrays = [draw.array(*shape), draw.array(*shape), draw.array(*shape, low=0.3, high=2.0)]
    return Sample(lambda t, x, y, v: t.nn.functional.gaussian_nll_loss(x, y, v, full=full, reduction=reduction), arrays)
