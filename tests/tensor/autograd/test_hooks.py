"""Hooks of tensors: when they run, in which order, and what they may change."""

import pytest

import tensor as T
from tensor.autograd import grad


@pytest.fixture
def weight():
    return T.tensor([1.0, 2.0, 3.0], requires_grad=True)


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


def test_what_a_hook_returns_is_checked(weight):
    for returned, error, words in (
        (T.ones(2), T.ShapeError, "hook 'wrong' has changed the size of value"),
        (T.ones(3, dtype=T.float64), T.DtypeError, "has changed the type of value"),
        (3, TypeError, "expected Variable, but hook 'wrong' returned 'int'"),
    ):

        def wrong(g, returned=returned):
            return returned

        with weight.register_hook(wrong), pytest.raises(error, match=words):
            weight.sum().backward()
        assert weight.grad is None
    with pytest.raises(T.GradientError, match="doesn't require gradient"):
        T.ones(1).register_hook(print)
    with pytest.raises(T.GradientError, match="doesn't require gradient"):
        T.ones(1).register_post_accumulate_grad_hook(print)
    with pytest.raises(T.GradientError, match="cannot be registered on non-leaf"):
        (weight * 2).register_post_accumulate_grad_hook(print)


def test_everything_in_its_order(weight):
    seen = []
    middle = weight * 2
    middle.retain_grad()
    middle.register_hook(lambda g: seen.append("first of the tensor"))
    middle.grad_fn.register_hook(lambda inputs, outputs: seen.append(("after", len(inputs), len(outputs))))
    middle.grad_fn.register_prehook(lambda outputs: seen.append(("before", len(outputs))))
    middle.register_hook(lambda g: seen.append(("second of the tensor", middle.grad)))
    (leaf, _), _ = middle.grad_fn.next_functions
    leaf.register_hook(lambda inputs, outputs: seen.append(("after the leaf", inputs, outputs[0].tolist())))
    leaf.register_prehook(lambda outputs: seen.append(("before the leaf", weight.grad)))
    weight.register_post_accumulate_grad_hook(lambda leaf: seen.append(("accumulated", leaf.grad.tolist())))
    weight.register_hook(lambda g: seen.append("leaf"))
    middle.sum().backward()
    assert seen == [
        "first of the tensor",
        ("second of the tensor", None),
        ("before", 1),
        ("after", 2, 1),
        "leaf",
        ("before the leaf", None),
        ("accumulated", [2, 2, 2]),
        ("after the leaf", (), [2, 2, 2]),
    ]
    assert middle.grad.tolist() == [1, 1, 1]


def test_hooks_are_called_in_the_order_of_registration(weight):
    weight.register_hook(lambda g: g + 1)
    weight.register_hook(lambda g: g * 10)
    weight.sum().backward()
    assert weight.grad.tolist() == [20, 20, 20]


def test_hooks_that_come_and_go_during_the_pass(weight):
    seen = []

    def once(g):
        seen.append(g.tolist())
        handle.remove()
        weight.register_hook(lambda g: seen.append("later"))

    handle = weight.register_hook(once)
    weight.sum().backward()
    weight.sum().backward()
    assert seen == [[1, 1, 1], "later"]


def test_optimising_within_the_backward_pass(weight):
    """What post-accumulate hooks are for: gradients are used and dropped one after the other."""

    def step(leaf):
        with T.no_grad():
            leaf.sub_(leaf.grad, alpha=0.5)
        leaf.grad = None

    weight.register_post_accumulate_grad_hook(step)
    (weight * 2).sum().backward()
    assert weight.grad is None
    assert weight.tolist() == [0, 1, 2]
    assert grad(weight.sum(), weight)[0].tolist() == [1, 1, 1]  # nothing was accumulated, so nothing called
    assert weight.tolist() == [0, 1, 2]
    with weight.register_post_accumulate_grad_hook(lambda leaf: 5), pytest.raises(TypeError, match="returned 'int'"):
        weight.sum().backward()


def test_hooks_of_nodes_replace_gradients(weight):
    result = weight * 2
    result.grad_fn.register_prehook(lambda outputs: (outputs[0] * 10,))
    result.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] + outputs[0], None))
    result.sum().backward()
    assert weight.grad.tolist() == [30, 30, 30]


def test_what_a_hook_of_a_node_returns_is_checked(weight):
    for register, returned, error, words in (
        ("register_hook", 3, TypeError, "expected tuple, but hook"),
        ("register_hook", (T.ones(3),), T.GradientError, r"incorrect number of values \(got 1, but expected 2\)"),
        ("register_hook", (T.ones(2), None), T.ShapeError, "changed the size"),
        ("register_prehook", (T.ones(3), T.ones(3)), T.GradientError, r"\(got 2, but expected 1\)"),
    ):
        result = weight * 2
        getattr(result.grad_fn, register)(lambda *gradients, returned=returned: returned)
        with pytest.raises(error, match=words):
            result.sum().backward()
    assert weight.grad is None
    assert T.is_grad_enabled()


def test_grad_sees_what_hooks_replaced(weight):
    middle = weight * 2
    middle.register_hook(lambda g: g * 10)
    assert grad(middle.sum(), middle)[0].tolist() == [10, 10, 10]
    with weight.register_hook(lambda g: g * 2):
        assert grad(weight.sum(), weight)[0].tolist() == [2, 2, 2]


def test_backward_within_a_hook(weight):
    other = T.ones(2, requires_grad=True)

    def nested(g):
        with T.enable_grad():
            (other * 3).sum().backward()
        assert not T.is_grad_enabled()

    weight.register_hook(nested)
    weight.sum().backward()
    assert other.grad.tolist() == [3, 3]
    assert weight.grad.tolist() == [1, 1, 1]
    assert T.is_grad_enabled()


def test_backward_to_the_same_leaf_within_its_hook(weight):
    depth = []

    def nested(g):
        if len(depth) < 3:
            depth.append(1)
            with T.enable_grad():
                weight.sum().backward()

    weight.register_hook(nested)
    weight.sum().backward()
    assert weight.grad.tolist() == [4, 4, 4]


def test_what_was_accumulated_before_a_hook_failed_stays(weight):
    """As in PyTorch: leaves that were reached have their gradients, the others do not."""
    early, late = T.ones(3, requires_grad=True), T.ones(3, requires_grad=True)
    late.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ((late * 2) * early).sum().backward()
    assert late.grad is None
    assert T.is_grad_enabled()
    late._hooks.clear()
    ((late * 2) * early).sum().backward()
    assert late.grad.tolist() == [2, 2, 2]


def test_no_hooks_are_registered_inside_inference_mode(weight):
    middle = weight * 2
    leaf = middle.grad_fn.next_functions[0][0]
    with T.inference_mode():
        for register in (
            weight.register_hook,
            weight.register_post_accumulate_grad_hook,
            middle.grad_fn.register_hook,
            middle.grad_fn.register_prehook,
            leaf.register_hook,
            leaf.register_prehook,
        ):
            with pytest.raises(T.InferenceModeError, match="was called inside inference_mode"):
                register(print)


def test_hooks_of_nodes_must_not_return_marked_gradients(weight):
    with T.inference_mode():
        marked = T.ones(3)
    for register in ("register_hook", "register_prehook"):
        result = weight * 2
        getattr(result.grad_fn, register)(lambda *gradients: (marked, None) if len(gradients) > 1 else (marked,))
        with pytest.raises(T.InferenceTensorError, match="inference-only"):
            result.sum().backward()
    assert weight.grad is None
