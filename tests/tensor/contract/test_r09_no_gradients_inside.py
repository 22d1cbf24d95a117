"""R9: inside, backward, autograd.grad and register_hook raise before anything changes."""

import pytest

import tensor as T


@pytest.fixture
def weight():
    return T.ones(3, requires_grad=True)


def test_they_raise_and_change_nothing(weight):
    middle = weight * 2
    loss = (middle * middle).sum()
    seen = []
    with T.inference_mode():
        for forbidden in (
            lambda: loss.backward(),
            lambda: T.autograd.backward(loss),
            lambda: T.autograd.grad(loss, weight),
            lambda: weight.register_hook(seen.append),
            lambda: middle.register_hook(seen.append),
            lambda: middle.retain_grad(),
        ):
            with pytest.raises(T.InferenceModeError, match="inside inference_mode"):
                forbidden()
    assert weight.grad is None
    loss.backward()
    assert weight.grad.tolist() == [8, 8, 8]
    assert seen == []
    assert middle.grad is None


def test_no_grad_does_not_forbid_them(weight):
    loss = (weight * weight).sum()
    with T.no_grad():
        loss.backward()
    assert weight.grad.tolist() == [2, 2, 2]
