"""What users see of the graph: `grad_fn` and what hangs on it."""

import pytest

import tensor as T
from tensor.autograd import Function
from tensor.autograd.graph import AccumulateGrad, Node, saved_tensors_hooks


@pytest.fixture
def weight():
    return T.tensor([1.0, 2.0, 3.0], requires_grad=True)


def test_a_node_has_pytorchs_name(weight):
    result = weight * 2
    assert isinstance(result.grad_fn, Node)
    assert result.grad_fn.name() == "MulBackward0"
    assert repr(result.grad_fn).startswith("<MulBackward0 object at 0x")
    assert weight.grad_fn is None


def test_next_functions_has_an_entry_for_each_operand(weight):
    other = T.ones(3)
    ((leaf, output), none) = (weight * other).grad_fn.next_functions
    assert none == (None, 0)
    assert output == 0
    assert isinstance(leaf, AccumulateGrad)
    assert leaf.variable is weight
    assert leaf.name() == "torch::autograd::AccumulateGrad"
    assert leaf.next_functions == ()
    assert [each is None for each, _ in (other * weight).grad_fn.next_functions] == [True, False]
    assert [each is None for each, _ in (2 - weight).grad_fn.next_functions].count(False) == 1
    assert T.where(weight > 0, weight, other).grad_fn.next_functions == ((leaf, 0), (None, 0))
    assert [each is None for each, _ in T.cat([other, weight, weight]).grad_fn.next_functions] == [True, False, False]
    middle = weight.exp()
    assert middle.sum().grad_fn.next_functions == ((middle.grad_fn, 0),)


def test_a_leafs_node_is_equal_wherever_it_is_met(weight):
    first, second = [(weight * each).grad_fn.next_functions[0][0] for each in (1, 2)]
    assert first == second
    assert len({first, second}) == 1
    other = T.ones(3, requires_grad=True)
    assert (other * 1).grad_fn.next_functions[0][0] != first
    assert "AccumulateGrad" in repr(first)


def test_walking_the_graph(weight):
    loss = ((weight * 2).exp() + weight).sum()
    names, stack = [], [loss.grad_fn]
    while stack:
        node = stack.pop(0)
        names.append(node.name())
        stack += [each for each, _ in node.next_functions if each is not None]
    assert names == [
        "SumBackward0",
        "AddBackward0",
        "ExpBackward0",
        "torch::autograd::AccumulateGrad",
        "MulBackward0",
        "torch::autograd::AccumulateGrad",
    ]


def test_metadata(weight):
    node = (weight * 2).grad_fn
    assert node.metadata == {}
    node.metadata["note"] = 3
    assert node.metadata == {"note": 3}
    assert (weight * 2).grad_fn.metadata == {}


class Two(Function):
    @staticmethod
    def forward(ctx, a, scale, b):
        ctx.note = "kept"
        ctx.save_for_backward(a)
        return a * scale, a + b

    @staticmethod
    def backward(ctx, first, second):
        return first + second, None, None


def test_nodes_of_custom_functions(weight):
    one, two = Two.apply(weight, 2.0, T.ones(3))
    assert one.grad_fn.name() == "TwoBackward"
    assert one.grad_fn.note == two.grad_fn.note == "kept"
    assert one.grad_fn.saved_tensors[0] is weight
    assert [each is None for each, _ in one.grad_fn.next_functions] == [False, True]
    with pytest.raises(AttributeError):
        _ = one.grad_fn.nothing
    seen = []
    one.grad_fn.register_hook(lambda inputs, outputs: seen.append((len(inputs), len(outputs))))
    one.grad_fn.register_prehook(lambda outputs: (outputs[0], outputs[1]))
    one.grad_fn.metadata["note"] = 1
    assert two.grad_fn.metadata == {"note": 1}
    (one + two).sum().backward()
    assert seen == [(2, 2)]
    assert weight.grad.tolist() == [2, 2, 2]


def test_what_is_kept_cannot_be_packed():
    with pytest.raises(NotImplementedError, match="saved_tensors_hooks"):
        saved_tensors_hooks(lambda x: x, lambda x: x)
