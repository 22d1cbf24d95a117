"""R14: `as_training_data` copies into a fresh unmarked leaf, is counted, and raises inside."""

import numpy as np
import pytest

import tensor as T


def test_copies_into_an_unmarked_leaf():
    with T.inference_mode():
        marked = T.ones(3)
    before = T.training_copies()
    data = T.as_training_data(marked)
    assert not data.is_inference()
    assert data.origin is None
    assert not data.requires_grad
    assert data.is_leaf
    assert not np.shares_memory(data.numpy(), marked.numpy())
    assert T.training_copies() == before + 1
    data.requires_grad_()
    (data * 2).sum().backward()
    assert data.grad.tolist() == [2, 2, 2]
    assert marked.is_inference()


def test_of_an_unmarked_tensor_it_copies_and_counts_nothing():
    weight = T.ones(3, requires_grad=True)
    before = T.training_copies()
    data = T.as_training_data(weight)
    assert not data.requires_grad
    assert T.training_copies() == before


def test_raises_inside():
    before = T.training_copies()
    with T.inference_mode():
        marked = T.ones(3)
        with pytest.raises(T.InferenceModeError, match="as_training_data"):
            T.as_training_data(marked)
    assert T.training_copies() == before
