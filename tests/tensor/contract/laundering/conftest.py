"""What the attempts start from."""

import pytest

import tensor as T
from tests.tensor.contract.laundering.attempts import VALUES


@pytest.fixture
def marked():
    """The data that somebody wants to train on."""
    with T.inference_mode():
        return T.tensor(VALUES)


@pytest.fixture
def weight():
    """What somebody wants to train with it."""
    return T.ones(4, requires_grad=True)
