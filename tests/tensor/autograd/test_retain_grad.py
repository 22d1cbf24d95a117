"""`retain_grad`: gradients of tensors that are no leaves."""

import pytest

import tensor as T


@pytest.fixture
def weight():
    return T.tensor([1.0, 2.0, 3.0], requires_grad=True)


def test_retain_grad(weight):
    middle = weight * 2
    middle.retain_grad()
    weight.retain_grad()
    (middle * 3).sum().backward()
    assert middle.grad.tolist() == [3, 3, 3]
    assert weight.grad.tolist() == [6, 6, 6]
    with pytest.raises(T.GradientError, match="retain_grad"):
        T.ones(1).retain_grad()


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


def test_what_is_retained_is_not_what_goes_on(weight):
    middle = weight * 2
    middle.retain_grad()
    middle.register_hook(lambda g: None if middle.grad is None else middle.grad.zero_() + g)
    loss = middle.sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert weight.grad.tolist() == [4, 4, 4]
    assert middle.grad.tolist() == [1, 1, 1]


def test_a_tensor_that_is_gone_retains_nothing(weight):
    middle = weight * 2
    middle.retain_grad()
    loss = middle.sum()
    del middle
    loss.backward()
    assert weight.grad.tolist() == [2, 2, 2]
