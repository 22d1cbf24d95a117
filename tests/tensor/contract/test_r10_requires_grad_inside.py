"""R10: factories with requires_grad=True, and requires_grad_(True), raise inside. (Parameters: tests/tensor/nn.)"""

import numpy as np
import pytest

import tensor as T

FACTORIES = {
    "tensor": lambda **k: T.tensor([1.0], **k),
    "zeros": lambda **k: T.zeros(2, **k),
    "ones": lambda **k: T.ones(2, **k),
    "empty": lambda **k: T.empty(2, **k),
    "full": lambda **k: T.full((2,), 1.0, **k),
    "arange": lambda **k: T.arange(0.0, 3.0, **k),
    "linspace": lambda **k: T.linspace(0, 1, 2, **k),
    "eye": lambda **k: T.eye(2, **k),
    "rand": lambda **k: T.rand(2, **k),
    "randn": lambda **k: T.randn(2, **k),
    "zeros_like": lambda **k: T.zeros_like(T.ones(1), **k),
    "ones_like": lambda **k: T.ones_like(T.ones(1), **k),
    "full_like": lambda **k: T.full_like(T.ones(1), 2.0, **k),
    "rand_like": lambda **k: T.rand_like(T.ones(1), **k),
    "randn_like": lambda **k: T.randn_like(T.ones(1), **k),
}


@pytest.mark.parametrize("make", FACTORIES.values(), ids=FACTORIES)
def test_factories(make):
    assert make(requires_grad=True).requires_grad
    with T.inference_mode(), pytest.raises(T.InferenceModeError, match="requires_grad"):
        make(requires_grad=True)


def test_requires_grad_of_an_unmarked_tensor_raises_inside_too():
    unmarked = T.ones(2)
    with T.inference_mode(), pytest.raises(T.InferenceModeError):
        unmarked.requires_grad_()
    assert not unmarked.requires_grad


def test_turning_it_off_is_fine():
    weight = T.ones(2, requires_grad=True)
    with T.inference_mode():
        weight.requires_grad_(False)
    assert not weight.requires_grad


def test_wrapping_inside_gives_a_marked_tensor_over_the_same_memory():
    array = np.ones(3)
    with T.inference_mode():
        wrapped = T.from_numpy(array)
    assert wrapped.is_inference()
    assert np.shares_memory(wrapped.numpy(), array)
