"""Samples of `tensor.nn.functional.margins`."""

from __future__ import annotations

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw

REDUCTIONS = ("mean", "sum", "none")


def _signs(draw: Draw, *shape: int) -> np.ndarray:
    return draw.integers(*shape, high=2) * 2 - 1


@samples("clamp", "hinge_embedding_loss and soft_margin_loss", tolerance=3)
def hinge(draw: Draw) -> Sample:
    shape, reduction = draw.shape(), draw.choice(REDUCTIONS)
    return Sample(
        lambda t, x, y: (
            t.nn.functional.hinge_embedding_loss(x, y, 1.01, reduction=reduction),
            t.nn.functional.soft_margin_loss(x, y, reduction=reduction),
        ),
        [draw.apart(*shape), _signs(draw, *shape)],
    )


@samples("clamp", "margin_ranking_loss")
def margin_ranking(draw: Draw) -> Sample:
    shape, reduction = draw.shape(1), draw.choice(REDUCTIONS)
    both = draw.apart(2, *shape)
    return Sample(
        lambda t, a, b, y: t.nn.functional.margin_ranking_loss(a, b, y, 0.123, reduction=reduction),
        [both[0], both[1], _signs(draw, *shape)],
    )


@samples("clamp", "cosine_embedding_loss", tolerance=3)
def cosine_embedding(draw: Draw) -> Sample:
    size, batch, reduction = draw.side() + 1, draw.choice([(), (draw.side(),)]), draw.choice(REDUCTIONS)
    return Sample(
        lambda t, a, b, y: t.nn.functional.cosine_embedding_loss(a, b, y, 0.1234, reduction=reduction),
        [draw.array(*batch, size), draw.array(*batch, size), _signs(draw, *batch)],
    )


@samples("logsigmoid", "multilabel_soft_margin_loss", tolerance=3)
def multilabel_soft_margin(draw: Draw) -> Sample:
    shape, reduction = draw.shape(1, 2), draw.choice(REDUCTIONS)
    arrays = [draw.array(*shape), draw.integers(*shape, high=2).astype(draw.dtype), draw.array(shape[-1], low=0.1)]
    return Sample(
        lambda t, x, y, w: t.nn.functional.multilabel_soft_margin_loss(x, y, w, reduction=reduction),
        arrays,
        constants=[1, 2],
    )


@samples("scatter", "multi_margin_loss", tolerance=3)
def multi_margin(draw: Draw) -> Sample:
    classes, batch = draw.side() + 1, draw.choice([(), (max(draw.side(), 1),)])
    reduction, p = draw.choice(REDUCTIONS), draw.choice([1, 2])
    return Sample(
        lambda t, x, y, w: (
            t.nn.functional.multi_margin_loss(x, y, p, 1.0123, reduction=reduction),
            t.nn.functional.multi_margin_loss(x, y, p, 0.777, w, reduction=reduction),
        ),
        [draw.apart(*batch, classes), draw.integers(*batch, high=classes), draw.array(classes, low=0.2)],
        constants=[2],
    )


@samples("multilabel_margin_loss", tolerance=3)
def multilabel_margin(draw: Draw) -> Sample:
    classes, batch = draw.side() + 1, draw.choice([(), (max(draw.side(), 1),)])
    reduction = draw.choice(REDUCTIONS)
    target = draw.integers(*batch, classes, low=-1, high=classes)
    return Sample(
        lambda t, x, y: t.nn.functional.multilabel_margin_loss(x, y, reduction=reduction),
        [draw.apart(*batch, classes, high=3.3), target],
    )


@samples("clamp", "losses with margins and old arguments", tolerance=3)
def legacy(draw: Draw) -> Sample:
    average, reduce = draw.choice([True, False, None]), draw.choice([True, False, None])
    shape = draw.shape(2, 2)
    return Sample(
        lambda t, x, z, y: (
            t.nn.functional.hinge_embedding_loss(x, y, 1.01, average, reduce),
            t.nn.functional.margin_ranking_loss(x, z, y, 0.0123, average, reduce),
            t.nn.functional.cosine_embedding_loss(x, z, y[:, 0], 0.1234, average, reduce),
            t.nn.functional.soft_margin_loss(x, y, average, reduce),
            t.nn.functional.multilabel_soft_margin_loss(x, (y + 1) // 2, None, average, reduce),
        ),
        [*draw.apart(2, *[max(side, 1) for side in shape]), _signs(draw, *[max(side, 1) for side in shape])],
    )


@samples("norm", "triplet_margin_loss", tolerance=5)
def triplet_margin(draw: Draw) -> Sample:
    shape, reduction, swap = (draw.side(), draw.side() + 1), draw.choice(REDUCTIONS), draw.flag()
    return Sample(
        lambda t, a, b, c: (
            t.nn.functional.triplet_margin_loss(a, b, c, 0.777, swap=swap, reduction=reduction),
            t.nn.functional.triplet_margin_loss(a, b, c, 0.777, 1, 1e-3, swap, None, None, reduction),
            t.nn.functional.triplet_margin_with_distance_loss(a, b, c, margin=0.777, swap=swap, reduction=reduction),
            t.nn.functional.triplet_margin_with_distance_loss(
                a, b, c, distance_function=lambda x, y: (x - y).square().sum(-1), margin=0.777, reduction=reduction
            ),
        ),
        [draw.array(*shape) for _ in range(3)],
    )
