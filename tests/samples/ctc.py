"""Samples of `tensor.nn.functional.ctc`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


# Behind log_softmax: PyTorch's gradient is another one before it.
@samples("ctc_loss", tolerance=5)
def ctc_loss(draw: Draw) -> Sample:
    time, batch, classes, longest = (max(draw.side(), 1) for _ in range(4))
    blank, reduction = draw.integer(0, classes), draw.choice(["mean", "sum", "none"])
    labels = draw.integers(batch, longest, high=classes)
    labels = labels + (labels >= blank)
    lengths = draw.integers(batch, high=longest + 1)
    inputs = draw.integers(batch, low=1, high=time + 1)
    if draw.flag():
        labels = labels[[each for each in range(batch) for _ in range(lengths[each])], :1].reshape(-1)
    return Sample(
        lambda t, x, y, n, m: t.nn.functional.ctc_loss(x.log_softmax(-1), y, n, m, blank, reduction, True),
        [draw.array(time, batch, classes + 1), labels, inputs, lengths],
    )


@samples("ctc_loss", "ctc_loss of what may not fit", gradcheck=False, tolerance=5)
def ctc_loss_infinite(draw: Draw) -> Sample:
    time, batch, classes = (max(draw.side(), 1) for _ in range(3))
    labels, lengths = draw.integers(batch, 4, low=1, high=classes + 1), draw.integers(batch, high=5)
    inputs = draw.integers(batch, high=time + 1)
    return Sample(
        lambda t, x, y, n, m: t.nn.functional.ctc_loss(x.log_softmax(-1), y, n, m, reduction="none"),
        [draw.array(time, batch, classes + 1), labels, inputs, lengths],
        gradients=False,
    )


@samples("ctc_loss", "ctc_loss of one sequence", tolerance=5)
def ctc_loss_single(draw: Draw) -> Sample:
    time, reduction = max(draw.side(), 1), draw.choice(["mean", "sum", "none"])
    return Sample(
        lambda t, x: t.nn.functional.ctc_loss(
            x.log_softmax(-1), t.tensor([1]), t.tensor(time), t.tensor(1), reduction=reduction
        ),
        [draw.array(time, 3)],
    )
