"""What happens around gradients, in the order in which it happens, as in torch: hooks, leaves, functions, Jacobians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

import tensor as T  # noqa: E402

pytestmark = pytest.mark.oracle


def plain(value: Any) -> Any:
    """Tensors of either library as lists, in whatever holds them."""
    if isinstance(value, T.Tensor | torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def same(run: Callable[[Any], Any]) -> None:
    """Run a program with both libraries, and compare what it returns."""
    assert plain(run(T)) == plain(run(torch))


# ---- the order of things


def order_of_everything(t: Any) -> Any:
    seen: list[Any] = []
    weight = t.tensor([1.0, 2.0], requires_grad=True)
    middle = weight * 2
    middle.retain_grad()
    middle.register_hook(lambda g: seen.append(("tensor", g.tolist())))
    middle.grad_fn.register_hook(lambda inputs, outputs: seen.append(("after", plain(inputs), plain(outputs))))
    middle.grad_fn.register_prehook(lambda outputs: seen.append(("before", plain(outputs))))
    middle.register_hook(lambda g: seen.append(("again", middle.grad is None)))
    leaf = middle.grad_fn.next_functions[0][0]
    leaf.register_hook(lambda inputs, outputs: seen.append(("after leaf", plain(inputs), plain(outputs))))
    leaf.register_prehook(lambda outputs: seen.append(("before leaf", plain(outputs), weight.grad is None)))
    weight.register_post_accumulate_grad_hook(lambda leaf: seen.append(("accumulated", leaf.grad.tolist())))
    weight.register_hook(lambda g: seen.append(("leaf", g.tolist())))
    middle.sum().backward()
    return seen, middle.grad, weight.grad


def replaced_everywhere(t: Any) -> Any:
    weight = t.tensor([1.0, 2.0], requires_grad=True)
    middle = weight * 2
    middle.retain_grad()
    middle.register_hook(lambda g: g * 10)
    middle.register_hook(lambda g: g + 1)
    middle.grad_fn.register_prehook(lambda outputs: (outputs[0] * 2,))
    middle.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] + outputs[0], None))
    weight.register_hook(lambda g: g - 1)
    middle.sum().backward()
    return middle.grad, weight.grad


def hooks_before_and_after_a_write(t: Any) -> Any:
    seen: list[Any] = []
    weight = t.tensor([1.0, 2.0], requires_grad=True)
    middle = weight * 2
    middle.register_hook(lambda g: seen.append(("before", g.tolist())))
    middle.retain_grad()
    middle.mul_(3)
    middle.register_hook(lambda g: seen.append(("after", g.tolist())))
    middle[0] *= 5
    middle.sum().backward()
    return seen, middle.grad, weight.grad


def removed_hooks(t: Any) -> Any:
    seen: list[Any] = []
    weight = t.tensor([1.0], requires_grad=True)
    first = weight.register_hook(lambda g: seen.append(1))
    with weight.register_hook(lambda g: seen.append(2)):
        (weight * 1).backward()
    (weight * 1).backward()
    first.remove()
    first.remove()
    (weight * 1).backward()
    return seen, weight.grad


def grad_of_leaves_with_hooks(t: Any) -> Any:
    weight = t.tensor([1.0, 2.0], requires_grad=True)
    weight.register_hook(lambda g: g * 10)
    middle = weight * 2
    middle.register_hook(lambda g: g * 10)
    return t.autograd.grad(middle.sum(), weight), t.autograd.grad((weight * 2).sum(), weight)


def grad_of_a_middle_with_hooks(t: Any) -> Any:
    weight = t.tensor([1.0, 2.0], requires_grad=True)
    middle = weight * 2
    middle.register_hook(lambda g: g * 10)
    return t.autograd.grad(middle.sum(), middle)


def inputs_that_are_no_leaves(t: Any) -> Any:
    weight = t.tensor([1.0, 2.0], requires_grad=True)
    other = t.tensor([3.0, 4.0], requires_grad=True)
    middle = weight * other
    (middle * 3).sum().backward(inputs=[middle, other], retain_graph=True)
    first = middle.grad.clone(), other.grad.clone(), weight.grad
    (middle * 3).sum().backward(inputs=[middle])
    return first, middle.grad, other.grad


def gradients_accumulate(t: Any) -> Any:
    weight = t.tensor([1.0, 2.0], requires_grad=True)
    loss = (weight * weight).sum()
    loss.backward(retain_graph=True)
    kept = weight.grad
    loss.backward(retain_graph=True)
    seen = [kept is weight.grad, kept.clone()]
    weight.grad = None
    loss.backward()
    return seen, kept, weight.grad


def grad_in_many_ways(t: Any) -> Any:
    a, b, c = [t.tensor([each, 2.0], requires_grad=True) for each in (1.0, 3.0, 5.0)]
    middle = a * b
    outputs = [(middle * middle).sum(), middle]
    seeds = [None, t.tensor([1.0, 10.0])]
    return (
        t.autograd.grad(outputs, [a, middle, a], seeds, retain_graph=True),
        t.autograd.grad(outputs, [c, b], seeds, retain_graph=True, allow_unused=True),
        t.autograd.grad(outputs, [c, b], seeds, retain_graph=True, materialize_grads=True),
        a.grad is None,
    )


def a_node_that_is_not_needed_keeps_what_it_has(t: Any) -> Any:
    weight = t.tensor([1.0, 2.0], requires_grad=True)
    middle = weight * weight
    loss = (middle * middle).sum()
    t.autograd.grad(loss, middle)
    middle.sum().backward()
    return weight.grad


def next_functions(t: Any) -> Any:
    a, b = t.ones(2, requires_grad=True), t.ones(2)

    def names(result: Any) -> list[str | None]:
        return [each and each.name() for each, _ in result.grad_fn.next_functions]

    return [
        names(result)
        for result in (
            a * b, b * a, a + 1, a / b, b**a, a.exp(), a.sum(), t.where(a > 0, b, a), t.cat([b, a]),
            a.exp().tanh(), (a * a).mean(), a.clone(), t.maximum(a, b),
        )
    ]  # fmt: skip


def names_of_nodes(t: Any) -> Any:
    a = t.ones(2, 2, requires_grad=True)
    results = [
        a * 2, a + 1, a - 1, a / 2, a**2, -a, a.exp(), a.log(), a.sqrt(), a.abs(), a.tanh(), a.sigmoid(), a.relu(),
        a.sum(), a.mean(), a.clone(), a.permute(1, 0), a.expand(3, 2, 2), a.sin(), a.reciprocal(),
        t.cat([a, a]), t.stack([a, a]), t.where(a > 0, a, a), t.maximum(a, a), a.prod(), a.cumsum(0),
        a.gather(0, t.tensor([[0, 1]])), a.index_select(0, t.tensor([0])),
    ]  # fmt: skip
    return [each.grad_fn.name() for each in results]


PROGRAMS = [
    order_of_everything,
    replaced_everywhere,
    hooks_before_and_after_a_write,
    removed_hooks,
    grad_of_leaves_with_hooks,
    grad_of_a_middle_with_hooks,
    inputs_that_are_no_leaves,
    gradients_accumulate,
    grad_in_many_ways,
    a_node_that_is_not_needed_keeps_what_it_has,
    next_functions,
    names_of_nodes,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_programs(program):
    same(program)


# ---- custom functions


def functions(t: Any) -> Any:
    """Custom functions of every kind, defined with one of the libraries."""

    class Several(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, a: Any, scale: float, b: Any) -> Any:
            ctx.scale = scale
            ctx.save_for_backward(a, b, None)
            index = a.argmax()
            ctx.mark_non_differentiable(index)
            return a * b * scale, a + b, index

        @staticmethod
        def backward(ctx: Any, first: Any, second: Any, index: Any) -> Any:
            a, b, nothing = ctx.saved_tensors
            assert nothing is None
            assert index.shape == ()
            return first * b * ctx.scale + second, None, first * a * ctx.scale + second

    class InPlace(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.mark_dirty(x)
            return x.mul_(3)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 3

    class SetUp(t.autograd.Function):
        @staticmethod
        def forward(x: Any, n: int) -> Any:
            return x**n

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            x, ctx.n = inputs
            ctx.save_for_backward(x, output)
            ctx.set_materialize_grads(False)

        @staticmethod
        def vjp(ctx: Any, g: Any) -> Any:
            x, _ = ctx.saved_tensors
            return g * ctx.n * x ** (ctx.n - 1), None

    class Same(t.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        @t.autograd.function.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            return g * 7

    return Several, InPlace, SetUp, Same


def several_outputs(t: Any) -> Any:
    several, *_ = functions(t)
    a, b = t.tensor([1.0, 2.0], requires_grad=True), t.tensor([3.0, 4.0], requires_grad=True)
    one, two, index = several.apply(a, 2.0, b)
    (one * 10).sum().backward(retain_graph=True)
    first = a.grad.clone(), b.grad.clone()
    (one + two).sum().backward()
    names = [one.grad_fn.name(), len(one.grad_fn.next_functions), index.requires_grad, one.is_leaf]
    return first, a.grad, b.grad, index, names


def one_constant_input(t: Any) -> Any:
    several, *_ = functions(t)
    a, b = t.tensor([1.0, 2.0], requires_grad=True), t.tensor([3.0, 4.0])
    one, two, _ = several.apply(a, 2.0, b)
    places = [each is None for each, _ in one.grad_fn.next_functions]
    two.sum().backward()
    return a.grad, b.grad, places


def functions_in_place(t: Any) -> Any:
    _, in_place, *_ = functions(t)
    x = t.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    z = in_place.apply(y)
    (y + z).sum().backward()
    return z is y, x.grad


def functions_set_up(t: Any) -> Any:
    *_, set_up, _ = functions(t)
    x = t.tensor([1.0, 2.0], requires_grad=True)
    y = set_up.apply(x, 3)
    y.sum().backward()
    with t.no_grad():
        constant = set_up.apply(x, 3)
    return x.grad, y.grad_fn.name(), y.grad_fn.n, constant.requires_grad


def functions_that_return_their_input(t: Any) -> Any:
    *_, identity = functions(t)
    x = t.tensor([1.0, 2.0], requires_grad=True)
    y = identity.apply(x)
    y.sum().backward()
    return y is x, x.is_leaf, y.is_leaf, x.grad


@pytest.mark.parametrize(
    "program",
    [several_outputs, one_constant_input, functions_in_place, functions_set_up, functions_that_return_their_input],
    ids=lambda program: program.__name__,
)
def test_custom_functions(program):
    import tensor.autograd.function  # as torch's is there

    assert tensor.autograd.function.once_differentiable
    same(program)


# ---- Jacobians


@pytest.mark.parametrize(
    ("fn", "shapes"),
    [
        (lambda x: x.exp(), [(3,)]),
        (lambda x: x.sum(), [(2, 3)]),
        (lambda x: x @ x.t(), [(2, 3)]),
        (lambda a, b: (a * b, a.sum()), [(2,), (2,)]),
        (lambda a, b: a, [(2,), (3,)]),
        (lambda a: (a.detach(), a * 2), [(2,)]),
    ],
)
def test_jacobians_and_products(fn, shapes):
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape) for shape in shapes]

    def run(t: Any) -> Any:
        given = tuple(t.tensor(each) for each in arrays)
        given = given if len(given) > 1 else given[0]
        found = t.autograd.functional.jacobian(fn, given)
        outputs = fn(*given) if isinstance(given, tuple) else fn(given)
        listed = outputs if isinstance(outputs, tuple) else (outputs,)
        seeds = tuple(t.ones_like(each) for each in listed)
        return found, t.autograd.functional.vjp(fn, given, seeds if isinstance(outputs, tuple) else seeds[0])

    ours, theirs = run(T), run(torch)

    def compare(a: Any, b: Any) -> None:
        if isinstance(b, torch.Tensor):
            assert tuple(a.shape) == tuple(b.shape)
            np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=1e-12)
            return
        assert isinstance(a, tuple) == isinstance(b, tuple)
        for one, other in zip(a, b, strict=True):
            compare(one, other)

    compare(ours, theirs)


# ---- gradcheck agrees with torch's on what is right and what is wrong


@settings(max_examples=30, deadline=None)
@given(factor=st.sampled_from([1.0, 1.0005, 0.9995, 1.5, -1.0, 0.0]), fast=st.booleans(), seed=st.integers(0, 99))
def test_gradcheck(factor, fast, seed):
    array = np.random.default_rng(seed).normal(size=(2, 2)) + 3

    def run(t: Any) -> bool:
        class Scaled(t.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                ctx.save_for_backward(x)
                return x * x

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                return g * 2 * ctx.saved_tensors[0] * factor

        given = t.tensor(array, requires_grad=True)
        return t.autograd.gradcheck(Scaled.apply, given, rtol=1e-5, atol=1e-7, raise_exception=False, fast_mode=fast)

    assert run(T) == run(torch) == (factor == 1)


# ---- anomaly mode


def test_anomaly_mode_names_the_same_function():
    said = []
    for t in (T, torch):
        weight = t.tensor([0.0, 1.0], requires_grad=True)
        with pytest.raises(RuntimeError) as info, t.autograd.set_detect_anomaly(True):
            (weight.sqrt() * 0).sum().backward()
        said.append(str(info.value).partition(".")[0])
    assert said[0] == said[1] == "Function 'SqrtBackward0' returned nan values in its 0th output"
    assert not T.is_anomaly_enabled()
