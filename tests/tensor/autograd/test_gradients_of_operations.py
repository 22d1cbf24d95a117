"""Every gradient rule in the registry, against finite differences in float64."""

from __future__ import annotations

import warnings

import pytest

import tensor as T
from tensor.autograd import gradcheck
from tests.samples import SAMPLES, Declared, Draw

SEEDS = range(6)
CHECKED = [each for each in SAMPLES if each.gradcheck]


@pytest.mark.parametrize("declared", CHECKED, ids=str)
def test_rules_agree_with_finite_differences(declared: Declared) -> None:
    for seed in SEEDS:
        sample = declared.make(Draw.seeded(seed, max_side=3))
        if not sample.gradients:
            continue
        inputs = [T.tensor(each, requires_grad=each.dtype.kind == "f") for each in sample.arrays]
        if not any(each.requires_grad and each.numel() for each in inputs):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # PyTorch's advice, such as on broadcast targets
            assert gradcheck(lambda *given, sample=sample: sample.fn(T, *given), inputs)
