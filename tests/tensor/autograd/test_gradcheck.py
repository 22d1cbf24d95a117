"""`gradcheck` finds wrong gradients of every kind."""

import warnings

import pytest

import tensor as T
from tensor.autograd import Function, GradcheckError, gradcheck


def real(*shape):
    return T.rand(*shape, dtype=T.float64).add_(0.5).requires_grad_()


def function(forward, backward):
    """A custom function from two plain ones."""

    class Made(Function):
        @staticmethod
        def forward(ctx, *inputs):
            ctx.inputs = [each.detach() for each in inputs]
            return forward(*inputs)

        @staticmethod
        def backward(ctx, g):
            return backward(g, *ctx.inputs)

    return Made.apply


def scaled(by):
    return function(lambda a, b: a * b, lambda g, a, b: (g * b * by, g * a))


def test_what_is_right_passes():
    assert gradcheck(scaled(1), (real(3), real(3)))
    assert gradcheck(T.exp, real(2, 2))
    assert gradcheck(lambda a: (a * 2, a.detach() * 0 + 1, a.sum()), real(3))
    assert gradcheck(lambda a, n: a * n, (real(3), 2))
    assert gradcheck(lambda a: a * 2, real(0, 3))
    assert gradcheck(lambda a: (a.argmax(), a * 1), real(3))


@pytest.mark.parametrize("fast_mode", [False, True])
@pytest.mark.parametrize("by", [1.0005, 0.9995, -1, 0, 2])
def test_a_rule_that_is_wrong_by_a_twentieth_of_a_percent_or_more(by, fast_mode):
    assert gradcheck(scaled(1), (real(3), real(3)), atol=1e-7, rtol=1e-5, fast_mode=fast_mode)
    with pytest.raises(GradcheckError, match="output 0 with respect to input 0"):
        gradcheck(scaled(by), (real(3), real(3)), atol=1e-7, rtol=1e-5, fast_mode=fast_mode)
    assert not gradcheck(
        scaled(by), (real(3), real(3)), atol=1e-7, rtol=1e-5, fast_mode=fast_mode, raise_exception=False
    )


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (lambda a: a.exp(), lambda g, a: None),
        (lambda a: a * a, lambda g, a: g * a),
        (lambda a: a * a, lambda g, a: -g * 2 * a),
        (lambda a: a.sum(), lambda g, a: g * a),
        (lambda a: a.flip(0) * 2, lambda g, a: g * 2),
        (lambda a: a * a, lambda g, a: g.sum() * 2 * a),
    ],
    ids=["missing", "a factor missing", "wrong sign", "too much", "in other places", "mixed up"],
)
@pytest.mark.parametrize("fast_mode", [False, True])
def test_wrong_rules(forward, backward, fast_mode):
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(function(forward, backward), real(3), fast_mode=fast_mode)


def test_a_constant_that_is_none():
    with pytest.raises(GradcheckError, match="expected to be zero"):
        gradcheck(lambda a: a.detach() * 2, real(3))


def test_a_gradient_of_another_shape_is_refused_by_backward_itself():
    with pytest.raises(T.ShapeError, match="invalid gradient at index 0 - got"):
        gradcheck(function(lambda a: a * 2, lambda g, a: T.ones(7, dtype=T.float64)), real(3))


def test_functions_that_are_not_deterministic():
    calls = []

    def counting(a):
        calls.append(1)
        return a * len(calls)

    with pytest.raises(GradcheckError, match="not deterministic: output 0 of two calls"):
        gradcheck(counting, real(3))
    with pytest.raises(GradcheckError, match="not deterministic"):
        gradcheck(lambda a: T.nn.functional.dropout(a, 0.5), real(99))

    def jumping(g, a):
        calls.append(1)
        return g * (1 + 1e-9 * len(calls))

    for fast_mode in (False, True):
        with pytest.raises(GradcheckError, match="Backward is not reentrant"):
            gradcheck(function(lambda a: a * 1, jumping), real(3), fast_mode=fast_mode)
    assert gradcheck(function(lambda a: a * 1, jumping), real(3), nondet_tol=1e-6)


def test_what_there_is_to_check():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(T.exp, T.ones(2, dtype=T.float64))
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double precision"):
        assert gradcheck(lambda a: a * 2, T.ones(2, requires_grad=True), eps=1e-2)
    for bad in (real(1).expand(3), T.as_strided(real(4), (2, 2), (0, 1))):
        with pytest.raises(T.ArgumentError, match=r"0th input has a dimension with stride 0.*\.contiguous"):
            gradcheck(lambda a: a * 2, bad)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gradcheck(lambda a: a * 2, real(1, 3).expand(1, 3))


def test_what_is_not_supported():
    for name in ("check_forward_ad", "check_batched_grad", "check_batched_forward_grad"):
        with pytest.raises(NotImplementedError, match="forward mode"):
            gradcheck(T.exp, real(3), **{name: True})
    with pytest.raises(ValueError, match="at least one of"):
        gradcheck(T.exp, real(3), check_backward_ad=False)


def test_outputs_without_a_gradient_are_none_or_zeros_to_a_function():
    class Two(Function):
        @staticmethod
        def forward(ctx, a):
            ctx.set_materialize_grads(False)
            return a * 2, a * 3

        @staticmethod
        def backward(ctx, first, second):
            return first * 2 + second * 3  # fails where one is None

    with pytest.raises(TypeError):
        gradcheck(Two.apply, real(3))
