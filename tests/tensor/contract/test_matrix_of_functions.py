"""The matrix once more for what users call: no function on the way to an operation loses a mark.

For each sample of `tests/samples`, with each operand marked in turn and all of them, in each mode.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import tensor as T
from tests.samples import SAMPLES, Declared, Draw

MODES: dict[str, Callable[[], Any]] = {"GRAD": nullcontext, "NO_GRAD": T.no_grad, "INFERENCE": T.inference_mode}


def _tensors(arrays: list[np.ndarray], marked: set[int], *, wanting: bool) -> list[Any]:
    made = []
    for at, array in enumerate(arrays):
        if at in marked:
            with T.inference_mode():
                made.append(T.tensor(array))
        else:
            made.append(T.tensor(array, requires_grad=wanting and array.dtype.kind == "f"))
    return made


def _leaves(result: Any) -> list[Any]:
    if isinstance(result, tuple | list):
        return [leaf for each in result for leaf in _leaves(each)]
    return [result] if isinstance(result, T.Tensor) else []


@pytest.mark.parametrize("declared", SAMPLES, ids=str)
@pytest.mark.parametrize("mode", MODES)
def test_what_is_computed_of_marked_data_is_marked(declared: Declared, mode: str) -> None:
    sample = declared.make(Draw.seeded(0, "float32", max_side=3))
    arrays = list(sample.arrays)
    choices = [{at} for at in range(len(arrays))] + [set(range(len(arrays)))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for marked in choices:
            with MODES[mode]():
                result = sample.fn(T, *_tensors(arrays, marked, wanting=False))
                assert [each.is_inference() for each in _leaves(result)] == [True] * len(_leaves(result)), marked


@pytest.mark.parametrize("declared", SAMPLES, ids=str)
def test_marked_data_does_not_meet_what_is_trained(declared: Declared) -> None:
    sample = declared.make(Draw.seeded(0, "float32", max_side=3))
    arrays = list(sample.arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for at in range(len(arrays)):
            operands = _tensors(arrays, {at}, wanting=True)
            if not any(each.requires_grad for each in operands):
                continue
            with pytest.raises(T.InferenceTensorError):
                sample.fn(T, *operands)
            assert all(each.grad is None for each in operands)
