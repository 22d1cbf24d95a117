"""In-place operations and views in a recorded graph: right, or refused, but never silently wrong."""

import numpy as np
import pytest

import tensor as T
from tensor.autograd import gradcheck


def x64(*shape):
    return T.tensor(np.random.default_rng(7).uniform(0.5, 2, shape), requires_grad=True)


# Each is a function of leaves that writes in place somewhere; finite differences say what is right.
PROGRAMS = {
    "add_": (lambda a, b: (a * 2).add_(b), x64(3), x64(3)),
    "mul_ keeps the old value": (lambda a, b: (a * 2).mul_(b), x64(3), x64(3)),
    "mul_ by itself": (lambda a: _twice(a), x64(3)),
    "div_": (lambda a, b: (a * 2).div_(b), x64(3), x64(3)),
    "pow_": (lambda a: (a * 2).pow_(3), x64(3)),
    "exp_ keeps its result": (lambda a: (a * 2).exp_(), x64(3)),
    "relu_": (lambda a: (a - 1).relu_(), x64(5)),
    "clamp_": (lambda a: (a * 1).clamp_(0.8, 1.5), x64(9)),
    "chain": (lambda a, b: (a * b).add_(1).mul_(a).sqrt_(), x64(3), x64(3)),
    "fresh tensor": (lambda a: T.zeros(3, dtype=T.float64).add_(a * a), x64(3)),
    "setitem": (lambda a, b: _set(T.zeros(2, 3, dtype=T.float64), 0, a * b), x64(3), x64(3)),
    "setitem over history": (lambda a, b: _set(a * 2, (slice(None), 1), b), x64(2, 3), x64(2)),
    "augmented item": (lambda a, b: _augment(a * 2, b), x64(2, 3), x64(3)),
    "through a view": (lambda a, b: _through(a * 2, lambda t: t[0].mul_(b)), x64(2, 3), x64(3)),
    "through a view of a view": (lambda a, b: _through(a * 2, lambda t: t.T[1:][0].add_(b)), x64(2, 3), x64(2)),
    "through a reshaped view": (lambda a, b: _through(a * 2, lambda t: t.view(-1)[::2].mul_(b)), x64(2, 3), x64(3)),
    "view read after the base was written": (lambda a, b: _view_after_base(a, b), x64(2, 3), x64(3)),
    "two views": (lambda a, b: _two_views(a, b), x64(2, 3), x64(3)),
    "view of a constant": (lambda a: _through(T.ones(2, 3, dtype=T.float64), lambda t: t[1].mul_(a)), x64(3)),
    "old view of a constant": (lambda a: _old_view(a), x64(3)),
    "setitem of more dimensions": (lambda a, b: _set(a * 1, 0, b), x64(2, 3), x64(1, 1, 3)),
    "setitem of one element": (lambda a, b: _set(a * 1, (0, 1), b), x64(2, 3), x64(1, 1)),
    "index of more dimensions": (lambda a, b: _set(a * 1, T.tensor([1]), b), x64(2, 3), x64(1, 1, 1, 3)),
    "masked of more dimensions": (lambda a, b: _set(a * 1, T.ones(2, 3) > 0, b), x64(2, 3), x64(1, 6)),
    "masked": (lambda a, b: _set(a * 1, T.tensor([True, False, True]), b), x64(3), x64(2)),
    "index": (lambda a, b: _set(a * 1, T.tensor([2, 0]), b), x64(3), x64(2)),
    "scatter_add_": (lambda a, b: (a * 1).scatter_add_(0, T.tensor([0, 0]), b), x64(3), x64(2)),
    "copy_": (lambda a, b: (a * 1).copy_(b), x64(2, 3), x64(3)),
    "zero_": (lambda a: _through(a * 1, lambda t: t[0].zero_()), x64(2, 3)),
    "of a transposed base": (lambda a, b: _through(_base_like(a.T), lambda t: t.T[0].mul_(b)), x64(2, 3), x64(3)),
}


def _twice(a):
    t = a * 2
    return t.mul_(t.detach().clone() * 0 + 3)


def _set(t, key, value):
    t[key] = value
    return t


def _augment(t, b):
    t[0] += b
    t[1] *= t[0].clone()
    return t


def _through(t, write):
    write(t)
    return t


def _view_after_base(a, b):
    base = a * 2
    view = base[0]
    base.mul_(b)
    return view * 1


def _two_views(a, b):
    base = a * 2
    first, second = base[0], base.view(-1)[:4]
    first.mul_(b)
    second.add_(1)
    return first * second[:3] + base[1]


def _old_view(a):
    base = T.ones(2, 3, dtype=T.float64)
    view = base[0]
    base[0, 1] = a.sum()
    return view * a


def _base_like(t):
    return t.clone()


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_gradients(program):
    fn, *inputs = program
    assert gradcheck(fn, inputs, atol=1e-7, rtol=1e-5)


def test_the_tensor_gets_the_new_history():
    a = T.ones(3, requires_grad=True)
    t = a * 2
    assert t.add_(1) is t
    assert t.grad_fn.name() == "AddBackward0"
    constant = T.zeros(3)
    constant.add_(a)
    assert constant.requires_grad
    assert not constant.is_leaf


def test_leaves_that_require_grad_are_refused():
    weight = T.ones(3, requires_grad=True)
    for write in (
        lambda: weight.add_(1),
        lambda: weight.zero_(),
        lambda: weight.__setitem__(0, 1.0),
        lambda: weight._writable_array(),
        lambda: weight.normal_(),
    ):
        with pytest.raises(T.GradientError, match="a leaf Variable that requires grad"):
            write()
    for write in (lambda: weight[0].add_(1), lambda: weight.view(3)[1:].zero_()):
        with pytest.raises(T.GradientError, match="a view of a leaf Variable that requires grad"):
            write()
    assert weight.tolist() == [1, 1, 1]
    with T.no_grad():
        weight.add_(1)
        weight[0].mul_(3)
    assert weight.tolist() == [6, 2, 2]
    assert weight.is_leaf


def test_leaves_that_are_views_are_leaves_all_the_same():
    base = T.zeros(3)
    view = base[:2].requires_grad_()
    with pytest.raises(T.GradientError, match="a view of a leaf Variable that requires grad"):
        view.mul_(2)
    (view * 3).sum().backward()
    assert view.grad.tolist() == [3, 3]


def test_views_taken_before_the_leaf_required_a_gradient():
    leaf = T.ones(3)
    view = leaf[:2]
    with T.no_grad():
        unrecorded = leaf[:2]
    leaf.requires_grad_()
    with pytest.raises(T.GradientError, match="a view of a leaf Variable that requires grad"):
        view.mul_(2)
    with pytest.raises(T.GradientError, match="A view was created in no_grad mode"):
        unrecorded.mul_(2)
    with pytest.raises(T.GradientError, match="a view of a leaf Variable that requires grad"):
        view.normal_()
    assert leaf.tolist() == [1, 1, 1]
    assert not (view * 3).requires_grad  # it is what it was when it was taken


def test_integers_record_nothing():
    a = T.ones(3, requires_grad=True)
    t = T.zeros(3, dtype=T.int64)
    t.copy_(a * 2)
    t[0] = a[0] * 5
    assert t.tolist() == [5, 2, 2]
    assert not t.requires_grad


def test_further_dimensions_of_what_is_copied_are_refused():
    with pytest.raises(T.ShapeError, match=r"output with shape \[3\] doesn't match the broadcast shape \[1, 3\]"):
        T.zeros(3).copy_(T.ones(1, 3))
    with pytest.raises(T.ShapeError, match="0-dimension"):
        T.zeros(3).fill_(T.ones(1))


def test_views_made_without_gradients_are_refused():
    a = T.ones(3, requires_grad=True)
    base = a * 2
    with T.no_grad():
        view = base[0]
    with pytest.raises(T.GradientError, match="A view was created in no_grad mode"):
        view.mul_(a[0])
    assert base.tolist() == [2, 2, 2]


def test_a_view_without_gradients_of_a_constant_may_not_hide_history():
    a = T.ones(3, requires_grad=True)
    base = T.zeros(3)
    with T.no_grad():
        view = base[:]
    with pytest.raises(T.GradientError):
        view.add_(a)
    assert not base.requires_grad


def test_a_kept_operand_that_is_overwritten_raises():
    a = T.ones(3, requires_grad=True)
    t = a * 2
    result = t * t
    t.add_(1)
    with pytest.raises(T.GradientError, match=r"MulBackward0 kept its operand '(input|other)', which is at version 1"):
        result.sum().backward()


def test_a_kept_operand_that_is_overwritten_before_use_is_fine():
    a = T.ones(3, requires_grad=True)
    t = a * 2
    t.add_(1)
    (t * t).sum().backward()
    assert a.grad.tolist() == [12, 12, 12]


def test_an_optimiser_step_between_forward_and_backward_is_noticed():
    weight = T.ones(3, requires_grad=True)
    loss = (weight * weight).sum()
    with T.no_grad():
        weight._writable_array()[...] -= 1
    with pytest.raises(T.GradientError, match="modified by an inplace operation"):
        loss.backward()


def test_what_has_no_gradient_is_refused_in_place():
    a = T.ones(3, requires_grad=True)
    with pytest.raises(T.GradientError, match="no gradient"):
        (a * 2).logical_not_()
    with pytest.raises(T.GradientError, match="not be recorded"):
        (a * 2).normal_()


def test_overlapping_memory_is_refused():
    expanded = T.ones(1).expand(3)
    with pytest.raises(T.ShapeError, match="more than one element of the written-to tensor"):
        expanded.add_(1)


def test_shapes_and_dtypes_are_checked():
    with pytest.raises(T.ShapeError, match=r"output with shape \[3\] doesn't match the broadcast shape \[2, 3\]"):
        T.ones(3).add_(T.ones(2, 3))
    integers = T.ones(3, dtype=T.int64)
    with pytest.raises(T.DtypeError, match=r"tensor.float32 can't be cast to the desired output type tensor.int64"):
        integers.add_(0.5)
    with pytest.raises(T.DtypeError):
        integers.div_(2)
    assert integers.add_(T.ones(3, dtype=T.int32)).dtype is T.int64
    single = T.ones(3)
    assert single.add_(T.ones(3, dtype=T.float64)).dtype is T.float32
    assert integers.copy_(T.tensor([1.5, 2.5, 3.5])).tolist() == [1, 2, 3]


def test_detach_shares_memory_and_version_but_no_history():
    a = T.ones(3, requires_grad=True)
    t = a * 2
    t.detach().add_(1)
    assert t.tolist() == [3, 3, 3]
    assert t._version == 1
    assert t.grad_fn.name() == "MulBackward0"


def test_data_can_be_replaced():
    weight = T.ones(3, requires_grad=True)
    weight.data = T.zeros(2)
    assert weight.shape == (2,)
    weight.data.add_(1)
    assert weight.tolist() == [1, 1]
    assert weight.requires_grad
    with pytest.raises(T.DtypeError):
        weight.data = T.zeros(2, dtype=T.int64)


def test_detaching_in_place():
    a = T.ones(3, requires_grad=True)
    t = a * 2
    assert t.detach_() is t
    assert t.is_leaf
    assert not t.requires_grad
    (t.requires_grad_() * 3).sum().backward()
    assert t.grad.tolist() == [3, 3, 3]
    assert a.grad is None
    with pytest.raises(T.GradientError, match="Can't detach views in-place"):
        (a * 2)[0].detach_()
    with T.inference_mode():
        marked = T.ones(1)
    assert marked.detach_().is_inference()
