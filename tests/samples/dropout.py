"""Samples of `tensor.nn.functional.dropout`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("mul", "dropout of nothing and of everything", gradcheck=False)
def dropout(draw: Draw) -> Sample:
    p, training = draw.choice([(0.0, True), (1.0, True), (0.5, False)])
    return Sample(
        lambda t, a: (
            t.nn.functional.dropout(a, p, training), t.nn.functional.alpha_dropout(a, p, training),
            t.nn.functional.feature_alpha_dropout(a, p, training),
        ),
        [draw.array(*draw.shape(2, 4))],
        gradients=False,
    )  # fmt: skip
