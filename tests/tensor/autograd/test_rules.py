"""Every gradient rule in the registry, against finite differences."""

import numpy as np
import pytest

import tensor as T
import tensor.nn.functional as F
from tensor.autograd import GradcheckError, gradcheck
from tensor.graph import Node
from tensor.ops.elementwise import binary
from tensor.registry import OPS, op


def real(*shape, seed=0, low=-2.0, high=2.0):
    array = np.random.default_rng([seed, *shape]).uniform(low, high, shape)
    return T.tensor(array, requires_grad=True)


def positive(*shape, seed=0):
    return real(*shape, seed=seed, low=0.5, high=2.0)


INDEX = T.tensor([[0, 2, 0], [1, 1, 2]])
MASK = T.tensor([[True, False, True], [False, False, True]])

# Each operation's name: functions, each with the inputs to check it at.
CASES = {
    "add": [(lambda a, b: a + b, real(2, 3), real(3, seed=1)), (lambda a, b: a.add(b, alpha=3), real(2), real(2))],
    "sub": [(lambda a, b: a - b, real(2, 3), real(2, 1)), (lambda a: 3 - a, real(2))],
    "mul": [(lambda a, b: a * b, real(2, 1), real(1, 3)), (lambda a: a * 3, real(2)), (lambda a: a * a, real(2))],
    "div": [(lambda a, b: a / b, real(2, 3), positive(3)), (lambda a: 2 / a, positive(2))],
    "floor_divide": [(lambda a, b: a.div(b, rounding_mode="floor"), real(2, 3), positive(3))],
    "trunc_divide": [(lambda a, b: a.div(b, rounding_mode="trunc"), real(2, 3), positive(3))],
    "remainder": [(lambda a, b: a % b, real(2, 3), positive(2, 3))],
    "pow": [
        (lambda a, b: a**b, positive(2, 3), real(3)),
        (lambda a: a**2, real(3)),
        (lambda a: a**3, real(3)),
        (lambda a: a**0, real(3)),
        (lambda a: 2**a, real(3)),
        (lambda a: a**-1.5, positive(3)),
    ],
    "maximum": [(lambda a, b: T.maximum(a, b), real(2, 3), real(3, seed=1))],
    "minimum": [(lambda a, b: T.minimum(a, b), real(2, 3), real(3, seed=1))],
    "clamp": [
        (lambda a: a.clamp(-1, 1), real(10)),
        (lambda a: a.clamp(min=0.5), real(10)),
        (lambda a: a.clamp(max=0.5), real(10)),
        (lambda a, low, high: a.clamp(low, high), real(10), real(10, seed=1), real(10, seed=2)),
        (lambda a, low: a.clamp(low), real(4, 3), real(3, seed=1)),
        (lambda a, high: a.clamp(max=high), real(4, 3), real(3, seed=1)),
    ],
    "where": [(lambda a, b: T.where(MASK, a, b), real(2, 3), real(3)), (lambda a: T.where(MASK, a, 0.0), real(2, 3))],
    "neg": [(lambda a: -a, real(3))],
    "abs": [(lambda a: abs(a), real(3))],
    "sign": [(lambda a: a.sign(), real(3))],
    "square": [(lambda a: a.square(), real(3))],
    "floor": [(lambda a: a.floor(), real(3))],
    "ceil": [(lambda a: a.ceil(), real(3))],
    "round": [(lambda a: a.round(), real(3))],
    "trunc": [(lambda a: a.trunc(), real(3))],
    "exp": [(lambda a: a.exp(), real(3))],
    "expm1": [(lambda a: a.expm1(), real(3))],
    "log": [(lambda a: a.log(), positive(3))],
    "log2": [(lambda a: a.log2(), positive(3))],
    "log10": [(lambda a: a.log10(), positive(3))],
    "log1p": [(lambda a: a.log1p(), positive(3))],
    "sqrt": [(lambda a: a.sqrt(), positive(3))],
    "rsqrt": [(lambda a: a.rsqrt(), positive(3))],
    "reciprocal": [(lambda a: a.reciprocal(), positive(3))],
    "sin": [(lambda a: a.sin(), real(3))],
    "cos": [(lambda a: a.cos(), real(3))],
    "erf": [(lambda a: a.erf(), real(5))],
    "relu": [(lambda a: a.relu(), real(8))],
    "sigmoid": [(lambda a: a.sigmoid(), real(3))],
    "tanh": [(lambda a: a.tanh(), real(3))],
    "softmax": [(lambda a: a.softmax(1), real(2, 3)), (lambda a: a.softmax(0), real(2, 3))],
    "log_softmax": [(lambda a: a.log_softmax(-1), real(2, 3)), (lambda a: a.log_softmax(0), real(2, 3))],
    "logsumexp": [
        (lambda a: a.logsumexp(1), real(2, 3)),
        (lambda a: a.logsumexp((0, 2), keepdim=True), real(2, 3, 2)),
    ],
    "sum": [
        (lambda a: a.sum(), real(2, 3)),
        (lambda a: a.sum(1), real(2, 3)),
        (lambda a: a.sum((0, -1), keepdim=True), real(2, 3, 2)),
    ],
    "mean": [(lambda a: a.mean(), real(2, 3)), (lambda a: a.mean((0, 2)), real(2, 3, 2))],
    "var": [
        (lambda a: a.var(), real(2, 3)),
        (lambda a: a.var(1, keepdim=True), real(2, 3)),
        (lambda a: a.var((0, 1), correction=0), real(2, 3)),
    ],
    "std": [(lambda a: a.std(), real(2, 3)), (lambda a: a.std(0, unbiased=False), real(3, 2))],
    "prod": [
        (lambda a: a.prod(), real(2, 3)),
        (lambda a: a.prod(1), real(2, 3)),
        (lambda a: (a * T.tensor([1.0, 0.0, 1.0])).prod(), real(3)),
        (lambda a: a.prod(0, keepdim=True), real(3, 2)),
    ],
    "norm": [
        (lambda a: a.norm(), real(2, 3)),
        (lambda a: a.norm(dim=1, keepdim=True), real(2, 3)),
        (lambda a: a.norm(3, dim=(0, 2)), real(2, 3, 2)),
        (lambda a: a.norm(1, dim=0), real(2, 3)),
        (lambda a: a.norm(-1.5), positive(3)),
    ],
    "amax": [(lambda a: a.amax(), real(2, 3)), (lambda a: a.amax((0, 2), keepdim=True), real(2, 3, 2))],
    "amin": [(lambda a: a.amin(), real(2, 3)), (lambda a: a.amin(1), real(2, 3))],
    "max": [(lambda a: a.max(1).values, real(2, 3)), (lambda a: a.max(0, keepdim=True)[0], real(2, 3))],
    "min": [(lambda a: a.min(1).values, real(2, 3)), (lambda a: a.min(0, keepdim=True)[0], real(2, 3))],
    "sort": [(lambda a: a.sort(1).values, real(2, 3)), (lambda a: a.sort(0, descending=True)[0], real(3, 2))],
    "topk": [(lambda a: a.topk(2).values, real(2, 3)), (lambda a: a.topk(2, 0, largest=False)[0], real(3, 2))],
    "cumsum": [(lambda a: a.cumsum(0), real(3, 2)), (lambda a: a.cumsum(-1), real(2, 3))],
    "matmul": [
        (lambda a, b: a @ b, real(2, 3), real(3, 4)),
        (lambda a, b: a @ b, real(3), real(3)),
        (lambda a, b: a @ b, real(3), real(3, 2)),
        (lambda a, b: a @ b, real(2, 3), real(3)),
        (lambda a, b: a @ b, real(2, 2, 3), real(3, 2)),
        (lambda a, b: a @ b, real(2, 2, 3), real(3)),
        (lambda a, b: a @ b, real(3), real(2, 3, 2)),
        (lambda a, b: a @ b, real(2, 1, 2, 3), real(2, 3, 2)),
        (lambda a, b: a @ b, real(2, 3), real(2, 3, 2)),
    ],
    "view": [
        (lambda a: a.view(3, -1), real(2, 3)),
        (lambda a: a.T.reshape(-1), real(2, 3)),
        (lambda a: a.unsqueeze(1).squeeze(), real(2, 3)),
        (lambda a: a.flatten().unflatten(0, (3, 2)), real(2, 3)),
    ],
    "permute": [(lambda a: a.permute(2, 0, 1), real(2, 3, 4)), (lambda a: a.movedim(0, -1), real(2, 3, 4))],
    "transpose": [(lambda a: a.transpose(0, -1), real(2, 3, 4)), (lambda a: a.mT, real(2, 3))],
    "expand": [(lambda a: a.expand(2, 3, -1), real(3, 1)), (lambda a: a.expand(4), real())],
    "diagonal": [(lambda a: a.diagonal(), real(3, 4)), (lambda a: a.diagonal(1, 2, 0), real(2, 3, 4))],
    "clone": [(lambda a: a.clone(), real(2))],
    "cat": [
        (lambda a, b: T.cat([a, b, a], 1), real(2, 3), real(2, 1)),
        (lambda a, b: T.cat([a, T.ones(1), b]), real(2), real(3)),
    ],
    "stack": [(lambda a, b: T.stack([a, b], 1), real(2, 3), real(2, 3)), (lambda a: T.stack([a, a], -1), real(2))],
    "repeat": [(lambda a: a.repeat(2, 1, 3), real(2, 2)), (lambda a: a.tile(2), real(2, 2))],
    "flip": [(lambda a: a.flip(0, 1), real(2, 3))],
    "roll": [(lambda a: a.roll(1, 0), real(3, 2)), (lambda a: a.roll(2), real(3, 2))],
    "tril": [(lambda a: a.tril(), real(3, 3)), (lambda a: a.tril(-1), real(2, 3, 3))],
    "triu": [(lambda a: a.triu(1), real(3, 3))],
    "getitem": [
        (lambda a: a[1], real(2, 3)),
        (lambda a: a[..., ::2], real(2, 3)),
        (lambda a: a[None, :, 1:], real(2, 3)),
        (lambda a: a[0, 0], real(2, 3)),
        (lambda a: T.cat(a.split([1, 2], 1)[::-1], 1), real(2, 3)),
    ],
    "index": [
        (lambda a: a[[0, 0, 1]], real(2, 3)),
        (lambda a: a[MASK], real(2, 3)),
        (lambda a: a[:, INDEX], real(2, 3)),
        (lambda a: a[T.tensor([0, 1]), T.tensor([2, 2])], real(2, 3)),
    ],
    "setitem": [
        (lambda a, b: _with_item(a, (0, slice(1, None)), b), real(2, 3), real(2)),
        (lambda a, b: _with_item(a, MASK, b), real(2, 3), real()),
        (lambda a, b: _with_item(a, T.tensor([1, 0]), b), real(2, 3), real(2, 1)),
    ],
    "gather": [
        (lambda a: a.gather(1, INDEX), real(2, 3)),
        (lambda a: a.gather(0, INDEX[:, :2].clamp(max=1)), real(2, 3)),
    ],
    "scatter": [(lambda a, b: T.scatter(a, 1, INDEX[:, 1:], b), real(2, 3), real(2, 3))],
    "scatter_add": [(lambda a, b: T.scatter_add(a, 1, INDEX, b), real(2, 3), real(2, 3))],
    "index_select": [(lambda a: a.index_select(1, T.tensor([2, 0, 2])), real(2, 3))],
    "masked_fill": [(lambda a, b: a.masked_fill(MASK, b), real(2, 3), real())],
    "to_copy": [(lambda a: a.to(T.float64, copy=True), real(2))],
    "copy": [(lambda a, b: a.clone().copy_(b), real(2, 3), real(3))],
    "fill": [(lambda a, b: a.clone().fill_(b), real(2, 3), real())],
    "zero": [(lambda a: a.clone().zero_(), real(2))],
    # from tensor.nn.functional
    "linear": [
        (F.linear, real(2, 3), real(4, 3), real(4)),
        (F.linear, real(2, 2, 3), real(4, 3)),
        (F.linear, real(3), real(4, 3), real(4)),
    ],
    "embedding": [(lambda w: F.embedding(INDEX, w), real(3, 2))],
    "gelu": [(F.gelu, real(5))],
    "gelu_tanh": [(lambda a: F.gelu(a, approximate="tanh"), real(5))],
    "layer_norm": [
        (lambda a, w, b: F.layer_norm(a, (3,), w, b), real(2, 3), real(3, seed=1), real(3, seed=2)),
        (lambda a: F.layer_norm(a, (2, 3)), real(2, 2, 3)),
    ],
    "nll_loss": [
        (lambda a: F.nll_loss(a, T.tensor([2, 0])), real(2, 3)),
        (lambda a: F.nll_loss(a, T.tensor([2, 0]), reduction="none"), real(2, 3)),
    ],
}


def _with_item(input, key, value):
    copied = input.clone()
    copied[key] = value
    return copied


DIFFERENTIABLE = sorted(name for name, each in OPS.items() if each.differentiable)


def nodes_of(output):
    found, stack = [], [output.grad_fn]
    while stack:
        node = stack.pop()
        if isinstance(node, Node):
            found.append(node)
            stack.extend(node.edges)
    return found


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradcheck(name):
    assert name in CASES, f"add cases for the operation {name!r} to CASES"
    operation = OPS[name]
    covered = set()
    for fn, *inputs in CASES[name]:
        assert gradcheck(fn, inputs, atol=1e-7, rtol=1e-5)
        for node in nodes_of(fn(*inputs)):
            if node.op is operation:
                covered |= {operation.operand_name(at).split("[")[0] for at in node.plan.positions}
    ruled = set(operation.rules) if operation.joint is None else covered
    assert covered == ruled, f"{name}: these operands' rules were checked: {covered}"


def test_no_case_without_an_operation():
    assert set(CASES) <= set(DIFFERENTIABLE)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients_have_the_operands_dtype(name):
    """In float32, and mixed with float64, a gradient has the dtype and shape of what it is the gradient of."""
    for fn, *inputs in CASES[name]:
        singles = [T.tensor(each.detach().numpy(), dtype=T.float32, requires_grad=True) for each in inputs]
        output = fn(*singles)
        output.sum().backward()
        for single in singles:
            assert single.grad is None or (single.grad.dtype, single.grad.shape) == (T.float32, single.shape)


def wrong(by):
    return op(
        f"wrong_by_{by}",
        binary(np.multiply),
        input=lambda g, other: g * other * (1 + by),
        other=lambda g, input: g * input,
    )


@pytest.mark.parametrize("by", [0.0005, -0.0005])
def test_gradcheck_catches_a_rule_that_is_wrong_by_a_twentieth_of_a_percent(by):
    from tensor.dispatch import apply

    bad = wrong(by)
    try:
        with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"):
            gradcheck(lambda a, b: apply(bad, a, b), (real(3), real(3)), atol=1e-7, rtol=1e-5)
        assert not gradcheck(
            lambda a, b: apply(bad, a, b), (real(3), real(3)), atol=1e-7, rtol=1e-5, raise_exception=False
        )
    finally:
        del OPS[bad.name]


def test_gradcheck_needs_something_to_check():
    with pytest.raises(ValueError, match="require gradient"):
        gradcheck(T.exp, T.ones(2, dtype=T.float64))
    with pytest.raises(ValueError, match="float64"):
        gradcheck(T.exp, T.ones(2, requires_grad=True))


def test_gradcheck_of_several_outputs_and_of_a_constant():
    assert gradcheck(lambda a: (a * 2, a.detach() * 0 + 1, a.sum()), real(3))
    with pytest.raises(GradcheckError):
        gradcheck(lambda a: a.detach() * 2, real(3))
