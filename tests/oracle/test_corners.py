"""Corners that no random sample finds, against torch: special values, ties, empty tensors, and type promotion."""

import itertools
import math

import numpy as np
import pytest

import tensor as T

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
RANDOM = np.random.default_rng(0)


def array(*shape, dtype="float32", low=-3.0, high=3.0):
    values = RANDOM.uniform(low, high, shape)
    return values.astype(dtype) if dtype != "bool" else values > 0


def both(values, requires_grad=False):
    ours = T.tensor(values, requires_grad=requires_grad)
    theirs = torch.tensor(values, requires_grad=requires_grad)
    return ours, theirs


def leaves(result):
    """The tensors in a result, in order."""
    if isinstance(result, (tuple, list)):
        return [leaf for each in result for leaf in leaves(each)]
    return [result]


def assert_same(ours, theirs, rtol=1e-5, atol=1e-6):
    ours, theirs = leaves(ours), leaves(theirs)
    assert len(ours) == len(theirs)
    for mine, yours in zip(ours, theirs, strict=True):
        if not isinstance(yours, torch.Tensor):
            assert mine == yours
            continue
        assert str(mine.dtype).split(".")[1] == str(yours.dtype).split(".")[1]
        assert tuple(mine.shape) == tuple(yours.shape)
        wide = {"rtol": 2e-3, "atol": 2e-3} if "16" in str(mine.dtype) else {"rtol": rtol, "atol": atol}
        np.testing.assert_allclose(mine.detach().numpy(), yours.detach().numpy(), **wide)


def compare(fn, *arrays, gradients=True, **tolerance):
    """Run `fn(namespace, *tensors)` on both sides; compare the results, and the gradients by every float input."""
    pairs = [both(each, gradients and each.dtype.kind == "f") for each in arrays]
    ours = fn(T, *[mine for mine, _ in pairs])
    theirs = fn(torch, *[yours for _, yours in pairs])
    assert_same(ours, theirs, **tolerance)
    if not gradients:
        return
    for mine, yours in zip(leaves(ours), leaves(theirs), strict=True):
        assert mine.requires_grad == yours.requires_grad
    roots = [
        (mine, yours)
        for mine, yours in zip(leaves(ours), leaves(theirs), strict=True)
        if isinstance(yours, torch.Tensor) and yours.requires_grad
    ]
    if not roots:
        return
    seeds = [RANDOM.normal(size=tuple(yours.shape)).astype(yours.detach().numpy().dtype) for _, yours in roots]
    T.autograd.backward([mine for mine, _ in roots], [T.tensor(seed) for seed in seeds])
    torch.autograd.backward([yours for _, yours in roots], [torch.tensor(seed) for seed in seeds])
    for mine, yours in pairs:
        if yours.requires_grad:
            assert (mine.grad is None) == (yours.grad is None)
            if yours.grad is not None:
                assert_same(mine.grad, yours.grad, rtol=1e-4, atol=1e-5)


UNARY = {
    "neg": lambda t, x: -x,
    "abs": lambda t, x: t.abs(x),
    "exp": lambda t, x: t.exp(x),
    "expm1": lambda t, x: t.expm1(x),
    "log": lambda t, x: t.log(x),
    "log2": lambda t, x: t.log2(x),
    "log10": lambda t, x: t.log10(x),
    "log1p": lambda t, x: t.log1p(x),
    "sqrt": lambda t, x: t.sqrt(x),
    "rsqrt": lambda t, x: t.rsqrt(x),
    "reciprocal": lambda t, x: t.reciprocal(x),
    "square": lambda t, x: t.square(x),
    "sign": lambda t, x: t.sign(x),
    "floor": lambda t, x: t.floor(x),
    "ceil": lambda t, x: t.ceil(x),
    "round": lambda t, x: t.round(x),
    "round decimals": lambda t, x: t.round(x, decimals=1),
    "trunc": lambda t, x: t.trunc(x),
    "sin": lambda t, x: t.sin(x),
    "cos": lambda t, x: t.cos(x),
    "tanh": lambda t, x: t.tanh(x),
    "sigmoid": lambda t, x: t.sigmoid(x),
    "erf": lambda t, x: t.erf(x),
    "relu": lambda t, x: t.relu(x),
    "isnan": lambda t, x: t.isnan(x),
    "isinf": lambda t, x: t.isinf(x),
    "isfinite": lambda t, x: t.isfinite(x),
    "logical_not": lambda t, x: t.logical_not(x),
    "pow 2": lambda t, x: x**2,
    "pow 3": lambda t, x: x**3,
    "pow 0.5": lambda t, x: x**0.5,
    "pow -1": lambda t, x: x**-1.0,
    "rpow": lambda t, x: 2.0**x,
    "radd": lambda t, x: 1 + x,
    "rsub": lambda t, x: 1.5 - x,
    "rdiv": lambda t, x: 2 / x,
    "clamp": lambda t, x: x.clamp(-1, 0.5),
    "clamp min": lambda t, x: t.clamp(x, min=0),
    "clamp crossed": lambda t, x: t.clamp(x, 1, -1),
    "softmax": lambda t, x: x.softmax(-1),
    "softmax 0": lambda t, x: t.softmax(x, 0),
    "log_softmax": lambda t, x: x.log_softmax(1),
    "logsumexp": lambda t, x: t.logsumexp(x, 1),
    "cumsum": lambda t, x: x.cumsum(0),
    "norm": lambda t, x: x.norm(),
    "norm 1": lambda t, x: x.norm(1, dim=1),
    "norm inf": lambda t, x: x.norm(math.inf, dim=0, keepdim=True),
    "tril": lambda t, x: x.tril(1),
    "triu": lambda t, x: t.triu(x),
}


SPECIAL = ["exp", "log", "sqrt", "tanh", "sigmoid", "erf", "relu", "sign", "abs", "round", "isnan", "isinf", "clamp"]


@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(name):
    compare(UNARY[name], np.array([[np.inf, -np.inf, np.nan, 0.0, -0.0, 1e30]], np.float32), gradients=False)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_logits_with_infinities(name):
    compare(UNARY[name], np.array([[-np.inf, 0, 1], [-np.inf, -np.inf, 2], [1000, -1000, 1000]], np.float32))
    compare(UNARY[name], np.array([[-np.inf, -np.inf], [np.inf, 0]], np.float32), gradients=False)


BINARY = {
    "add": lambda t, a, b: a + b,
    "sub": lambda t, a, b: a - b,
    "mul": lambda t, a, b: a * b,
    "div": lambda t, a, b: a / b,
    "div floor": lambda t, a, b: t.div(a, b, rounding_mode="floor"),
    "div trunc": lambda t, a, b: t.div(a, b, rounding_mode="trunc"),
    "floordiv": lambda t, a, b: a // b,
    "mod": lambda t, a, b: a % b,
    "maximum": lambda t, a, b: t.maximum(a, b),
    "minimum": lambda t, a, b: t.minimum(a, b),
    "where": lambda t, a, b: t.where(a > 0, a, b),
    "eq": lambda t, a, b: a == b,
    "ne": lambda t, a, b: a != b,
    "lt": lambda t, a, b: a < b,
    "ge": lambda t, a, b: a >= b,
    "logical_and": lambda t, a, b: t.logical_and(a, b),
    "logical_xor": lambda t, a, b: t.logical_xor(a, b),
    "isclose": lambda t, a, b: t.isclose(a, b),
}


def test_ties_share_the_gradient():
    same = np.array([1.0, 2.0, 3.0], np.float32)
    compare(BINARY["maximum"], same, same)
    compare(BINARY["minimum"], same, same)
    compare(lambda t, a: a.amax(), np.array([1.0, 3.0, 3.0], np.float32))
    compare(lambda t, a: a.max(), np.array([1.0, 3.0, 3.0], np.float32))
    compare(lambda t, a: a.max(0), np.array([1.0, 3.0, 3.0], np.float32))


PROMOTED = ["add", "mul", "div", "maximum", "eq", "where"]


@pytest.mark.parametrize("name", PROMOTED)
@pytest.mark.parametrize(("first", "second"), list(itertools.product(DTYPES, DTYPES)))
def test_promotion(name, first, second):
    for left, right in (((3,), (3,)), ((3,), ()), ((), (3,)), ((), ())):
        a, b = array(*left, dtype=first, low=1, high=3), array(*right, dtype=second, low=1, high=3)
        compare(BINARY[name], np.asarray(a), np.asarray(b), gradients=False)


@pytest.mark.parametrize("name", ["add", "mul", "div", "eq", "where"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scalar", [True, 2, 2.5])
def test_promotion_of_python_numbers(name, dtype, scalar):
    for shape in ((3,), ()):
        values = np.asarray(array(*shape, dtype=dtype, low=1, high=3))
        compare(lambda t, a: BINARY[name](t, a, scalar), values, gradients=False)
        if name != "where":
            compare(lambda t, a: BINARY[name](t, scalar, a), values, gradients=False)


@pytest.mark.parametrize(("first", "second"), list(itertools.product(DTYPES, DTYPES)))
def test_promote_types(first, second):
    ours = T.promote_types(getattr(T, first), getattr(T, second))
    theirs = torch.promote_types(getattr(torch, first), getattr(torch, second))
    assert ours.name == str(theirs).split(".")[1]


def outcome(fn, library):
    """What a function returns as a list, and whether it raises."""
    try:
        return np.asarray(fn(library).tolist())
    except RuntimeError:
        return "raises"


INTEGERS = {
    "floor by zero": lambda t: t.tensor([7, 8]) // t.tensor([1, 0]),
    "floor by the number zero": lambda t: t.tensor(7) // 0,
    "remainder by zero": lambda t: t.tensor(7) % 0,
    "zero by floats": lambda t: t.tensor([7, 0]) // 0.0,
    "zero by zero-like": lambda t: t.tensor([7]) // t.tensor([], dtype=t.int64),
    "trunc by zero": lambda t: t.div(t.tensor(7), 0, rounding_mode="trunc"),
    "trunc": lambda t: t.div(t.tensor([-7, 7, -7, 7, 6]), t.tensor([2, -2, -2, 2, -3]), rounding_mode="trunc"),
    "trunc of large": lambda t: t.div(t.tensor([2**62 + 1, -(2**62) - 1]), 3, rounding_mode="trunc"),
    "trunc of bytes": lambda t: t.div(t.tensor([-128], dtype=t.int8), -1, rounding_mode="trunc"),
    "trunc of unsigned": lambda t: t.div(t.tensor([200], dtype=t.uint8), 7, rounding_mode="trunc"),
    "sum wraps": lambda t: t.tensor([1], dtype=t.int8) + 300,
    "in-place sum wraps": lambda t: t.zeros(2, dtype=t.int8).add_(300),
    "power of a negative number": lambda t: t.tensor([1, 2]) ** -1,
    "power of negatives": lambda t: t.tensor([1, 2, -1, -1, 0, 3]) ** t.tensor([-1, -2, -3, -2, -1, 2]),
    "power of a number": lambda t: 2 ** t.tensor([-1, 3]),
    "power of booleans": lambda t: t.tensor([True, False]) ** 2,
    "float power of a negative number": lambda t: t.tensor([1, 2]) ** -1.0,
    **{
        f"{name} {value} in {dtype}": lambda t, fn=fn, value=value, dtype=dtype: fn(
            t, t.tensor([1, 1], dtype=getattr(t, dtype)), value
        )
        for name, fn in {
            "clamp max": lambda t, x, value: x.clamp(max=value),
            "clamp min": lambda t, x, value: x.clamp(min=value),
            "masked_fill": lambda t, x, value: x.masked_fill(t.tensor([True, False]), value),
            "masked_fill tensor": lambda t, x, value: x.masked_fill(t.tensor([True, False]), t.tensor(value)),
            "where": lambda t, x, value: t.where(t.tensor([True, False]), value, x),
            "setitem": lambda t, x, value: _written(x, 0, value),
            "setitem tensor": lambda t, x, value: _written(x, 0, t.tensor(value)),
            "setitem index": lambda t, x, value: _written(x, t.tensor([0]), value),
            "fill_": lambda t, x, value: x.fill_(value),
            "copy_": lambda t, x, value: x.copy_(t.tensor([value])),
            "scatter": lambda t, x, value: x.scatter(0, t.tensor([0]), value),
        }.items()
        for dtype, value in [
            ("int8", 300), ("int8", -128), ("int8", 127.5), ("int8", 2.5), ("uint8", -1), ("uint8", -300),
            ("int32", 2**40), ("bool", 2), ("float16", math.inf),
        ]
    },
}  # fmt: skip


@pytest.mark.parametrize("fn", INTEGERS.values(), ids=INTEGERS)
def test_what_integers_cannot_hold(fn):
    np.testing.assert_array_equal(outcome(fn, T), outcome(fn, torch))


@pytest.mark.parametrize("p", [-math.inf, -1, 0.5, 1, 1.5, 2, 3, math.inf])
@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [0.0, 2.0, -3.0], [1e-30, -1e30, 0.0]], ids=str)
def test_norms_at_and_near_zero(p, values):
    compare(lambda t, x: x.norm(p), np.array(values))
    compare(lambda t, x: x.norm(p, dim=1, keepdim=True), np.array([values, [1.0, -2.0, 2.0]]))


def test_norm_of_half():
    compare(lambda t, x: x.norm(), np.full(5000, 100.0, np.float16), gradients=False)


def test_stable_sort():
    values = np.array([1, 0, 1, 0, 2, 2, 1], np.float32)
    compare(lambda t, x: tuple(t.sort(x, stable=True)), values)
    compare(lambda t, x: tuple(t.sort(x, descending=True, stable=True)), values)


def test_reductions_of_nothing():
    compare(
        lambda t, x: (x.sum(), x.sum(0), x.mean(1), x.prod(), x.any(), x.all()),
        np.zeros((0, 3), np.float32),
        gradients=False,
    )
    compare(
        lambda t, x: (x.sum(), x.max(), x.argmax(), x.mean(), x.softmax(0)), np.float32(3).reshape(()), gradients=False
    )
    compare(lambda t, x: tuple(x.max(0)), np.float32(3).reshape(()))
    compare(lambda t, x: (*x.topk(1), *x.topk(1, 0, False)), np.float32(3).reshape(()))
    compare(lambda t, x: x.index_select(0, t.tensor(0)), np.float32(3).reshape(()))
    compare(lambda t, x: x.index_select(0, t.tensor([0])), np.float32(3).reshape(()))


def _written(x, key, value):
    copied = x.clone()
    copied[key] = value
    return copied


def test_cat_skips_empty_vectors():
    compare(lambda t, a, b: t.cat([a, b, a, b], 1), array(0), array(2, 3))
    compare(lambda t, a, b: t.cat([a, b]), array(0), array(3))
    compare(lambda t, a: t.cat([a, a]), array(0))


INPLACE = {
    "add_": lambda t, x: x.add_(2, alpha=3),
    "mul_": lambda t, x: x.mul_(x.detach().clone()),
    "div_": lambda t, x: x.div_(3),
    "pow_": lambda t, x: x.pow_(2),
    "clamp_": lambda t, x: x.clamp_(-1, 1),
    "relu_": lambda t, x: x.relu_(),
    "tanh_": lambda t, x: x.tanh_(),
    "exp_": lambda t, x: x.exp_(),
    "fill_": lambda t, x: x.fill_(2.5),
    "zero_": lambda t, x: x.zero_(),
    "copy_": lambda t, x: x.copy_(t.arange(4)),
    "masked_fill_": lambda t, x: x.masked_fill_(x > 0, 0.5),
    "view": lambda t, x: _through_view(x),
    "augmented": lambda t, x: _augmented(x),
}


def _through_view(x):
    x.view(-1)[1:5].mul_(3)
    return x


def _augmented(x):
    x[0] += 1
    x[:, 1] *= 2
    x -= 1
    x /= 2
    return x


@pytest.mark.parametrize("fn", INPLACE.values(), ids=INPLACE)
def test_inplace(fn):
    compare(lambda t, x: fn(t, x * 1), array(3, 4))
