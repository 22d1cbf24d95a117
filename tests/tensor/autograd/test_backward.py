"""The backward pass: accumulation, freeing, retain_graph, inputs, autograd.grad, hooks."""

import copy
import gc
import threading
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


def test_depth_does_not_matter():
    x = T.ones(1, requires_grad=True)
    y = x
    for _ in range(20_000):
        y = y + 0
    y.backward()
    assert x.grad.tolist() == [1]


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


def test_backward_frees_what_was_kept(weight):
    x = T.ones(3)
    loss = (weight * x).sum()
    memory = weakref.ref(x._data)
    del x
    assert memory() is not None
    loss.backward()
    gc.collect()
    assert memory() is None


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
    with pytest.raises(T.ShapeError, match=r"shape \[2\]; expected \[3\]"):
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
    with pytest.raises(T.GradientError, match="no leaf"):
        (a * b).sum().backward(inputs=a * 2)


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
    with pytest.raises(T.GradientError, match="not have been used in the graph"):
        grad(weight.sum(), [weight, other])
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


def test_hooks_of_leaves_see_the_sum_once(weight):
    seen = []
    handle = weight.register_hook(seen.append)
    (weight + weight * 2).sum().backward()
    assert [each.tolist() for each in seen] == [[3, 3, 3]]
    handle.remove()
    handle.remove()
    weight.sum().backward()
    assert len(seen) == 1


def test_hooks_replace_gradients(weight):
    middle = weight * 2
    middle.register_hook(lambda g: g * 10)
    with weight.register_hook(lambda g: g + 1):
        middle.sum().backward()
    assert weight.grad.tolist() == [21, 21, 21]


def test_a_hook_cannot_change_the_gradient_that_it_keeps(weight):
    kept = []
    weight.register_hook(kept.append)
    weight.sum().backward()
    kept[0].mul_(5)
    assert weight.grad.tolist() == [1, 1, 1]


def test_hooks_run_without_recording(weight):
    weight.register_hook(lambda g: modes.append(T.is_grad_enabled()))
    modes = []
    weight.sum().backward()
    assert modes == [False]
    assert T.is_grad_enabled()


def test_a_failing_hook_leaves_the_mode_as_it_was(weight):
    def fail(g):
        raise KeyError("hook")

    weight.register_hook(fail)
    with pytest.raises(KeyError):
        weight.sum().backward()
    assert T.is_grad_enabled()
    assert weight.grad is None


def test_hooks_are_checked(weight):
    with pytest.raises(T.GradientError, match="doesn't require gradient"):
        T.ones(1).register_hook(print)
    weight.register_hook(lambda g: T.ones(2))
    with pytest.raises(T.ShapeError, match="a hook returned"):
        weight.sum().backward()


def test_retain_grad(weight):
    middle = weight * 2
    middle.retain_grad()
    weight.retain_grad()
    (middle * 3).sum().backward()
    assert middle.grad.tolist() == [3, 3, 3]
    assert weight.grad.tolist() == [6, 6, 6]
    with pytest.raises(T.GradientError, match="retain_grad"):
        T.ones(1).retain_grad()


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


def test_grad_fn(weight):
    result = weight * 2
    assert result.grad_fn.name() == "MulBackward0"
    assert result.grad_fn.next_functions == ((weight, 0),)
    assert "MulBackward0" in repr(result.grad_fn)


def test_gradients_are_cast_to_the_operands_dtype():
    single = T.ones(2, requires_grad=True)
    double = T.ones(2, dtype=T.float64, requires_grad=True)
    (single * double).sum().backward()
    assert single.grad.dtype is T.float32
    assert double.grad.dtype is T.float64


def test_backward_in_another_thread(weight):
    import threading

    loss = (weight * weight).sum()
    thread = threading.Thread(target=loss.backward)
    thread.start()
    thread.join()
    assert weight.grad.tolist() == [2, 4, 6]


def test_retain_grad_comes_after_all_hooks_and_only_once(weight):
    middle = weight * 2
    middle.retain_grad()
    middle.retain_grad()
    middle.register_hook(lambda g: g * 10)
    middle.sum().backward()
    assert middle.retains_grad
    assert not weight.retains_grad
    assert middle.grad.tolist() == [10, 10, 10]
    assert weight.grad.tolist() == [20, 20, 20]


def test_retain_grad_follows_the_tensor_through_writes(weight):
    middle = weight * 2
    seen = []
    middle.register_hook(lambda g: seen.append(g.tolist()))
    middle.retain_grad()
    middle.mul_(3)
    middle[0] *= 5
    assert middle.retains_grad
    middle.sum().backward()
    assert middle.grad.tolist() == [1, 1, 1]
    assert seen == [[15, 3, 3]]
    assert weight.grad.tolist() == [30, 6, 6]


def test_retain_grad_of_views_whose_base_was_written(weight):
    base = T.ones(3)
    view, kept = base[:2], base[1:]
    base.mul_(weight)
    view.retain_grad()
    kept.retain_grad()
    base.mul_(2)
    (view * 3).sum().backward(retain_graph=True)
    (kept * 3).sum().backward()
    assert view.grad.tolist() == [3, 3]
    assert kept.grad.tolist() == [3, 3]
    assert weight.grad.tolist() == [6, 12, 6]


def test_views_whose_base_was_written_are_no_leaves(weight):
    base = T.ones(3)
    for use in (copy.deepcopy, lambda view: view.requires_grad_(False)):
        view = base[:2]
        base.mul_(weight)
        with pytest.raises(T.GradientError, match=r"lea(f|ves)"):
            use(view)


def test_threads_that_share_a_leaf_lose_no_gradient():
    size, threads, times = 500_000, 4, 10
    leaf = T.zeros(size, requires_grad=True)
    start = threading.Barrier(threads)

    def work():
        start.wait()
        for _ in range(times):
            leaf.sum().backward()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert leaf.grad.min().item() == leaf.grad.max().item() == threads * times
