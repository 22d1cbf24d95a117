"""Custom functions."""

import pytest

import tensor as T
from tensor.autograd import Function, gradcheck
from tensor.autograd.function import once_differentiable


class MulAdd(Function):
    @staticmethod
    def forward(ctx, a, b, scale):
        ctx.save_for_backward(a, b)
        ctx.scale = scale
        return a * b * scale

    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        assert not T.is_grad_enabled()
        return g * b * ctx.scale, g * a * ctx.scale, None


class Split(Function):
    @staticmethod
    def forward(x):
        return x * 2, x * 3, x.argmax()

    @staticmethod
    def setup_context(ctx, inputs, output):
        (ctx.x,) = inputs
        ctx.mark_non_differentiable(output[2])

    @staticmethod
    def backward(ctx, first, second, third):
        return 2 * first + 3 * second


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        result = x.exp()
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, g):
        (result,) = ctx.saved_tensors
        return g * result


def double(*shape):
    return T.rand(*shape, dtype=T.float64, requires_grad=True)


def test_gradients():
    assert gradcheck(lambda a, b: MulAdd.apply(a, b, 3.0), (double(3), double(3)))
    assert gradcheck(Exp.apply, double(3))
    assert gradcheck(lambda x: Split.apply(x)[:2], double(3))


def test_attributes():
    a, b = T.ones(2, requires_grad=True), T.ones(2)
    result = MulAdd.apply(a, b, 3.0)
    assert result.grad_fn.name() == "MulAddBackward"
    assert "grad_fn=<MulAddBackward>" in repr(result)
    result.sum().backward()
    assert a.grad.tolist() == [3, 3]


def test_needs_input_grad_and_none():
    seen = []

    class Identity(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            return g, None

    a, b = T.ones(2, requires_grad=True), T.ones(2)
    result = Identity.apply(a, b)
    assert result is not a
    assert result.grad_fn is not None
    assert a.is_leaf
    result.sum().backward()
    assert seen == [(True, False)]
    assert a.grad.tolist() == [1, 1]


def test_unused_outputs_are_zeros_or_none():
    x = T.ones(2, requires_grad=True)
    _, second, index = Split.apply(x)
    assert not index.requires_grad
    second.sum().backward()
    assert x.grad.tolist() == [3, 3]

    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.set_materialize_grads(False)
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, first, second):
            assert first is None
            return second

    Two.apply(x)[1].sum().backward()
    assert x.grad.tolist() == [4, 4]


def test_all_outputs_used():
    x = T.ones(2, requires_grad=True)
    first, second, _ = Split.apply(x)
    (first * 10 + second + first).sum().backward()
    assert x.grad.tolist() == [25, 25]


def test_nothing_is_recorded_where_nothing_requires_grad():
    assert not MulAdd.apply(T.ones(2), T.ones(2), 1.0).requires_grad
    with T.no_grad():
        assert not Exp.apply(T.ones(2, requires_grad=True)).requires_grad


def test_a_second_backward_raises():
    x = T.ones(2, requires_grad=True)
    result = Exp.apply(x).sum()
    result.backward()
    with pytest.raises(T.GradientError, match="second time"):
        result.backward()


def test_what_was_saved_is_watched():
    x = T.ones(2, requires_grad=True)
    y = T.ones(2)
    result = MulAdd.apply(x, y, 1.0).sum()
    y.add_(1)
    with pytest.raises(T.GradientError, match="a tensor that MulAdd saved is at version 1"):
        result.backward()


def test_in_place():
    class AddOne(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.add_(1)

        @staticmethod
        def backward(ctx, g):
            return g * 5

    x = T.ones(2, requires_grad=True)
    t = x * 2
    result = AddOne.apply(t)
    assert result is t
    result.sum().backward()
    assert x.grad.tolist() == [10, 10]
    with pytest.raises(T.GradientError, match="leaf"):
        AddOne.apply(x)


def test_mistakes_in_backward():
    def function(gradient):
        class Bad(Function):
            @staticmethod
            def forward(ctx, x):
                return x * 1

            @staticmethod
            def backward(ctx, g):
                return gradient

        return Bad

    x = T.ones(2, requires_grad=True)
    for gradient, error, words in (
        ((T.ones(2), T.ones(2)), T.GradientError, r"expected 1, got 2"),
        (1.0, TypeError, "returned float"),
        (T.ones(3), T.ShapeError, r"invalid gradient at index 0 - got \[3\] but expected shape compatible with \[2\]"),
    ):
        with pytest.raises(error, match=words):
            function(gradient).apply(x).sum().backward()
    function((T.ones(2), None)).apply(x).sum().backward()  # trailing None for what is no input
    function(T.ones(4, 2)).apply(x).sum().backward()  # summed, as after broadcasting
    assert x.grad.tolist() == [5, 5]


def test_missing_methods():
    class Empty(Function):
        pass

    with pytest.raises(NotImplementedError, match="forward"):
        Empty.apply(T.ones(1))

    class OneWay(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

    with pytest.raises(NotImplementedError, match="either the backward or vjp method"):
        OneWay.apply(T.ones(1, requires_grad=True)).backward()

    class Saves(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3)
            return x * 1

    with pytest.raises(TypeError, match="save_for_backward"):
        Saves.apply(T.ones(1, requires_grad=True))


def test_the_context_does_not_keep_outputs_alive():
    import gc
    import weakref

    gc.disable()
    try:
        result = Exp.apply(T.ones(2, requires_grad=True))
        node = weakref.ref(result.grad_fn)
        del result
        assert node() is None
    finally:
        gc.enable()


def test_backward_by_its_other_name():
    class Named(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def vjp(ctx, g):
            return g * 7

    x = T.ones(2, requires_grad=True)
    Named.apply(x).sum().backward()
    assert x.grad.tolist() == [7, 7]

    class Both(Named):
        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(T.GradientError, match="Implementing both"):
        Both.apply(x).sum().backward()


def test_a_function_has_no_instances():
    with pytest.raises(T.GradientError, match=r"call Exp\.apply"):
        Exp()


def test_keyword_arguments_reach_forward():
    class Scale(Function):
        @staticmethod
        def forward(ctx, x, *, by):
            ctx.by = by
            return x * by

        @staticmethod
        def backward(ctx, g):
            return g * ctx.by

    x = T.ones(2, requires_grad=True)
    Scale.apply(x, by=3).sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_dirty_tensors_must_be_returned():
    class Forgets(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(T.GradientError, match="marked as dirty during the forward method were not returned"):
        Forgets.apply(T.ones(2, requires_grad=True) * 1)


def test_backward_within_backward():
    """Checkpointing does this: it computes a part of the model again, and goes back through that."""

    class Again(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x.exp()

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            with T.enable_grad():
                inner = x.detach().requires_grad_()
                T.autograd.backward(inner.exp(), g)
            assert not T.is_grad_enabled()
            return inner.grad

    x = double(3)
    assert gradcheck(lambda x: Again.apply(Again.apply(x)), x)


def test_a_failing_forward_or_backward_leaves_the_mode_as_it_was():
    class Fails(Function):
        @staticmethod
        def forward(ctx, x, now):
            if now:
                raise KeyError("forward")
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise KeyError("backward")

    x = T.ones(1, requires_grad=True)
    for fail in (lambda: Fails.apply(x, True), lambda: Fails.apply(x, False).backward()):
        with pytest.raises(KeyError):
            fail()
        assert T.is_grad_enabled()
    assert x.grad is None


def test_saved_tensors_are_gone_after_backward_and_stay_with_retain_graph():
    x = T.ones(2, requires_grad=True)
    result = Exp.apply(x)
    result.sum().backward(retain_graph=True)
    assert result.grad_fn.saved_tensors[0].tolist() == result.tolist()
    result.sum().backward()
    with pytest.raises(T.GradientError, match="after they have already been freed"):
        _ = result.grad_fn.saved_tensors


def test_a_list_is_no_result():
    class Listed(Function):
        @staticmethod
        def forward(ctx, x):
            return [x * 1]

        @staticmethod
        def backward(ctx, g):
            return g

    (only,) = Listed.apply(T.ones(1, requires_grad=True))
    assert not only.requires_grad  # as in PyTorch: several results are a tuple


def test_saved_tensors_by_their_older_name():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_variables
            return 2 * g * x

    x = T.tensor([3.0], requires_grad=True)
    Square.apply(x).backward()
    assert x.grad.tolist() == [6.0]
