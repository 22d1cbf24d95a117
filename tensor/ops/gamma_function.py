"""The logarithm of the gamma function, and its derivatives, on arrays."""

from __future__ import annotations

import math

import numpy as np

from tensor.dtypes import Array

# Cephes, gamma.c (Moshier): Stirling's series from 13 on, a rational function of x - 2 between 2 and 3.
_STIRLING = (
    8.11614167470508450300e-4,
    -5.95061904284301438324e-4,
    7.93650340457716943945e-4,
    -2.77777777730099687205e-3,
    8.33333333333331927722e-2,
)
_B = (
    -1.37825152569120859100e3,
    -3.88016315134637840924e4,
    -3.31612992738871184744e5,
    -1.16237097492762307383e6,
    -1.72173700820839662146e6,
    -8.53555664245765465627e5,
)
_C = (
    1.0,
    -3.51815701436523470549e2,
    -1.70642106651881159223e4,
    -2.20528590553854454839e5,
    -1.13933444367982507207e6,
    -2.53252307177582951285e6,
    -2.01889141433532773231e6,
)
_LOG_ROOT_TWO_PI = 0.5 * math.log(2 * math.pi)
# Bernoulli numbers: of digamma's and trigamma's asymptotic series in 1/x².
_DIGAMMA = (1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12)
_TRIGAMMA = (7 / 6, -691 / 2730, 5 / 66, -1 / 30, 1 / 42, -1 / 30, 1 / 6)


def _lgamma_positive(x: Array) -> Array:
    """Return log Γ(x) of positive numbers."""
    small = np.clip(x, 0, 13)
    product = np.ones_like(x)
    for _ in range(11):  # Γ(x) = (x - 1) Γ(x - 1), down to between 2 and 3
        above = small >= 3
        small = np.where(above, small - 1, small)
        product = np.where(above, product * small, product)
    for _ in range(2):  # and up to it
        below = small < 2
        product = np.where(below, product / small, product)
        small = np.where(below, small + 1, small)
    rest = small - 2
    low = rest * np.polyval(_B, rest) / np.polyval(_C, rest) + np.log(product)
    inverse = 1 / np.maximum(x, 13)
    high = (x - 0.5) * np.log(x) - x + _LOG_ROOT_TWO_PI + inverse * np.polyval(_STIRLING, inverse * inverse)
    return np.where(x < 13, low, np.where(np.isinf(x), np.inf, high))


def _sine_of_pi(x: Array) -> Array:
    """Return sin(πx), precise near integers."""
    sine: Array = np.sin(np.pi * (x - np.round(x)))
    return sine


def lgamma(x: Array) -> Array:
    """Return log |Γ(x)| in the dtype of `x`: floats of any shape."""
    wide = x.astype(np.float64)
    mirrored = wide < 0.5  # Γ(x) Γ(1 - x) = π / sin(πx)
    value = _lgamma_positive(np.where(mirrored, 1 - wide, wide))
    reflected = math.log(math.pi) - np.log(np.abs(_sine_of_pi(wide))) - value
    poles = (wide <= 0) & (wide == np.floor(wide))
    found = np.where(mirrored, reflected, value)
    return np.where(poles | np.isinf(wide), np.inf, found).astype(x.dtype)


def digamma(x: Array) -> Array:
    """Return the derivative of `lgamma` in the dtype of `x`: floats of any shape."""
    wide = x.astype(np.float64)
    mirrored = wide < 0.5
    shifted = np.where(mirrored, 1 - wide, wide)
    total = np.zeros_like(shifted)
    for _ in range(10):  # ψ(x) = ψ(x + 1) - 1/x
        below = shifted < 10
        total = np.where(below, total - 1 / shifted, total)
        shifted = np.where(below, shifted + 1, shifted)
    inverse = 1 / (shifted * shifted)
    total = total + np.log(shifted) - 0.5 / shifted - inverse * np.polyval(_DIGAMMA, inverse)
    away = np.pi * (wide - np.round(wide))
    total = np.where(mirrored, total - np.pi / np.tan(away), total)
    poles = (wide < 0) & (wide == np.floor(wide))
    found = np.where(wide == 0, np.copysign(np.inf, -wide), np.where(poles, np.nan, total))
    return found.astype(x.dtype)


def trigamma(x: Array) -> Array:
    """Return the derivative of `digamma` in the dtype of `x`: floats of any shape."""
    wide = x.astype(np.float64)
    mirrored = wide < 0.5
    shifted = np.where(mirrored, 1 - wide, wide)
    total = np.zeros_like(shifted)
    for _ in range(10):  # ψ'(x) = ψ'(x + 1) + 1/x²
        below = shifted < 10
        total = np.where(below, total + 1 / (shifted * shifted), total)
        shifted = np.where(below, shifted + 1, shifted)
    square = 1 / (shifted * shifted)
    total = total + 1 / shifted + square / 2 + square / shifted * np.polyval(_TRIGAMMA, square)
    found = np.where(mirrored, np.square(np.pi / _sine_of_pi(wide)) - total, total)
    return found.astype(x.dtype)
