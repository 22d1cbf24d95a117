"""The backward pass: accumulation, freeing, retain_graph, inputs, autograd.grad."""

import copy
import gc
import math
import weakref

import numpy as np
import pytest

import tensor as T
from tensor.autograd import grad


@pytest.fixture
def weight():
    return T.tensor([1.0, 2.0, 3.0], requires_grad=True)


def test_sums_over_all_paths(weight):
    (weight * weight + weight.exp() * 0 + 3 * weight).sum().backward()
    assert weight.grad.tolist() == [5, 7, 9]


def test_accumulates_over_calls_in_place(weight):
    weight.sum().backward()
    first = weight.grad
    (2 * weight).sum().backward()
    assert weight.grad is first
    assert first.tolist() == [3, 3, 3]
    weight.grad = None
    weight.sum().backward()
    assert weight.grad.tolist() == [1, 1, 1]
    assert first.tolist() == [3, 3, 3]


def test_gradients_do_not_share_memory():
    a, b = T.ones(2, requires_grad=True), T.ones(2, requires_grad=True)
    g = T.ones(2)
    (a + b).backward(g)
    a.grad.add_(1)
    assert b.grad.tolist() == [1, 1]
    assert g.tolist() == [1, 1]
    c = T.ones(2, 2, requires_grad=True)
    c.sum().backward()
    c.grad[0, 0] = 5.0
    assert c.grad.tolist() == [[5, 1], [1, 1]]


def test_width_does_not_matter():
    x = T.ones(1, requires_grad=True)
    y = x
    for _ in range(60):
        y = y + y  # two paths each: 2**60 in all
    y.backward()
    assert x.grad.item() == 2**60


def test_a_second_backward_needs_retain_graph(weight):
    loss = (weight * weight).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert weight.grad.tolist() == [4, 8, 12]
    with pytest.raises(T.GradientError, match="Trying to backward through the graph a second time"):
        loss.backward()


def test_where_nothing_is_kept_a_second_backward_is_fine(weight):
    loss = (weight + 1).sum()
    loss.backward()
    loss.backward()
    assert weight.grad.tolist() == [2, 2, 2]


def test_a_graph_is_freed_without_the_garbage_collector(weight):
    gc.disable()
    try:
        result = weight.exp().tanh()
        node = weakref.ref(result.grad_fn)
        del result
        assert node() is None
    finally:
        gc.enable()


def test_needs_a_gradient_for_what_is_no_scalar(weight):
    with pytest.raises(T.GradientError, match="grad can be implicitly created only for scalar outputs"):
        (weight * 2).backward()
    (weight * 2).backward(T.tensor([1.0, 10.0, 100.0]))
    assert weight.grad.tolist() == [2, 20, 200]
    with pytest.raises(T.ShapeError, match=r"Mismatch in shape: .*\[2\] and output\[0\] has a shape of \[3\]"):
        (weight * 2).backward(T.ones(2))
    with pytest.raises(TypeError):
        (weight * 2).backward(np.ones(3))


def test_needs_something_that_requires_grad():
    with pytest.raises(T.GradientError, match="does not require grad and does not have a grad_fn"):
        T.ones(1).backward()


def test_a_leaf_itself(weight):
    weight.backward(T.ones(3))
    assert weight.grad.tolist() == [1, 1, 1]


def test_inputs_limits_what_is_computed():
    a, b = T.ones(2, requires_grad=True), T.ones(2, requires_grad=True)
    (a * b).sum().backward(inputs=[a])
    assert a.grad.tolist() == [1, 1]
    assert b.grad is None


def test_inputs_may_be_no_leaves():
    a = T.ones(2, requires_grad=True)
    middle = a * 2
    (middle * 3).sum().backward(inputs=middle)
    assert middle.grad.tolist() == [3, 3]
    assert a.grad is None
    with pytest.raises(ValueError, match="cannot be empty"):
        (a * 2).sum().backward(inputs=[])
    with pytest.raises(T.GradientError, match="does not require grad"):
        (a * 2).sum().backward(inputs=T.ones(1))
    with pytest.raises(TypeError, match=r"inputs\[0\] is a int"):
        (a * 2).sum().backward(inputs=[3])


def test_several_roots():
    a = T.ones(2, requires_grad=True)
    T.autograd.backward([a.sum(), (a * 2).sum()], [None, T.tensor(3.0)])
    assert a.grad.tolist() == [7, 7]


def test_requires_grad_follows_the_operands(weight):
    assert (weight + 1).requires_grad
    assert not (T.ones(3) + 1).requires_grad
    assert not (weight > 1).requires_grad
    assert not weight.argmax().requires_grad
    assert not weight.long().requires_grad
    assert not weight.detach().requires_grad
    with T.no_grad():
        result = weight + 1
    assert not result.requires_grad
    assert result.is_leaf


def test_values_of_max_have_a_gradient_and_indices_none(weight):
    values, indices = weight.max(0)
    assert values.requires_grad
    assert not indices.requires_grad


def test_integers_cannot_require_grad():
    with pytest.raises(T.DtypeError, match="floating point"):
        T.tensor([1], requires_grad=True)
    with pytest.raises(T.DtypeError, match="floating point"):
        T.ones(1, dtype=T.int64).requires_grad_()


def test_requires_grad_of_a_result_cannot_be_turned_off(weight):
    with pytest.raises(T.GradientError, match="leaf variables"):
        (weight * 2).requires_grad_(False)


def test_grad(weight):
    middle = weight * 2
    loss = (middle * middle).sum()
    by_middle, by_weight = grad(loss, [middle, weight])
    assert by_middle.tolist() == [4, 8, 12]
    assert by_weight.tolist() == [8, 16, 24]
    assert weight.grad is None


def test_grad_of_what_was_not_used(weight):
    other = T.ones(1, requires_grad=True)
    with pytest.raises(T.GradientError, match="at index 1 appears to not have been used in the graph"):
        grad(weight.sum(), [weight, other])
    with pytest.raises(ValueError, match="allow_unused=False"):
        grad(weight.sum(), [other], allow_unused=False, materialize_grads=True)
    with pytest.raises(ValueError, match="cannot be empty"):
        grad(weight.sum(), [])
    assert grad(weight.sum(), [other, weight], allow_unused=True)[0] is None
    assert grad(weight.sum(), [other], materialize_grads=True)[0].tolist() == [0]
    with pytest.raises(T.GradientError, match="does not require grad"):
        grad(weight.sum(), T.ones(1))


def test_grad_does_not_run_what_does_not_lead_to_the_inputs(weight):
    calls = []
    other = T.ones(3, requires_grad=True)
    branch = other * 2
    branch.register_hook(calls.append)
    grad((weight * 2 + branch).sum(), weight)
    assert len(calls) <= 1
    assert other.grad is None


def test_second_derivatives_are_refused_clearly(weight):
    with pytest.raises(T.UnsupportedError, match="create_graph"):
        weight.sum().backward(create_graph=True)
    with pytest.raises(NotImplementedError):
        grad(weight.sum(), weight, create_graph=True)


def test_grad_is_checked_when_assigned(weight):
    with pytest.raises(T.ShapeError):
        weight.grad = T.ones(2)
    with pytest.raises(T.DtypeError):
        weight.grad = T.ones(3, dtype=T.float64)
    with pytest.raises(T.DtypeError):
        weight.grad = np.ones(3)
    weight.grad = T.zeros(3)
    weight.sum().backward()
    assert weight.grad.tolist() == [1, 1, 1]


def test_gradients_are_cast_to_the_operands_dtype():
    single = T.ones(2, requires_grad=True)
    double = T.ones(2, dtype=T.float64, requires_grad=True)
    (single * double).sum().backward()
    assert single.grad.dtype is T.float32
    assert double.grad.dtype is T.float64


def test_views_whose_base_was_written_are_no_leaves(weight):
    base = T.ones(3)
    for use in (copy.deepcopy, lambda view: view.requires_grad_(False)):
        view = base[:2]
        base.mul_(weight)
        with pytest.raises(T.GradientError, match=r"lea(f|ves)"):
            use(view)


def test_grad_of_one_input_twice_gives_memory_of_their_own(weight):
    first, second = grad(weight.sum(), [weight, weight])
    first.mul_(5)
    assert second.tolist() == [1, 1, 1]


def test_grad_of_several_outputs(weight):
    middle = weight * 2
    outputs = [middle.sum(), (weight * weight).sum()]
    (by_weight,) = grad(outputs, weight, [None, T.tensor(10.0)])
    assert by_weight.tolist() == [22, 42, 62]


def test_grad_runs_only_what_leads_to_the_inputs(weight):
    middle = weight.exp()
    loss = (middle * middle).sum()
    grad(loss, middle)
    assert weight.exp().sum().grad_fn is not None
    middle.sum().backward()  # its rule was not run, so what it kept is still there
    assert weight.grad is not None


def test_backward_adds_to_what_is_there_in_any_layout():
    weight = T.ones(2, 3, requires_grad=True)
    weight.grad = T.zeros(3, 2).T
    kept = weight.grad
    (weight.T * 2).sum().backward()
    assert weight.grad is kept
    assert kept.tolist() == [[2, 2, 2], [2, 2, 2]]


def test_arguments_of_the_wrong_kind(weight):
    for use in (
        lambda: T.autograd.backward(5),
        lambda: T.autograd.backward([5]),
        lambda: grad(weight.sum(), 5),
        lambda: weight.backward(np.ones(3)),
        lambda: weight.backward(3.0),
    ):
        with pytest.raises(TypeError):
            use()
    with pytest.raises(T.ShapeError, match="one for each"):
        T.autograd.backward([weight.sum()], [None, None])
    with pytest.raises(T.UnsupportedError, match="vmap"):
        grad(weight.sum(), weight, is_grads_batched=True)


def test_a_gradient_in_another_dtype_is_cast(weight):
    weight.backward(T.ones(3, dtype=T.float64))
    assert weight.grad.dtype is T.float32


def test_no_grad_blocks_in_the_middle(weight):
    with T.no_grad():
        scale = weight * 2
        with T.enable_grad():
            inner = (weight * scale).sum()
    assert inner.requires_grad
    with T.no_grad():
        inner.backward()
    assert weight.grad.tolist() == [2, 4, 6]
    assert not scale.requires_grad


def test_graph_stats_counts_nodes(weight):
    before = T.autograd.graph_stats().nodes
    (weight * 2).sum()
    assert T.autograd.graph_stats().nodes == before + 2


def test_a_leaf_that_is_frozen_after_forward_gets_nothing():
    frozen, detached, trained = (T.ones(2, requires_grad=True) for _ in range(3))
    loss = (frozen * detached * trained).sum()
    frozen.requires_grad_(False)
    detached.detach_()
    loss.backward()
    assert frozen.grad is None
    assert detached.grad is None
    assert trained.grad.tolist() == [1, 1]


def test_rules_do_not_compute_in_bytes():
    """The integer operand of a float one would wrap around, or be taken to half precision."""
    power = T.tensor([2.0], dtype=T.float64, requires_grad=True)
    T.pow(T.tensor([200], dtype=T.uint8), power).backward()
    assert power.grad.item() == pytest.approx(200**2 * math.log(200), rel=1e-12)
    y = T.tensor([0.7], dtype=T.float64, requires_grad=True)
    T.atan2(T.tensor([200], dtype=T.uint8), y).backward()
    assert y.grad.item() == pytest.approx(-200 / (200**2 + 0.49), rel=1e-12)
    b = T.tensor([3.0], dtype=T.float64, requires_grad=True)
    T.xlogy(b, T.tensor([200], dtype=T.uint8)).backward()
    assert b.grad.item() == pytest.approx(math.log(200), rel=1e-12)


def test_nan_reaches_the_gradient_where_it_is_the_extreme():
    x = T.tensor([1.0, math.nan, 2.0], requires_grad=True)
    x.max().backward()
    assert x.grad.tolist() == [0, 1, 0]
    x.grad = None
    x.relu().sum().backward()
    assert x.grad.tolist() == [1, 1, 1]


def test_overflow_is_silent_everywhere():
    assert (T.tensor([300.0]).half() * 300).tolist() == [math.inf]
    assert T.tensor([1.0]).mul_(T.tensor([1e300], dtype=T.float64)).tolist() == [math.inf]
    assert T.tensor([1e300]).tolist() == [math.inf]
    x = T.tensor([math.inf, 1.0], requires_grad=True)
    (x * T.tensor([math.inf, 1.0], dtype=T.float64) - x * math.inf).sum().backward()
    assert math.isnan(x.grad[0].item())


def test_a_refused_write_leaves_things_as_they_were():
    b = T.ones(1, 2)
    with pytest.raises(T.ShapeError):
        b.addr_(T.ones(3), T.ones(3), beta=7)
    assert b.tolist() == [[1, 1]]


def test_many_pieces_join():
    pieces = [T.ones(2, requires_grad=True) for _ in range(3000)]
    T.cat(pieces).sum().backward()
    assert all(each.grad.tolist() == [1, 1] for each in pieces)
