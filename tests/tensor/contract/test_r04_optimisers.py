"""R4: nothing inference-only reaches parameters through an optimiser's options and state."""

import pytest

import tensor as T
from tensor import optim


@pytest.fixture
def weight():
    return T.nn.Parameter(T.ones(3))


@pytest.fixture
def marked():
    with T.inference_mode():
        return T.tensor([1.5, 2.5, 3.5])


def stepped(weight, make=optim.SGD, **options):
    optimizer = make([weight], lr=0.1, **options)
    weight.grad = T.ones(3)
    optimizer.step()
    return optimizer


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: m.numpy(), lambda m: [m]], ids=["tensor", "array", "list"])
def test_loading_marked_state(weight, marked, wrap):
    optimizer = stepped(weight, momentum=0.9)
    loaded = optimizer.state_dict()
    before = optimizer.state[weight]["momentum_buffer"].tolist()
    loaded["state"][0]["momentum_buffer"] = wrap(marked)
    with pytest.raises(T.InferenceTensorError, match="momentum_buffer"):
        optimizer.load_state_dict(loaded)
    assert optimizer.state[weight]["momentum_buffer"].tolist() == before


def test_loading_a_marked_step(weight, marked):
    optimizer = stepped(weight, optim.Adam)
    loaded = optimizer.state_dict()
    loaded["state"][0]["step"] = marked[0]
    with pytest.raises(T.InferenceTensorError, match="step"):
        optimizer.load_state_dict(loaded)


@pytest.mark.parametrize("name", ["lr", "betas", "weight_decay", "eps"])
def test_loading_marked_options(weight, marked, name):
    optimizer = stepped(weight, optim.Adam)
    loaded = optimizer.state_dict()
    loaded["param_groups"][0][name] = (marked[0], marked[1]) if name == "betas" else marked[0]
    with pytest.raises(T.InferenceTensorError, match=name):
        optimizer.load_state_dict(loaded)


def test_marked_state_that_was_set(weight, marked):
    optimizer = stepped(weight, momentum=0.9)
    optimizer.state[weight]["momentum_buffer"] = marked
    before = weight.tolist()
    with pytest.raises(T.InferenceTensorError, match="momentum_buffer"):
        optimizer.step()
    assert weight.tolist() == before


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.AdamW])
@pytest.mark.parametrize("name", ["lr", "weight_decay"])
def test_marked_options_that_were_set(weight, marked, make, name):
    optimizer = stepped(weight, make)
    optimizer.param_groups[0][name] = marked[0]
    before = weight.tolist()
    with pytest.raises(T.InferenceTensorError, match=name):
        optimizer.step()
    assert weight.tolist() == before


def test_marked_options_from_the_start(weight, marked):
    optimizer = optim.SGD([weight], lr=marked[0])
    weight.grad = T.ones(3)
    with pytest.raises(T.InferenceTensorError, match="lr"):
        optimizer.step()


def test_an_unmarked_tensor_may_be_the_learning_rate(weight):
    optimizer = optim.SGD([weight], lr=T.tensor(0.5))
    weight.grad = T.ones(3)
    optimizer.step()
    assert weight.tolist() == [0.5] * 3
