"""Functions of angles, and hyperbolic functions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, operator
from tensor.dtypes import Array
from tensor.ops.elementwise import binary, inplace, like_gradient, unary
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _sinc(input: Array) -> Any:
    angle = np.asarray(input * math.pi)
    return np.divide(np.sin(angle), angle, out=np.ones_like(angle), where=angle != 0)


def _sinc_vjp(g: Array, input: Array) -> Any:
    angle = np.asarray(input * math.pi)
    rise = angle * np.cos(angle) - np.sin(angle)
    return g * np.divide(rise, angle * input, out=np.zeros_like(angle), where=input != 0)


def _angle_share(g: Array, of: Any, input: Any, other: Any) -> Any:
    """The gradient `g * of / (input² + other²)`, which is 0 at the origin."""
    of, input, other = (like_gradient(each, g) for each in (of, input, other))
    square = np.asarray(input * input + other * other)
    return g * np.divide(of, square, out=np.zeros_like(square), where=square != 0)


SIN = op("sin", unary(np.sin, floating=True), input=lambda g, input: g * np.cos(input))
COS = op("cos", unary(np.cos, floating=True), input=lambda g, input: -g * np.sin(input))
TAN = op("tan", unary(np.tan, floating=True), input=lambda g, out: g * (1 + out * out))
ASIN = op("asin", unary(np.arcsin, floating=True), input=lambda g, input: g / np.sqrt(1 - input * input))
ACOS = op("acos", unary(np.arccos, floating=True), input=lambda g, input: -g / np.sqrt(1 - input * input))
ATAN = op("atan", unary(np.arctan, floating=True), input=lambda g, input: g / (1 + input * input))
ATAN2 = op(
    "atan2",
    binary(np.arctan2, floating=True),
    input=lambda g, input, other: _angle_share(g, other, input, other),
    other=lambda g, input, other: _angle_share(-g, input, input, other),
)
SINH = op("sinh", unary(np.sinh, floating=True), input=lambda g, input: g * np.cosh(input))
COSH = op("cosh", unary(np.cosh, floating=True), input=lambda g, input: g * np.sinh(input))
TANH = op("tanh", unary(np.tanh, floating=True), input=lambda g, out: g * (1 - out * out))
ASINH = op("asinh", unary(np.arcsinh, floating=True), input=lambda g, input: g / np.sqrt(input * input + 1))
ACOSH = op("acosh", unary(np.arccosh, floating=True), input=lambda g, input: g / np.sqrt(input * input - 1))
ATANH = op("atanh", unary(np.arctanh, floating=True), input=lambda g, input: g / (1 - input * input))
SINC = op("sinc", unary(_sinc, floating=True), input=_sinc_vjp)
DEG2RAD = op("deg2rad", unary(np.deg2rad, floating=True), input=lambda g: np.deg2rad(g))
RAD2DEG = op("rad2deg", unary(np.rad2deg, floating=True), input=lambda g: np.rad2deg(g))


def sin(input: Tensor) -> Tensor:
    """Return the sine of radians."""
    return apply(SIN, input)


def cos(input: Tensor) -> Tensor:
    """Return the cosine of radians."""
    return apply(COS, input)


def tan(input: Tensor) -> Tensor:
    """Return the tangent of radians."""
    return apply(TAN, input)


def asin(input: Tensor) -> Tensor:
    """Return the inverse sine, in radians from -π/2 to π/2."""
    return apply(ASIN, input)


def acos(input: Tensor) -> Tensor:
    """Return the inverse cosine, in radians from 0 to π."""
    return apply(ACOS, input)


def atan(input: Tensor) -> Tensor:
    """Return the inverse tangent, in radians from -π/2 to π/2."""
    return apply(ATAN, input)


atan2 = operator(ATAN2)


def sinh(input: Tensor) -> Tensor:
    """Return the hyperbolic sine."""
    return apply(SINH, input)


def cosh(input: Tensor) -> Tensor:
    """Return the hyperbolic cosine."""
    return apply(COSH, input)


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent."""
    return apply(TANH, input)


def asinh(input: Tensor) -> Tensor:
    """Return the inverse hyperbolic sine."""
    return apply(ASINH, input)


def acosh(input: Tensor) -> Tensor:
    """Return the inverse hyperbolic cosine; nan below 1."""
    return apply(ACOSH, input)


def atanh(input: Tensor) -> Tensor:
    """Return the inverse hyperbolic tangent; nan beyond -1 and 1."""
    return apply(ATANH, input)


def sinc(input: Tensor) -> Tensor:
    """Return `sin(π input) / (π input)`, which is 1 at zero.

    Source: https://docs.pytorch.org/docs/stable/special.html#torch.special.sinc
    """
    return apply(SINC, input)


def deg2rad(input: Tensor) -> Tensor:
    """Return degrees in radians."""
    return apply(DEG2RAD, input)


def rad2deg(input: Tensor) -> Tensor:
    """Return radians in degrees."""
    return apply(RAD2DEG, input)


sin_ = inplace(SIN)
cos_ = inplace(COS)
tan_ = inplace(TAN)
asin_ = inplace(ASIN)
acos_ = inplace(ACOS)
atan_ = inplace(ATAN)
atan2_ = inplace(ATAN2)
sinh_ = inplace(SINH)
cosh_ = inplace(COSH)
tanh_ = inplace(TANH)
asinh_ = inplace(ASINH)
acosh_ = inplace(ACOSH)
atanh_ = inplace(ATANH)
sinc_ = inplace(SINC)
deg2rad_ = inplace(DEG2RAD)
rad2deg_ = inplace(RAD2DEG)
