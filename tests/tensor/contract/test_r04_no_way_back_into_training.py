"""R4: no requires_grad_, .grad =, .data = or in-place write brings marked data into training."""

import contextlib

import pytest

import tensor as T

MODES = {"grad": contextlib.nullcontext, "no_grad": T.no_grad, "inference": T.inference_mode}


@pytest.fixture
def marked():
    with T.inference_mode():
        return T.ones(3)


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_requires_grad_raises_in_every_mode(marked, mode):
    with mode():
        with pytest.raises(T.InferenceTensorError, match="as_training_data"):
            marked.requires_grad_()
        with pytest.raises(T.InferenceTensorError):
            marked.requires_grad = True
        marked.requires_grad_(False)
    assert not marked.requires_grad


def test_tensor_of_marked_data_cannot_require_grad(marked):
    with pytest.raises(T.InferenceTensorError):
        T.tensor(marked, requires_grad=True)
    with pytest.raises(T.InferenceTensorError):
        T.tensor([marked.sum(), 1.0], requires_grad=True)
    with pytest.raises(T.InferenceTensorError):
        T.tensor(marked.numpy(), requires_grad=True)


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_assigning_grad_or_data_raises(marked, mode):
    weight = T.zeros(3, requires_grad=True)
    with mode():
        with pytest.raises(T.InferenceTensorError, match=r"\.grad"):
            weight.grad = marked
        with pytest.raises(T.InferenceTensorError, match=r"\.data"):
            weight.data = marked
    assert weight.grad is None
    assert weight.tolist() == [0, 0, 0]


WRITES = {
    "add_": lambda t, m: t.add_(m),
    "iadd": lambda t, m: t.__iadd__(m),
    "copy_": lambda t, m: t.copy_(m),
    "fill_": lambda t, m: t.fill_(m.sum()),
    "setitem": lambda t, m: t.__setitem__(0, m[0]),
    "setitem by index": lambda t, m: t.__setitem__(m.long(), 0.0),
    "setitem array": lambda t, m: t.__setitem__(slice(None), m.numpy()),
    "masked_fill_": lambda t, m: t.masked_fill_(m > 0, 2.0),
    "through a view": lambda t, m: t[1:].mul_(m[1:]),
    "clamp_": lambda t, m: t.clamp_(min=m),
    "scatter_": lambda t, m: t.scatter_(0, T.tensor([0]), m),
}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_writing_marked_data_into_an_unmarked_tensor_raises(marked, write, mode):
    target = T.zeros(3)
    with mode(), pytest.raises(T.InferenceTensorError, match="as_training_data"):
        write(target, marked)
    assert target.tolist() == [0, 0, 0]
    assert target._version == 0


def test_the_message_names_the_operand(marked):
    with pytest.raises(T.InferenceTensorError, match=r"add_: 'other' \(shape \[3\]"):
        T.zeros(3).add_(marked)


def test_gradient_arguments_must_not_be_marked(marked):
    weight = T.zeros(3, requires_grad=True)
    with pytest.raises(T.InferenceTensorError):
        (weight * 2).backward(marked)
    with pytest.raises(T.InferenceTensorError):
        T.autograd.grad(weight * 2, weight, marked)
    assert weight.grad is None


def test_hooks_must_not_return_marked_gradients(marked):
    weight = T.zeros(3, requires_grad=True)
    weight.register_hook(lambda gradient: marked)
    with pytest.raises(T.InferenceTensorError):
        (weight * 2).sum().backward()
    assert weight.grad is None


def test_backward_of_a_marked_tensor_says_why(marked):
    with pytest.raises(T.InferenceTensorError, match="inference-only"):
        marked.sum().backward()
