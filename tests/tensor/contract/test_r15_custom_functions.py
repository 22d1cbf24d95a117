"""R15: a custom Function that yields a marked tensor into a recorded graph raises."""

import pytest

import tensor as T


class Double(T.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, g):
        return g * 2


class MarksForward(Double):
    @staticmethod
    @T.inference_mode()
    def forward(ctx, x):
        return x * 2


class MarksBackward(Double):
    @staticmethod
    @T.inference_mode()
    def backward(ctx, g):
        return g * 2


@pytest.fixture
def weight():
    return T.ones(2, requires_grad=True)


def test_forward(weight):
    with pytest.raises(T.InferenceTensorError, match="MarksForward: forward returned"):
        MarksForward.apply(weight)


def test_backward(weight):
    result = MarksBackward.apply(weight).sum()
    with pytest.raises(T.InferenceTensorError, match=r"MarksBackward.*: backward returned"):
        result.backward()
    assert weight.grad is None


def test_where_nothing_is_recorded_it_may(weight):
    assert MarksForward.apply(T.ones(2)).is_inference()
    with T.no_grad():
        assert MarksForward.apply(weight).is_inference()
    with T.inference_mode():
        assert MarksForward.apply(weight).is_inference()


def test_a_function_is_an_operation(weight):
    class Sum(T.autograd.Function):
        @staticmethod
        def forward(ctx, a, b):
            raise AssertionError("computed")

    with T.inference_mode():
        marked = T.ones(2)
        assert Double.apply(T.ones(2)).is_inference()
    with pytest.raises(T.InferenceTensorError, match=r"Sum: operand 'inputs\[1\]'"):
        Sum.apply(weight, marked)
    assert Double.apply(marked).is_inference()


def test_the_taint_passes_through_numpy_in_forward():
    class Through(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return T.from_numpy(x.numpy() * 2)

    with T.inference_mode():
        marked = T.ones(2)
    assert Through.apply(marked).is_inference()
    assert not Through.apply(T.ones(2)).is_inference()
