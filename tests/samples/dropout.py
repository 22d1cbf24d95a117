"""Samples of `tensor.nn.functional.dropout` and `dropout_forms`: where chance plays no part."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw

CERTAIN = [(0.0, True), (1.0, True), (0.5, False)]


@samples("mul", "dropout of nothing and of everything", gradcheck=False)
def dropout(draw: Draw) -> Sample:
    p, training = draw.choice(CERTAIN)
    return Sample(
        lambda t, a: (
            t.nn.functional.dropout(a, p, training), t.nn.functional.alpha_dropout(a, p, training),
            t.nn.functional.feature_alpha_dropout(a, p, training), t.dropout(a, p, training),
            t.alpha_dropout(a, p, training), t.feature_dropout(a, p, training), t.feature_alpha_dropout(a, p, training),
        ),
        [draw.array(*draw.shape(2, 4))],
        inplace=lambda t, a: t.nn.functional.dropout(a, p, training, True) if p == 1 else a.mul_(1),
    )  # fmt: skip


@samples("mul", "dropout of channels of nothing and of everything", gradcheck=False)
def dropout_of_channels(draw: Draw) -> Sample:
    p, training = draw.choice(CERTAIN)
    name, ndim = draw.choice([("dropout1d", 2), ("dropout1d", 3), ("dropout2d", 3), ("dropout2d", 4), ("dropout3d", 5)])
    return Sample(
        lambda t, a: getattr(t.nn.functional, name)(a, p, training), [draw.array(*(draw.side() for _ in range(ndim)))]
    )


@samples("mul", "dropout by chance", oracle=False, gradcheck=False)
def dropout_by_chance(draw: Draw) -> Sample:
    name = draw.choice(["dropout", "alpha_dropout", "feature_alpha_dropout", "dropout2d"])
    shape = [max(side, 1) for side in draw.shape(4, 4)]
    return Sample(lambda t, a: getattr(t.nn.functional, name)(a, 0.4, True), [draw.array(*shape)])
