"""`autograd.functional`: Jacobians of functions, and their products with vectors."""

import pytest

import tensor as T
from tensor.autograd import functional
from tensor.autograd.functional import jacobian, vjp


def test_jacobian_of_one_tensor():
    assert jacobian(T.exp, T.zeros(2)).tolist() == [[1, 0], [0, 1]]
    result = jacobian(lambda x: x.sum(0), T.ones(3, 2, dtype=T.float64))
    assert result.shape == (2, 3, 2)
    assert result.dtype is T.float64
    assert result[0].tolist() == [[1, 0]] * 3
    assert jacobian(lambda x: x.sum(), T.ones(3)).tolist() == [1, 1, 1]
    assert jacobian(lambda x: x[:0], T.ones(3)).shape == (0, 3)
    assert not result.requires_grad


def test_jacobian_of_several():
    a, b = T.ones(2), T.full((2,), 3.0)
    result = jacobian(lambda a, b: (a * b, a.sum()), (a, b), vectorize=True)
    assert [[each.tolist() for each in row] for row in result] == [
        [[[3, 0], [0, 3]], [[1, 0], [0, 1]]],
        [[1, 1], [0, 0]],
    ]
    (one,) = jacobian(lambda a: a * 2, (a,))
    assert one.tolist() == [[2, 0], [0, 2]]


def test_vjp():
    a, b = T.ones(2), T.full((2,), 3.0)
    value, (by_a, by_b) = vjp(lambda a, b: a * b, (a, b), T.tensor([1.0, 10.0]))
    assert (value.tolist(), by_a.tolist(), by_b.tolist()) == ([3, 3], [3, 30], [1, 10])
    value, product = vjp(lambda a: a.sum(), a)
    assert (value.item(), product.tolist()) == (2, [1, 1])
    assert not value.requires_grad
    (_, second), product = vjp(lambda a: (a * 2, a * 3), a, (T.ones(2), T.ones(2)))
    assert product.tolist() == [5, 5]
    assert second.tolist() == [3, 3]
    assert vjp(lambda a: a.detach().sum(), a)[1].tolist() == [0, 0]


def test_the_inputs_stay_as_they_are():
    leaf = T.ones(2, requires_grad=True)
    with T.no_grad():
        vjp(lambda a: a.sum(), leaf)
        jacobian(T.exp, leaf)
    assert leaf.grad is None
    constant = T.ones(2)
    jacobian(T.exp, constant)
    assert not constant.requires_grad


def test_strict():
    with pytest.raises(T.GradientError, match="Output 0 of the user-provided function does not require gradients"):
        jacobian(lambda a: a.detach(), T.ones(2), strict=True)
    with pytest.raises(T.GradientError, match="independent of input 1"):
        vjp(lambda a, b: a.sum(), (T.ones(2), T.ones(2)), strict=True)


def test_mistakes():
    with pytest.raises(TypeError, match=r"given to jacobian must be either a Tensor.*has type <class 'int'>"):
        jacobian(lambda a: 3, T.ones(2))
    with pytest.raises(TypeError, match="inputs given to vjp"):
        vjp(T.exp, 3)
    with pytest.raises(T.GradientError, match="v can only be None if"):
        vjp(lambda a: a * 2, T.ones(2))
    with pytest.raises(T.ShapeError, match="v has invalid size"):
        vjp(lambda a: a * 2, T.ones(2), T.ones(3))
    with pytest.raises(T.ShapeError, match="invalid length"):
        vjp(lambda a: a * 2, T.ones(2), (T.ones(2), T.ones(2)))


def test_what_needs_second_derivatives_is_refused():
    for name in ("hessian", "hvp", "vhp", "jvp"):
        with pytest.raises(NotImplementedError, match=f"functional.{name} needs gradients of gradients"):
            getattr(functional, name)(lambda a: a.sum(), T.ones(2))
    for use in (jacobian, vjp):
        with pytest.raises(NotImplementedError, match="create_graph"):
            use(lambda a: a.sum(), T.ones(2), create_graph=True)
    with pytest.raises(NotImplementedError, match="forward mode"):
        jacobian(T.exp, T.ones(2), strategy="forward-mode")


def test_inside_inference_mode_and_of_marked_tensors():
    with T.inference_mode():
        marked = T.ones(2)
        for use in (jacobian, vjp):
            with pytest.raises(RuntimeError, match="inference"):
                use(lambda a: a.sum(), marked)
    with pytest.raises(T.InferenceTensorError):
        vjp(lambda a: a.sum(), marked)
    with pytest.raises(T.InferenceTensorError, match="v is inference-only"):
        vjp(lambda a: a * 2, T.ones(2), marked)
