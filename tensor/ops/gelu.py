"""The Gaussian error linear unit: each element times the normal distribution function of it.

Source: Hendrycks and Gimpel, 2016, https://arxiv.org/abs/1606.08415
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensor.dtypes import Array
from tensor.ops.elementwise import check_floating, horner, in_blocks
from tensor.ops.error_function import erf_into
from tensor.registry import op

_TANH_SCALE = math.sqrt(2 / math.pi)
_TANH_CUBIC = 0.044715
_DENSITY = 1 / math.sqrt(2 * math.pi)

# In float32, Φ(x) is the sigmoid of x Q(x²). Q is a minimax polynomial (Lawson's algorithm, on [0, 6]) with which
# x Φ(x) is off by at most 1.4e-7 |x|, a little less than PyTorch's; its coefficients have the minus of exp(-x Q(x²)).
_MINUS_Q = (
    -2.39828745e-09,
    2.14508348e-07,
    -7.17858572e-06,
    1.05846958e-04,
    7.81799090e-05,
    -7.26795569e-02,
    -1.59576642e00,
)


def _inverse_cdf32_into(x: Array, square: Array, out: Array) -> None:
    """Compute 1 / Φ(x)."""
    horner(square, _MINUS_Q, out)
    out *= x
    np.exp(out, out=out)
    out += 1


def _gelu32_into(x: Array, out: Array) -> None:
    _inverse_cdf32_into(x, x * x, out)
    np.divide(x, out, out=out)


def _gelu32_vjp_into(g: Array, x: Array, out: Array) -> None:
    """The gradient g (Φ(x) + x φ(x))."""
    square = x * x
    _inverse_cdf32_into(x, square, out)
    np.reciprocal(out, out=out)
    square *= -0.5
    np.exp(square, out=square)
    square *= _DENSITY
    square *= x
    out += square
    out *= g


def _cdf64_into(x: Array, out: Array) -> None:
    erf_into(x * math.sqrt(0.5), out)
    out += 1
    out *= 0.5


def _gelu64_into(x: Array, out: Array) -> None:
    _cdf64_into(x, out)
    out *= x


def _gelu64_vjp_into(g: Array, x: Array, out: Array) -> None:
    _cdf64_into(x, out)
    density = x * x
    density *= -0.5
    np.exp(density, out=density)
    density *= _DENSITY
    density *= x
    out += density
    out *= g


def _tanh_cdf_into(x: Array, out: Array) -> None:
    """Compute (1 + tanh u) / 2 with u = √(2/π) (x + 0.044715 x³), which is the sigmoid of 2u: nothing cancels."""
    np.multiply(x, x, out=out)
    out *= -2 * _TANH_CUBIC * _TANH_SCALE
    out -= 2 * _TANH_SCALE
    out *= x
    np.exp(out, out=out)
    out += 1
    np.reciprocal(out, out=out)


def _gelu_tanh_into(x: Array, out: Array) -> None:
    _tanh_cdf_into(x, out)
    out *= x


def _gelu_tanh_vjp_into(g: Array, x: Array, out: Array) -> None:
    """The gradient g s (1 + x (1 - s) v), with s the sigmoid and v the derivative of what is in it."""
    _tanh_cdf_into(x, out)
    slope = x * x
    slope *= 6 * _TANH_CUBIC * _TANH_SCALE
    slope += 2 * _TANH_SCALE
    slope *= x
    slope *= 1 - out
    slope += 1
    out *= slope
    out *= g


def _gelu(input: Array) -> Any:
    check_floating("gelu", input)
    return in_blocks(_gelu32_into if input.dtype == np.float32 else _gelu64_into, input)


def _gelu_vjp(g: Array, input: Array) -> Any:
    return in_blocks(_gelu32_vjp_into if input.dtype == np.float32 else _gelu64_vjp_into, g, input)


def _gelu_tanh(input: Array) -> Any:
    check_floating("gelu", input)
    return in_blocks(_gelu_tanh_into, input)


GELU = op("gelu", _gelu, input=_gelu_vjp)
GELU_TANH = op("gelu_tanh", _gelu_tanh, input=lambda g, input: in_blocks(_gelu_tanh_vjp_into, g, input))
