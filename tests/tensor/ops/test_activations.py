"""Smooth activations: how exact they are, at any size."""

import math

import numpy as np
import pytest

import tensor as T
import tensor.nn.functional as F
from tensor.autograd import gradcheck

GRID = np.concatenate([np.linspace(-12, 12, 20011), [-1e-3, 1e-3]])  # more than a block


def _gelu(x):
    return x * 0.5 * math.erfc(-x / math.sqrt(2))


def _gelu_tanh(x):
    return x / (1 + math.exp(-2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _mish(x):
    e = math.exp(x)
    return x * e * (e + 2) / (e * (e + 2) + 2)


FUNCTIONS = {
    "gelu": (F.gelu, _gelu),
    "gelu tanh": (lambda x: F.gelu(x, "tanh"), _gelu_tanh),
    "silu": (F.silu, lambda x: x / (1 + math.exp(-x))),
    "mish": (F.mish, _mish),
    "sigmoid": (T.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
    "logsigmoid": (F.logsigmoid, lambda x: -math.log1p(math.exp(-x))),
    "erf": (T.erf, math.erf),
    "erfc": (T.erfc, math.erfc),
}


@pytest.mark.parametrize(("fn", "exact"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_float32_is_nearly_exact(fn, exact):
    x = GRID.astype(np.float32)
    true = np.array([exact(float(each)) for each in x])
    np.testing.assert_allclose(fn(T.tensor(x)).numpy(), true, rtol=5e-7, atol=6e-7)


@pytest.mark.parametrize(("fn", "exact"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_float64_is_exact_to_a_billionth_of_a_millionth(fn, exact):
    true = np.array([exact(each) for each in GRID])
    np.testing.assert_allclose(fn(T.tensor(GRID)).numpy(), true, rtol=5e-14, atol=2e-15)


@pytest.mark.parametrize(("fn", "exact"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_gradients_in_float32_are_those_in_float64(fn, exact):
    grads = []
    for dtype in (np.float32, np.float64):
        x = T.tensor(GRID.astype(np.float32).astype(dtype), requires_grad=True)
        fn(x).sum().backward()
        grads.append(x.grad.numpy())
    np.testing.assert_allclose(grads[0], grads[1], rtol=3e-6, atol=3e-7)
    assert gradcheck(fn, T.tensor([-3.0, -0.5, 0.0, 0.7, 3.0], dtype=T.float64, requires_grad=True))


@pytest.mark.parametrize("dtype", [T.float16, T.float32, T.float64])
def test_gelu_far_out(dtype):
    far = T.tensor([math.inf, 1e4, -1e4, -math.inf, math.nan], dtype=dtype, requires_grad=True)
    out = F.gelu(far)
    assert out.tolist()[:3] == [math.inf, 1e4, 0]
    assert math.isnan(out.tolist()[4])
    F.gelu(far[1:3]).sum().backward()
    assert far.grad.tolist()[1:3] == [1, 0]


def test_an_approximation_that_there_is_not():
    with pytest.raises(ValueError, match="none or tanh"):
        F.gelu(T.ones(1), "sigmoid")
    with pytest.raises(T.DtypeError, match="expected floats"):
        F.gelu(T.tensor([1]))


def test_glu_halves():
    with pytest.raises(T.ShapeError, match="Halving dimension must be even"):
        F.glu(T.ones(3))
    with pytest.raises(T.ShapeError, match="scalars"):
        F.glu(T.tensor(1.0))
