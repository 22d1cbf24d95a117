"""Exponentials and logarithms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, operator, write
from tensor.dtypes import Array
from tensor.ops.elementwise import as_floating, binary, inplace, like_gradient, unary
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _xlogy(input: Any, other: Any) -> Any:
    nothing = np.equal(input, 0) & ~np.isnan(other)
    return np.where(nothing, 0, input * np.log(np.where(nothing, 1, other))).astype(np.result_type(input, other))


def _logit(input: Array, *, eps: float | None) -> Any:
    x = as_floating(input)
    if eps is not None:
        x = np.clip(x, eps, 1 - eps)
    return np.log(x / (1 - x))


def _logit_vjp(g: Array, input: Array, eps: float | None) -> Any:
    slope = g / (input * (1 - input))
    if eps is None:
        return np.where((input >= 0) & (input <= 1), slope, np.nan)
    return np.where((input >= eps) & (input <= 1 - eps), slope, 0)


EXP = op("exp", unary(np.exp, floating=True), input=lambda g, out: g * out)
EXP2 = op("exp2", unary(np.exp2, floating=True), input=lambda g, out: g * out * math.log(2))
EXPM1 = op("expm1", unary(np.expm1, floating=True), input=lambda g, out: g * (out + 1))
LOG = op("log", unary(np.log, floating=True), input=lambda g, input: g / input)
LOG2 = op("log2", unary(np.log2, floating=True), input=lambda g, input: g / (input * math.log(2)))
LOG10 = op("log10", unary(np.log10, floating=True), input=lambda g, input: g / (input * math.log(10)))
LOG1P = op("log1p", unary(np.log1p, floating=True), input=lambda g, input: g / (input + 1))


def _xlogy_vjp_input(g: Array, input: Any, other: Any) -> Any:
    other = like_gradient(other, g)
    return g * np.where(np.equal(input, 0) & np.less_equal(other, 0), 0, np.log(other))


LOGADDEXP = op(
    "logaddexp",
    binary(np.logaddexp, floating=True),
    input=lambda g, input, other: g / (1 + np.exp(other - input)),
    other=lambda g, input, other: g / (1 + np.exp(input - other)),
)
LOGADDEXP2 = op(
    "logaddexp2",
    binary(np.logaddexp2, floating=True),
    input=lambda g, input, other: g / (1 + np.exp2(other - input)),
    other=lambda g, input, other: g / (1 + np.exp2(input - other)),
)
XLOGY = op(
    "xlogy",
    binary(_xlogy, floating=True),
    input=_xlogy_vjp_input,
    other=lambda g, input, other: g * like_gradient(input, g) / other,
)
LOGIT = op("logit", _logit, input=_logit_vjp)


def exp(input: Tensor) -> Tensor:
    """Return e to the power of `input`."""
    return apply(EXP, input)


def exp2(input: Tensor) -> Tensor:
    """Return 2 to the power of `input`."""
    return apply(EXP2, input)


def expm1(input: Tensor) -> Tensor:
    """Return `exp(input) - 1`, precise near zero."""
    return apply(EXPM1, input)


def log(input: Tensor) -> Tensor:
    """Return the natural logarithm."""
    return apply(LOG, input)


def log2(input: Tensor) -> Tensor:
    """Return the logarithm to base 2."""
    return apply(LOG2, input)


def log10(input: Tensor) -> Tensor:
    """Return the logarithm to base 10."""
    return apply(LOG10, input)


def log1p(input: Tensor) -> Tensor:
    """Return `log(1 + input)`, precise near zero."""
    return apply(LOG1P, input)


logaddexp = operator(LOGADDEXP)
logaddexp2 = operator(LOGADDEXP2)
xlogy = operator(XLOGY)


def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """Return `log(input / (1 - input))`, the inverse of `sigmoid`.

    Args:
        input: Probabilities; what is none gives nan.
        eps: Keeps them at this distance from 0 and 1, if given.

    Source: https://docs.pytorch.org/docs/stable/special.html#torch.special.logit
    """
    return apply(LOGIT, input, eps=eps)


def logit_(input: Tensor, eps: float | None = None) -> Tensor:
    """Compute `logit` into this tensor, and return it."""
    return write(LOGIT, input, eps=eps)


exp_ = inplace(EXP)
exp2_ = inplace(EXP2)
expm1_ = inplace(EXPM1)
log_ = inplace(LOG)
log2_ = inplace(LOG2)
log10_ = inplace(LOG10)
log1p_ = inplace(LOG1P)
xlogy_ = inplace(XLOGY)
