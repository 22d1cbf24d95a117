"""Every family of operations against torch: values, dtypes, shapes and gradients, and type promotion."""

import itertools
import math

import numpy as np
import pytest

import tensor as T

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

FLOATS = ["float32", "float64"]
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


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("fn", UNARY.values(), ids=UNARY)
@pytest.mark.filterwarnings("ignore")
def test_unary(fn, dtype):
    for values in (array(4, 5, dtype=dtype), np.array([[0.0, 1.0, -1.0, 0.5, -0.5, 30.0]], dtype)):
        compare(fn, values)


SPECIAL = ["exp", "log", "sqrt", "tanh", "sigmoid", "erf", "relu", "sign", "abs", "round", "isnan", "isinf", "clamp"]


@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(name):
    compare(UNARY[name], np.array([[np.inf, -np.inf, np.nan, 0.0, -0.0, 1e30]], np.float32), gradients=False)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_logits_with_infinities(name):
    compare(UNARY[name], np.array([[-np.inf, 0, 1], [-np.inf, -np.inf, 2], [1000, -1000, 1000]], np.float32))
    compare(UNARY[name], np.array([[-np.inf, -np.inf], [np.inf, 0]], np.float32), gradients=False)


INTEGER_UNARY = [
    "neg", "abs", "sign", "square", "exp", "log1p", "sqrt", "reciprocal", "sin", "tanh", "sigmoid", "relu", "isnan",
    "logical_not", "pow 2", "radd", "rsub", "rdiv", "clamp", "clamp min", "cumsum", "tril", "isfinite",
]  # fmt: skip


@pytest.mark.parametrize("name", INTEGER_UNARY)
@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8"])
def test_unary_of_integers(name, dtype):
    compare(UNARY[name], array(3, 4, dtype=dtype, low=1, high=5), gradients=False)


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


@pytest.mark.parametrize(
    "shapes", [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (3,)), ((0, 3), (3,))], ids=str
)
@pytest.mark.parametrize("name", BINARY)
def test_binary(name, shapes):
    differentiable = name != "floordiv"  # torch has a history there, and raises when it is used
    compare(BINARY[name], array(*shapes[0]), array(*shapes[1], low=0.5), gradients=differentiable)


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


REDUCTIONS = {
    "sum": lambda t, x: x.sum(),
    "sum dim": lambda t, x: x.sum(1),
    "sum dims": lambda t, x: t.sum(x, (0, -1), keepdim=True),
    "sum dtype": lambda t, x: x.sum(dtype=t.float64),
    "mean": lambda t, x: x.mean(),
    "mean dims": lambda t, x: x.mean(dim=(0, 2)),
    "var": lambda t, x: x.var(),
    "var dim": lambda t, x: x.var(1, unbiased=False),
    "var correction": lambda t, x: t.var(x, dim=(0, 1), correction=2),
    "std": lambda t, x: x.std(-1, keepdim=True),
    "std biased": lambda t, x: x.std(False),
    "prod": lambda t, x: x.prod(),
    "prod dim": lambda t, x: x.prod(1, keepdim=True),
    "max": lambda t, x: x.max(),
    "max dim": lambda t, x: tuple(x.max(1)),
    "min dim": lambda t, x: tuple(x.min(dim=-1, keepdim=True)),
    "amax": lambda t, x: x.amax((0, 2)),
    "amin": lambda t, x: x.amin(),
    "argmax": lambda t, x: x.argmax(),
    "argmax dim": lambda t, x: x.argmax(1, keepdim=True),
    "argmin": lambda t, x: x.argmin(-1),
    "logsumexp": lambda t, x: x.logsumexp((0, 1)),
    "any": lambda t, x: (x > 2).any(1),
    "all": lambda t, x: (x > -2).all(),
    "count_nonzero": lambda t, x: t.count_nonzero(x > 0, 1),
    "sort": lambda t, x: tuple(x.sort()),
    "sort descending": lambda t, x: tuple(t.sort(x, 0, descending=True)),
    "argsort": lambda t, x: x.argsort(1),
    "topk": lambda t, x: tuple(x.topk(2, 1)),
    "topk smallest": lambda t, x: tuple(x.topk(2, largest=False)),
}


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("fn", REDUCTIONS.values(), ids=REDUCTIONS)
def test_reductions(fn, dtype):
    compare(fn, array(3, 4, 5, dtype=dtype))


@pytest.mark.parametrize("name", ["sum", "sum dim", "prod", "max", "argmax", "amax", "any", "sort", "max dim"])
@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8"])
def test_reductions_of_integers(name, dtype):
    values = RANDOM.permutation(60).reshape(3, 4, 5).astype(dtype)
    compare(REDUCTIONS[name], values, gradients=False)


def test_reductions_of_booleans_and_half():
    compare(REDUCTIONS["sum dim"], array(3, 4, dtype="bool"), gradients=False)
    compare(REDUCTIONS["mean"], array(30, 40, 2, dtype="float16"), gradients=False)
    compare(REDUCTIONS["sum"], array(30, 40, dtype="float16"), gradients=False)


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


SHAPES = {
    "view": lambda t, x: x.view(4, -1),
    "reshape": lambda t, x: x.transpose(0, 1).reshape(-1),
    "flatten": lambda t, x: x.flatten(1),
    "unflatten": lambda t, x: x.unflatten(2, (2, 2)),
    "permute": lambda t, x: x.permute(2, 0, 1),
    "transpose": lambda t, x: x.transpose(-1, 0),
    "mT": lambda t, x: x.mT,
    "movedim": lambda t, x: x.movedim(0, -1),
    "expand": lambda t, x: x[:, :1].expand(-1, 5, -1),
    "squeeze": lambda t, x: x[:, :1].squeeze(),
    "squeeze dim": lambda t, x: x[:, :1].squeeze(1),
    "unsqueeze": lambda t, x: x.unsqueeze(-2),
    "cat": lambda t, x: t.cat([x, x * 2], dim=1),
    "stack": lambda t, x: t.stack((x, x), -1),
    "split": lambda t, x: x.split(2, 1),
    "split sizes": lambda t, x: t.split(x, [1, 3], 2),
    "chunk": lambda t, x: x.chunk(2, 1),
    "unbind": lambda t, x: x.unbind(1),
    "narrow": lambda t, x: x.narrow(1, 1, 2),
    "select": lambda t, x: x.select(1, -1),
    "repeat": lambda t, x: x.repeat(2, 1, 1, 2),
    "tile": lambda t, x: t.tile(x, (2, 2)),
    "flip": lambda t, x: x.flip(0, 2),
    "roll": lambda t, x: x.roll((1, -1), (0, 1)),
    "diagonal": lambda t, x: x.diagonal(1, 1, 2),
    "index int": lambda t, x: x[1],
    "index slice": lambda t, x: x[1:, ::2, -1],
    "index none": lambda t, x: x[:, None, ..., 0],
    "index list": lambda t, x: x[[0, 0, 1]],
    "index tensor": lambda t, x: x[:, t.tensor([2, 0])],
    "index two tensors": lambda t, x: x[t.tensor([0, 1]), :, t.tensor([1, 1])],
    "index mask": lambda t, x: x[x > 0],
    "index 0-d": lambda t, x: x[t.tensor(1)],
    "masked_select": lambda t, x: x.masked_select(x > 0),
    "masked_fill": lambda t, x: x.masked_fill(x > 0, 7.0),
    "gather": lambda t, x: x.gather(1, t.tensor([[[0, 1], [2, 0]]])),
    "scatter": lambda t, x: x.scatter(1, t.tensor([[[0, 1], [2, 0]]]), x[:1, :2, :2] * 2),
    "scatter value": lambda t, x: x.scatter(0, t.tensor([[[0, 1]]]), 3.0),
    "scatter_add": lambda t, x: x.scatter_add(0, t.tensor([[[0, 0]], [[0, 1]]]), x[:, :1, :2] * 2),
    "index_select": lambda t, x: x.index_select(1, t.tensor([1, 1, 0])),
    "index_select 0-d": lambda t, x: x.index_select(1, t.tensor(2)),
    "repeat_interleave": lambda t, x: x.repeat_interleave(2),
    "repeat_interleave dim": lambda t, x: t.repeat_interleave(x, 3, dim=1),
    "repeat_interleave each": lambda t, x: t.repeat_interleave(x, t.tensor([2, 0, 1]), -2),
    "repeat_interleave one": lambda t, x: x.repeat_interleave(t.tensor([2]), 0),
    "repeat_interleave 0-d": lambda t, x: x[0, 0, 0].repeat_interleave(2),
    "repeat_interleave alone": lambda t, x: t.repeat_interleave(t.tensor([1, 2, 0])),
    "one_hot": lambda t, x: t.nn.functional.one_hot((x > 0).long(), 3),
    "one_hot of all": lambda t, x: t.nn.functional.one_hot(t.tensor([[0, 2], [1, 1]])),
    "nonzero": lambda t, x: (x > 0).nonzero(),
    "nonzero tuple": lambda t, x: (x > 0).nonzero(as_tuple=True),
    "where": lambda t, x: t.where(x > 0, x, -x),
    "setitem": lambda t, x: _written(x, (0, slice(1, 3)), 5.0),
    "setitem mask": lambda t, x: _written(x, x > 0, -1.0),
    "setitem broadcast": lambda t, x: _written(x, slice(1, 2), x[0].detach()),
}


def _written(x, key, value):
    copied = x.clone()
    copied[key] = value
    return copied


@pytest.mark.parametrize("fn", SHAPES.values(), ids=SHAPES)
def test_shapes(fn):
    compare(fn, array(2, 3, 4))


def test_cat_skips_empty_vectors():
    compare(lambda t, a, b: t.cat([a, b, a, b], 1), array(0), array(2, 3))
    compare(lambda t, a, b: t.cat([a, b]), array(0), array(3))
    compare(lambda t, a: t.cat([a, a]), array(0))


MATMULS = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 2, 3), (5, 3, 4)),
           ((4, 1, 2, 3), (5, 3, 2)), ((2, 3), (5, 3, 4)), ((5, 2, 3), (3,)), ((0, 3), (3, 2)), ((2, 0), (0, 3)),
           ((2, 3), (3, 0)), ((5, 2, 0), (0, 3)), ((5, 0, 3), (3, 2))]  # fmt: skip


@pytest.mark.parametrize("shapes", MATMULS, ids=str)
def test_matmul(shapes):
    compare(lambda t, a, b: a @ b, array(*shapes[0]), array(*shapes[1]))


def test_other_products():
    compare(lambda t, a, b: (t.mm(a, b), t.outer(a[0], b[0]), a.mv(b[:, 0])), array(2, 3), array(3, 4))
    compare(lambda t, a, b, c: t.addmm(c, a, b, beta=2, alpha=0.5), array(2, 3), array(3, 4), array(4))
    compare(lambda t, a, b: t.bmm(a, b), array(5, 2, 3), array(5, 3, 4))


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


FACTORIES = {
    "tensor floats": lambda t: t.tensor([1.0, 2.0]),
    "tensor ints": lambda t: t.tensor([[1], [2]]),
    "tensor bools": lambda t: t.tensor([True]),
    "tensor mixed": lambda t: t.tensor([1, 2.5]),
    "tensor scalar": lambda t: t.tensor(3),
    "tensor empty": lambda t: t.tensor([]),
    "tensor numpy": lambda t: t.tensor(np.ones(2, np.int16)),
    "tensor dtype": lambda t: t.tensor([1.7, 0.0], dtype=t.int64),
    "tensor float64 scalar": lambda t: t.tensor(np.float64(1.5)),
    "zeros": lambda t: t.zeros(2, 3),
    "zeros list": lambda t: t.zeros([2, 3], dtype=t.int32),
    "ones": lambda t: t.ones(()),
    "full": lambda t: (t.full((2,), 1), t.full((2,), 1.5), t.full((2,), True)),
    "arange": lambda t: (t.arange(5), t.arange(1, 6, 2), t.arange(0, 1, 0.25), t.arange(3.0), t.arange(5, 0, -2)),
    "arange dtype": lambda t: t.arange(3, dtype=t.float64),
    "linspace": lambda t: (t.linspace(0, 1, 5), t.linspace(1, -1, 1)),
    "eye": lambda t: (t.eye(3), t.eye(2, 3)),
    "zeros_like": lambda t: t.zeros_like(t.arange(3)),
    "full_like": lambda t: t.full_like(t.ones(2), 3),
    "as_tensor": lambda t: t.as_tensor([1, 2]),
    "from_numpy": lambda t: t.from_numpy(np.arange(3)),
    "to": lambda t: (t.ones(2).long(), t.ones(2).half(), t.tensor([1.9, -1.9]).int(), t.tensor([0.0, 2.0]).bool()),
}


@pytest.mark.parametrize("make", FACTORIES.values(), ids=FACTORIES)
def test_factories(make):
    assert_same(make(T), make(torch))


REPRS = [
    lambda t: t.tensor(1.0),
    lambda t: t.tensor(2.5),
    lambda t: t.tensor([1, 20, 300]),
    lambda t: t.tensor([1.0, 2.0]),
    lambda t: t.tensor([1.5, -2.25]),
    lambda t: t.tensor([[1e-5, 1.0], [2.0, 3.0]]),
    lambda t: t.tensor([1e10, 1.0]),
    lambda t: t.tensor([True, False]),
    lambda t: t.tensor([1.0, math.inf, -math.inf, math.nan]),
    lambda t: t.tensor([0.1, math.nan]),
    lambda t: t.tensor([]),
    lambda t: t.zeros(0, 3),
    lambda t: t.zeros(2, 0),
    lambda t: t.ones(2, 2, dtype=t.float64),
    lambda t: t.ones(2, dtype=t.int32),
    lambda t: t.ones(2, requires_grad=True),
    lambda t: t.ones(2, requires_grad=True) * 2,
    lambda t: t.arange(24.0).reshape(2, 3, 4),
    lambda t: t.arange(40),
    lambda t: t.arange(40.0) / 7,
    lambda t: t.arange(2000),
    lambda t: t.arange(4000.0).reshape(50, 80),
    lambda t: t.zeros(11, 100),
    lambda t: t.tensor([100000.0, 0.1]),
    lambda t: t.tensor([123456.0]),
]


@pytest.mark.parametrize("make", REPRS, ids=range(len(REPRS)))
def test_repr(make):
    assert repr(make(T)) == repr(make(torch)).replace("torch.", "tensor.")


ERRORS = {
    "broadcast": lambda t: t.ones(2, 3) + t.ones(2, 4),
    "matmul": lambda t: t.ones(2, 3) @ t.ones(2, 3),
    "matmul dtype": lambda t: t.ones(2, 3) @ t.ones(3, 2, dtype=t.float64),
    "view": lambda t: t.ones(2, 3).view(4),
    "view of transposed": lambda t: t.ones(2, 3).T.view(6),
    "dim": lambda t: t.ones(2, 3).sum(2),
    "squeeze dim": lambda t: t.ones(2).unsqueeze(3),
    "index": lambda t: t.ones(3)[5],
    "expand": lambda t: t.ones(3).expand(2, 4),
    "cat": lambda t: t.cat([]),
    "item": lambda t: t.ones(2).item(),
    "bool": lambda t: bool(t.ones(2)),
    "leaf": lambda t: t.ones(2, requires_grad=True).add_(1),
    "numpy": lambda t: t.ones(2, requires_grad=True).numpy(),
    "backward": lambda t: t.ones(2).sum().backward(),
    "backward of many": lambda t: t.ones(2, requires_grad=True).backward(),
    "mean of ints": lambda t: t.ones(2, dtype=t.int64).mean(),
    "integer grad": lambda t: t.ones(2, dtype=t.int64).requires_grad_(),
    "inplace cast": lambda t: t.ones(2, dtype=t.int64).add_(0.5),
    "len": lambda t: len(t.tensor(1.0)),
    "iter": lambda t: iter(t.tensor(1.0)),
    "step": lambda t: t.ones(3)[::-1],
    "split": lambda t: t.ones(5).split([2, 2]),
    "arange": lambda t: t.arange(5, 0),
    "where": lambda t: t.where(t.ones(2), 1.0, 0.0),
    "requires_grad": lambda t: (t.ones(2, requires_grad=True) * 2).requires_grad_(False),
    "deepcopy": lambda t: __import__("copy").deepcopy(t.ones(2, requires_grad=True) * 2),
    "scatter index": lambda t: t.ones(3).gather(0, t.tensor([5])),
    "rounding": lambda t: t.div(t.ones(1), 2, rounding_mode="up"),
}


@pytest.mark.parametrize("fail", ERRORS.values(), ids=ERRORS)
def test_errors_are_of_a_type_that_pytorchs_users_catch(fail):
    with pytest.raises(Exception) as theirs:
        fail(torch)
    with pytest.raises(type(theirs.value)):
        fail(T)
