"""What is kept for backward, and that it is let go of as backward proceeds."""

import gc
import tracemalloc
import weakref

import pytest

import tensor as T
from tensor.autograd import Function

SIZE = 100_000


@pytest.fixture(autouse=True)
def no_garbage_collector():
    """Nothing here may wait for the garbage collector."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_backward_frees_what_was_kept():
    weight, x = T.ones(3, requires_grad=True), T.ones(3)
    loss = (weight * x).sum()
    memory = weakref.ref(x._data)
    del x
    assert memory() is not None
    loss.backward()
    assert memory() is None


def test_with_retain_graph_it_stays():
    weight, x = T.ones(3, requires_grad=True), T.ones(3)
    loss = (weight * x).sum()
    memory = weakref.ref(x._data)
    del x
    loss.backward(retain_graph=True)
    assert memory() is not None
    del loss
    assert memory() is None


def test_what_later_nodes_kept_is_gone_before_earlier_rules_run():
    alive = []

    class Look(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            alive.append([each() is not None for each in kept])
            return g

    weight = T.ones(3, requires_grad=True)
    factors = [T.full((3,), 2.0) for _ in range(3)]
    kept = [weakref.ref(each._data) for each in factors]
    y = weight
    while factors:
        y = Look.apply(y * factors.pop(0))
    y.sum().backward()
    assert alive == [[True, True, True], [True, True, False], [True, False, False]]
    assert weight.grad.tolist() == [8, 8, 8]


def peak_of(run):
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        run()
        _, peak = tracemalloc.get_traced_memory()
        return peak - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("step", [lambda y: y + 1, lambda y: y * 2, lambda y: y.tanh()], ids=["add", "mul", "tanh"])
def test_backward_holds_few_gradients_at_once(step):
    weight = T.ones(SIZE, requires_grad=True)
    y = weight
    for _ in range(50):
        y = step(y)
    loss = y.sum()
    del y
    assert peak_of(loss.backward) < 6 * SIZE * 4


def test_forward_keeps_only_what_rules_ask_for():
    weight = T.ones(SIZE, requires_grad=True)

    def forward():
        y = weight
        for _ in range(50):
            y = (y + 1) * 2  # neither rule needs an array
        return y.sum()

    assert peak_of(forward) < 4 * SIZE * 4


def test_leaves_get_their_gradients_as_soon_as_they_are_complete():
    """So that a hook may use and drop them: never are all of them there."""
    weights = [T.ones(SIZE, requires_grad=True) for _ in range(20)]
    for each in weights:
        each.register_post_accumulate_grad_hook(lambda leaf: setattr(leaf, "grad", None))
    y = T.ones(SIZE)
    for each in weights:
        y = y + each
    loss = y.sum()
    del y
    assert peak_of(loss.backward) < 8 * SIZE * 4


def test_a_node_keeps_no_tensor_alive_through_its_metadata():
    result = T.ones(3, requires_grad=True) * 2
    result.grad_fn.metadata["note"] = result.grad_fn.name()
    node = weakref.ref(result.grad_fn)
    del result
    assert node() is None
