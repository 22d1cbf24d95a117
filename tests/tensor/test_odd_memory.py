"""Every operation on memory that is not a fresh row-major array: the same values and gradients as on one that is.

Reversed and strided arrays, transposed ones, broadcast ones (stride 0), read-only ones; and tensors that are empty or
have no dimensions at all.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensor as T
from tests.samples import SAMPLES, Declared, Draw, Sample


def _reversed(array: np.ndarray) -> np.ndarray:
    """The same values with negative strides."""
    turned = (..., *[slice(None, None, -1)] * array.ndim)
    return array[turned].copy()[turned]


def _strided(array: np.ndarray) -> np.ndarray:
    """The same values, every second element of a larger array."""
    larger = np.zeros([2 * size for size in array.shape], array.dtype)
    part = larger[(..., *[slice(None, None, 2)] * array.ndim)]
    part[...] = array
    return part


def _transposed(array: np.ndarray) -> np.ndarray:
    """The same values in column-major order."""
    return np.asfortranarray(array)


def _readonly(array: np.ndarray) -> np.ndarray:
    """The same values in memory that cannot be written."""
    frozen = np.array(array)
    frozen.flags.writeable = False
    return frozen


def _broadcast(array: np.ndarray) -> np.ndarray:
    """The first place of each dimension everywhere, with strides of 0: other values, so compared with a copy of it."""
    return np.broadcast_to(array[(..., *[slice(0, 1)] * array.ndim)], array.shape)


LAYOUTS = {
    "reversed": _reversed,
    "strided": _strided,
    "transposed": _transposed,
    "readonly": _readonly,
    "broadcast": _broadcast,
}
DETERMINISTIC = [each for each in SAMPLES if each.oracle]


def _computed(sample: Sample, arrays: list[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray | None]]:
    """The results of a sample on given arrays, and the gradients of their sum."""
    inputs = []
    for at, array in enumerate(arrays):
        tensor = T.from_numpy(array)
        inputs.append(tensor.requires_grad_() if sample.wants_gradient(at) else tensor)
    results = [each for each in _leaves(sample.fn(T, *inputs)) if isinstance(each, T.Tensor)]
    wanting = [each for each in results if each.requires_grad]
    if wanting:
        T.autograd.backward(wanting, [T.ones_like(each) for each in wanting])
    return [np.array(each.detach().numpy()) for each in results], [
        None if each.grad is None else each.grad.numpy() for each in inputs
    ]


def _leaves(result: Any) -> list[Any]:
    if isinstance(result, tuple | list):
        return [leaf for each in result for leaf in _leaves(each)]
    return [result]


def _assert_same(declared: Declared, seed: int, layout: Callable[[np.ndarray], np.ndarray]) -> None:
    if declared.op == "as_strided":
        return  # which is about the memory itself
    sample = declared.make(Draw.seeded(seed, "float64", max_side=3))
    odd = [layout(each) for each in sample.arrays]
    plain = [np.array(each, order="C") for each in odd]
    before = [each.copy() for each in odd]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            expected = _computed(sample, plain)
        except T.TensorError:
            return  # such as integers that are no permutation any more
        found = _computed(sample, odd)
    for ours, theirs in zip([*found[0], *found[1]], [*expected[0], *expected[1]], strict=True):
        assert (ours is None) == (theirs is None)
        if ours is not None:
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    for array, content in zip(odd, before, strict=True):
        np.testing.assert_array_equal(array, content, "the operation wrote into its operand")


@pytest.mark.parametrize("declared", DETERMINISTIC, ids=str)
def test_layouts(declared: Declared) -> None:
    for name, layout in LAYOUTS.items():
        for seed in range(2):
            try:
                _assert_same(declared, seed, layout)
            except BaseException as error:
                error.add_note(f"{name}, seed {seed}")
                raise


@pytest.mark.parametrize("declared", SAMPLES, ids=str)
def test_empty_tensors_give_a_result_or_an_error_of_ours(declared: Declared) -> None:
    for seed in range(3):
        sample = declared.make(Draw.seeded(seed, "float32", min_side=0, max_side=1))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                results, gradients = _computed(sample, list(sample.arrays))
            except (T.TensorError, ValueError):
                continue
        for array, gradient in zip(sample.arrays, gradients, strict=True):
            assert gradient is None or gradient.shape == array.shape
        assert results


@pytest.mark.parametrize("declared", SAMPLES, ids=str)
def test_tensors_without_dimensions(declared: Declared) -> None:
    for seed in range(3):
        sample = declared.make(Draw.seeded(seed, "float32", ndim=0))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                results, gradients = _computed(sample, list(sample.arrays))
            except (T.TensorError, ValueError):
                continue
        for array, gradient in zip(sample.arrays, gradients, strict=True):
            assert gradient is None or gradient.shape == array.shape
        assert results
