"""The softmax over clusters of classes beside torch's."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle.twins import check, floats

pytestmark = pytest.mark.oracle

TARGETS = {"all clusters": [0, 7, 19, 3, 9, 9], "shortlist": [0, 1, 2, 3, 2, 1], "rare": [19, 18, 17, 16, 15, 14]}


def make(torch, nn):
    return nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[5, 8, 14], div_value=2.0, head_bias=True)


@pytest.mark.parametrize("targets", TARGETS)
def test_losses(targets):
    check(make, floats(6, 16), np.array(TARGETS[targets]), call=lambda m, x, y: tuple(m(x, y)))


def test_one_example():
    check(make, floats(16), np.array(9), call=lambda m, x, y: (m(x, y).output, m(x, y).loss))


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_all_classes(scale):
    check(make, floats(40, 16) * scale, call=lambda m, x: m.log_prob(x))
    check(make, floats(40, 16) * scale, call=lambda m, x: m.predict(x), gradients=False)


@pytest.mark.parametrize("cutoffs", [[], [5, 5], [8, 5], [0, 5], [5, 20]])
def test_cutoffs_that_do_not_fit(cutoffs):
    import tensor

    with pytest.raises(ValueError, match="cutoffs"):
        tensor.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs)
