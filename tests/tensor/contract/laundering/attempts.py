"""What every attempt to launder must end in: a refusal that changed nothing, or a tensor that still is marked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import tensor as T
from tensor import nn, optim

VALUES = [1.0, 2.0, 3.0, 4.0]
"""What the marked tensor of these attempts holds; unmarked ones hold zeros and ones at first."""

REFUSALS = (T.InferenceTensorError, T.InferenceModeError)


def assert_still_marked(*tensors: Any) -> None:
    """Fail unless each is an inference-only tensor, and no part of a graph."""
    assert tensors
    for each in tensors:
        assert isinstance(each, T.Tensor)
        assert each.is_inference()
        assert not each.requires_grad
        assert each.is_leaf
        assert each.grad_fn is None


def assert_cannot_train(*tensors: Any) -> None:
    """Fail unless each is marked, and whatever would bring it into training is refused."""
    assert_still_marked(*tensors)
    for each in tensors:
        weight = T.ones(1, requires_grad=True)
        for attempt in (
            lambda each=each: each.requires_grad_(),
            lambda each=each, weight=weight: (each * weight).sum().backward(),
            lambda each=each: nn.Parameter(each),
            lambda each=each: optim.SGD([each], lr=0.1),
            lambda each=each: T.zeros(each.shape, dtype=each.dtype).copy_(each),
            lambda each=each: each.sum().backward(),
        ):
            with pytest.raises(T.InferenceTensorError):
                attempt()
        assert weight.grad is None
        assert_still_marked(each)


@contextmanager
def refused(*untouched: T.Tensor) -> Iterator[None]:
    """Fail unless the contract refuses what the block does, and leaves these tensors as they were.

    Args:
        untouched: Unmarked tensors that the block tries to write to, or to give a gradient.
    """
    before = [_state(each) for each in untouched]
    with pytest.raises(REFUSALS):
        yield
    assert [_state(each) for each in untouched] == before
    assert not any(each.is_inference() for each in untouched)


def _state(tensor: T.Tensor) -> tuple[Any, ...]:
    gradient = None if tensor.grad is None else tensor.grad.tolist()
    return tensor.tolist(), tensor.requires_grad, gradient
