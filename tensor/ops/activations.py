"""Smooth activation functions, computed block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.ops.elementwise import as_floating, check_floating, in_blocks, inplace, unary
from tensor.registry import Kernel, op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

# Beyond, tanh(softplus(x)) is 1 in every dtype, and exp(x)⁴ would overflow.
_MISH_LIMIT = 20.0


def _sigmoid_into(x: Array, out: Array) -> None:
    # Where the exponential overflows its inverse is 0, as it should be.
    np.negative(x, out=out)
    np.exp(out, out=out)
    out += 1
    np.reciprocal(out, out=out)


def _sigmoid(input: Array) -> Array:
    return in_blocks(_sigmoid_into, input)


def _silu_into(x: Array, out: Array) -> None:
    np.negative(x, out=out)
    np.exp(out, out=out)
    out += 1
    np.divide(x, out, out=out)


def _silu_vjp_into(g: Array, x: Array, out: Array) -> None:
    """The gradient g s (1 + x (1 - s)), with s the sigmoid of x."""
    _sigmoid_into(x, out)
    rest = 1 - out
    rest *= x
    rest += 1
    out *= rest
    out *= g


def _mish_into(x: Array, out: Array) -> None:
    """With e = exp(x) and n = e (e + 2), tanh(log(1 + e)) is n / (n + 2)."""
    np.clip(x, -np.inf, _MISH_LIMIT, out=out)
    np.exp(out, out=out)
    out *= out + 2
    out /= out + 2
    out *= x


def _mish_vjp_into(g: Array, x: Array, out: Array) -> None:
    """The gradient g (t + x s (1 - t²)), with t = n / (n + 2) as above, and s the sigmoid of x."""
    np.clip(x, -np.inf, _MISH_LIMIT, out=out)
    np.exp(out, out=out)
    n = out * (out + 2)
    t = n / (n + 2)
    n += 2
    out *= out + 1
    out /= n
    out /= n
    out *= 4
    out *= x
    out += t
    out *= g


def _log_sigmoid_into(x: Array, out: Array) -> None:
    np.abs(x, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
    np.subtract(np.clip(x, -np.inf, 0), out, out=out)


def _log_sigmoid_vjp_into(g: Array, x: Array, out: Array) -> None:
    np.exp(x, out=out)
    out += 1
    np.divide(g, out, out=out)


def _softplus(input: Array, *, beta: float, threshold: float) -> Any:
    check_floating("softplus", input)
    scaled = input * beta
    return np.where(scaled > threshold, input, np.log1p(np.exp(np.clip(scaled, -np.inf, threshold))) / beta)


def _softplus_vjp(g: Array, input: Array, beta: float, threshold: float) -> Any:
    scaled = input * beta
    return g * np.where(scaled > threshold, g.dtype.type(1), _sigmoid(np.asarray(scaled)))


def _blockwise(name: str, compute: Any) -> Kernel:
    def kernel(input: Array) -> Array:
        check_floating(name, input)
        return in_blocks(compute, input)

    return kernel


SIGMOID = op("sigmoid", unary(_sigmoid, floating=True), input=lambda g, out: g * out * (1 - out))
SILU = op("silu", _blockwise("silu", _silu_into), input=lambda g, input: in_blocks(_silu_vjp_into, g, input))
MISH = op("mish", _blockwise("mish", _mish_into), input=lambda g, input: in_blocks(_mish_vjp_into, g, input))
LOG_SIGMOID = op(
    "log_sigmoid",
    _blockwise("logsigmoid", _log_sigmoid_into),
    input=lambda g, input: in_blocks(_log_sigmoid_vjp_into, g, input),
)
SOFTPLUS = op("softplus", _softplus, input=_softplus_vjp)
SOFTSIGN = op(
    "softsign",
    lambda input: as_floating(input) / (1 + np.abs(as_floating(input))),
    input=lambda g, input: g / np.square(1 + np.abs(input)),
)


def sigmoid(input: Tensor) -> Tensor:
    """Return `1 / (1 + exp(-input))`."""
    return apply(SIGMOID, input)


sigmoid_ = inplace(SIGMOID)
silu_ = inplace(SILU)
mish_ = inplace(MISH)
