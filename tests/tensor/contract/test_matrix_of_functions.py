"""The matrix once more for what users call: no function on the way to an operation loses a mark.

For each sample of `tests/samples`, with each operand marked in turn and all of them, in each mode. Whatever comes out
unmarked must not depend on marked data: it is computed again with other values in its place, and must stay the same.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import tensor as T
from tests.samples import SAMPLES, Declared, Draw, Sample
from tests.samples.calls import DTYPES

MODES: dict[str, Callable[[], Any]] = {"GRAD": nullcontext, "NO_GRAD": T.no_grad, "INFERENCE": T.inference_mode}
DETERMINISTIC = [each for each in SAMPLES if each.oracle]


def _tensors(arrays: Sequence[np.ndarray], marked: set[int], *, wanting: bool = False) -> list[Any]:
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


def _other(array: np.ndarray) -> np.ndarray:
    """Other values in the place of these: floats moved; integers, which may be indices, in another order."""
    if array.dtype.kind == "f":
        return np.asarray(array * 0.7 + 0.1, array.dtype)
    return np.flip(array)


def _computed(sample: Sample, arrays: Sequence[np.ndarray], marked: set[int], mode: str) -> list[Any] | None:
    """The results, or `None` where the contract forbids the whole."""
    with MODES[mode]():
        try:
            return _leaves(sample.fn(T, *_tensors(arrays, marked)))
        except (T.InferenceTensorError, T.InferenceModeError):
            return None


def _is_valid(sample: Sample) -> bool:
    try:
        sample.fn(T, *_tensors(sample.arrays, set()))
    except (T.TensorError, ValueError):
        return False  # it shows an error
    return True


def _samples(declared: Declared) -> list[Sample]:
    drawn = [declared.make(Draw.seeded(seed, DTYPES[declared.kinds[0]], max_side=3)) for seed in range(2)]
    return [each for each in drawn if _is_valid(each)]


@pytest.mark.parametrize("declared", DETERMINISTIC, ids=str)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_not_marked_does_not_depend_on_what_is(declared: Declared) -> None:
    for mode, sample in itertools.product(MODES, _samples(declared)):
        arrays = list(sample.arrays)
        for marked in [*({at} for at in range(len(arrays))), set(range(len(arrays)))]:
            results = _computed(sample, arrays, marked, mode) or []
            free = [at for at, each in enumerate(results) if not each.is_inference()]
            if not free:
                continue
            assert mode != "INFERENCE" or all(results[at]._storage is not None for at in free)
            moved = [_other(each) if at in marked else each for at, each in enumerate(arrays)]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                again = _computed(sample, moved, marked, mode)
            assert again is not None
            for at in free:
                np.testing.assert_array_equal(results[at]._data, again[at]._data, f"{declared}, {marked} marked")


@pytest.mark.parametrize("declared", DETERMINISTIC, ids=str)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_no_gradient_is_computed_with_marked_data(declared: Declared) -> None:
    """With marked operands beside trained ones: an error, or a gradient in which the marked data plays no part."""
    for sample in _samples(declared):
        arrays = list(sample.arrays)
        for at in range(len(arrays)):
            found = _gradients(sample, arrays, at)
            if found is not None:
                moved = [_other(each) if at == position else each for position, each in enumerate(arrays)]
                again = _gradients(sample, moved, at)
                assert again is not None
                for one, other in zip(found, again, strict=True):
                    np.testing.assert_array_equal(one, other, f"{declared}, operand {at} marked")


def _gradients(sample: Sample, arrays: Sequence[np.ndarray], marked: int) -> list[Any] | None:
    inputs = _tensors(arrays, {marked}, wanting=True)
    try:
        results = [each for each in _leaves(sample.fn(T, *inputs)) if each.requires_grad]
        if results:
            T.autograd.backward(results, [T.ones_like(each) for each in results])
    except (T.InferenceTensorError, T.InferenceModeError):
        return None
    return [None if each.grad is None else each.grad.numpy() for each in inputs]
