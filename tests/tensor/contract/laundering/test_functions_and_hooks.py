"""Attempts by custom functions, hooks, and the gradients that are given to a backward pass."""

import numpy as np
import pytest

import tensor as T
from tests.tensor.contract.laundering.attempts import assert_cannot_train, assert_still_marked, refused


class Same(T.autograd.Function):
    """What the attempts change a part of."""

    @staticmethod
    def forward(ctx, x, *others):
        return x * 1

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def function(**parts):
    return type("Mine", (Same,), {name: staticmethod(part) for name, part in parts.items()})


def backward_through(weight, **parts):
    function(**parts).apply(weight).sum().backward()


FORWARDS = {
    "itself": lambda m: lambda ctx, x: m,
    "a detached view": lambda m: lambda ctx, x: m.detach()[:],
    "a product": lambda m: lambda ctx, x: x * m,
    "its array": lambda m: lambda ctx, x: T.from_numpy(m.numpy()),
    "one of several": lambda m: lambda ctx, x: (x * 1, m),
    "integers of it": lambda m: lambda ctx, x: m.long(),
    "not differentiable": lambda m: lambda ctx, x: (ctx.mark_non_differentiable(m), m)[1],
    "in place": lambda m: lambda ctx, x: (ctx.mark_dirty(x), x.copy_(m))[1],
    "into new memory": lambda m: lambda ctx, x: T.zeros(4).copy_(m),
}


@pytest.mark.parametrize("forward", FORWARDS.values(), ids=FORWARDS)
def test_return_it_from_the_forward_of_a_function(marked, weight, forward):
    recorded = weight * 1
    with refused(weight):
        function(forward=forward(marked)).apply(recorded)


def test_compute_the_forward_inside(weight):
    with refused(weight):
        function(forward=T.inference_mode(lambda ctx, x: x * 2)).apply(weight)


def test_write_it_inside_the_forward(marked, weight):
    def forward(ctx, x):
        out = T.zeros(4)
        with T.inference_mode():
            out.copy_(marked)
        return out

    with refused(weight):
        function(forward=forward).apply(weight)


def test_pass_it_to_a_function_beside_a_parameter(marked, weight):
    with refused(weight):
        Same.apply(weight, marked)
    with refused(weight):
        function(forward=lambda ctx, x, others: x * others[0]).apply(weight, [marked])


def test_return_it_from_a_function_within_a_list(marked, weight):
    (out,) = function(forward=lambda ctx, x: [marked]).apply(weight)
    assert_cannot_train(out)


BACKWARDS = {
    "itself": lambda m: lambda ctx, g: m,
    "a product": lambda m: lambda ctx, g: g * m,
    "in place": lambda m: lambda ctx, g: g.mul_(m),
    "an item set": lambda m: lambda ctx, g: (g.__setitem__(0, m[1]), g)[1],
    "chosen by it": lambda m: lambda ctx, g: T.where(m > 2, g, g * 2),
    "its array": lambda m: lambda ctx, g: T.from_numpy(m.numpy()),
    "made inside": lambda m: T.inference_mode(lambda ctx, g: g * 2),
}


@pytest.mark.parametrize("backward", BACKWARDS.values(), ids=BACKWARDS)
def test_return_it_from_the_backward_of_a_function(marked, weight, backward):
    with refused(weight):
        backward_through(weight, backward=backward(marked))
    with refused(weight):
        backward_through(weight, vjp=backward(marked), backward=T.autograd.Function.backward)


def test_save_it_for_backward(marked, weight):
    def forward(ctx, x):
        ctx.save_for_backward(marked)
        return x * 1

    for backward in (lambda ctx, g: ctx.saved_tensors[0], lambda ctx, g: g * ctx.saved_tensors[0]):
        with refused(weight):
            backward_through(weight, forward=forward, backward=backward)


def test_hang_it_on_the_context(marked, weight):
    def forward(ctx, x):
        ctx.kept = {"here": marked}
        return x * 1

    with refused(weight):
        backward_through(weight, forward=forward, backward=lambda ctx, g: g + ctx.kept["here"])


def test_return_it_from_a_tensors_hook(marked, weight):
    for hook in (
        lambda gradient: marked,
        lambda gradient: gradient * marked,
        lambda gradient: gradient.copy_(marked),
        T.inference_mode(lambda gradient: gradient * 2),
    ):
        for tensor, of in ((weight, lambda: weight), (None, lambda: weight * 1)):
            hooked = tensor if tensor is not None else of()
            with hooked.register_hook(hook), refused(weight):
                hooked.sum().backward()


def test_return_it_from_a_nodes_hooks(marked, weight):
    product = weight.sin()
    product.grad_fn.register_prehook(lambda outputs: (marked,))
    with refused(weight):
        product.sum().backward()
    product = weight.sin()
    product.grad_fn.register_hook(lambda inputs, outputs: (marked,))
    with refused(weight):
        product.sum().backward()


def test_return_it_from_the_hooks_of_where_a_leaf_gets_its_gradient(marked, weight):
    product = weight * 1
    (accumulator, _), *_ = product.grad_fn.next_functions
    with accumulator.register_prehook(lambda outputs: (marked,)), refused(weight):
        product.sum().backward(retain_graph=True)
    with accumulator.register_hook(lambda inputs, outputs: (marked,)):
        product.sum().backward()  # what comes after is not asked
    assert weight.grad.tolist() == [1] * 4


def test_return_it_from_the_hook_of_a_gradient_that_is_retained(marked, weight):
    product = weight * 1
    product.retain_grad()
    product.register_hook(lambda gradient: marked)
    with refused(weight, product.detach()):
        product.sum().backward()
    assert product.grad is None


def test_write_it_into_the_array_of_a_gradient(marked, weight):
    with pytest.raises(ValueError, match="read-only"):
        backward_through(weight, backward=lambda ctx, g: np.multiply(g.numpy(), marked, out=g.numpy()))
    assert weight.grad is None


def test_add_its_array_to_a_gradient(marked, weight):
    with refused(weight):
        backward_through(weight, backward=lambda ctx, g: g + marked.numpy())


def test_return_it_from_a_function_that_a_loss_calls(marked, weight):
    loss = T.nn.functional.triplet_margin_with_distance_loss
    rows = [weight[None] * factor for factor in (1, 2, 3)]
    with refused(weight):
        loss(*rows, distance_function=lambda a, b: (a - b).norm(dim=1) * marked[0])
    assert_cannot_train(loss(*rows, distance_function=lambda a, b: marked[0]))


def test_put_it_in_place_of_an_accumulated_gradient(marked, weight):
    weight.register_post_accumulate_grad_hook(lambda leaf: setattr(leaf, "grad", marked))
    with pytest.raises(T.InferenceTensorError):
        (weight * 1).sum().backward()
    assert weight.grad.tolist() == [1] * 4  # as it was before the hook


def test_start_a_backward_pass_with_it(marked, weight):
    with refused(weight):
        (weight * 1).backward(marked)
    with refused(weight):
        T.autograd.backward([weight * 1], [marked])
    with refused(weight):
        (weight * 1).backward(T.from_numpy(marked.numpy()))
    with refused(weight):
        T.autograd.grad(weight * 1, weight, marked)


def test_pull_it_back_by_the_functional_interface(marked, weight):
    for attempt in (
        lambda: T.autograd.functional.vjp(lambda x: x * 2, T.ones(4), marked),
        lambda: T.autograd.functional.vjp(lambda x: x * 2, marked, T.ones(4)),
        lambda: T.autograd.functional.vjp(lambda x: (x, x), T.ones(4), (T.ones(4), marked)),
        lambda: T.autograd.functional.jacobian(lambda x: x * 2, marked),
        lambda: T.autograd.functional.jacobian(lambda x: x * marked, T.ones(4)),
        lambda: T.autograd.functional.jacobian(lambda x: x * weight, T.inference_mode.run(T.ones, 4)),
    ):
        with refused(weight):
            attempt()


def test_differentiate_it(marked):
    for attempt in (
        marked.backward,
        marked.sum().backward,
        lambda: T.autograd.grad(marked.sum(), T.ones(4, requires_grad=True)),
        lambda: T.autograd.backward(marked, T.ones(4)),
    ):
        with refused():
            attempt()
    with pytest.raises(T.GradientError):
        T.autograd.grad((T.ones(4, requires_grad=True) * 2).sum(), marked)
    with pytest.raises(T.GradientError):
        marked.register_hook(print)
    with pytest.raises(T.GradientError):
        marked.retain_grad()
    assert_still_marked(marked)


def test_run_the_backward_pass_inside(weight):
    loss = (weight * 2).sum()
    with T.inference_mode(), refused(weight):
        loss.backward()
    with T.inference_mode(), refused(weight):
        T.autograd.grad(loss, weight)
    with T.inference_mode(), refused(weight):
        weight.register_hook(lambda gradient: gradient * 2)
    loss.backward()
    assert weight.grad.tolist() == [2] * 4
