"""The error function and its inverse, on arrays."""

from __future__ import annotations

import math

import numpy as np

from tensor.dtypes import Array
from tensor.ops.elementwise import horner, in_blocks

# Cephes, ndtr.c (Moshier): erf(x) = x T(x²)/U(x²) up to 1; erfc(x) = exp(-x²) P(x)/Q(x) up to 8, R(x)/S(x) beyond.
_T = (
    9.60497373987051638749,
    90.0260197203842689217,
    2232.00534594684319226,
    7003.32514112805075473,
    55592.3013010394962768,
)
_U = (
    1.0,
    33.5617141647503099647,
    521.357949780152679795,
    4594.32382970980127987,
    22629.0000613890934246,
    49267.3942608635921086,
)
_P = (
    2.46196981473530512524e-10,
    0.564189564831068821977,
    7.46321056442269912687,
    48.6371970985681366614,
    196.520832956077098242,
    526.445194995477358631,
    934.528527171957607540,
    1027.55188689515710272,
    557.535335369399327526,
)
_Q = (
    1.0,
    13.2281951154744992508,
    86.7072140885989742329,
    354.937778887819891062,
    975.708501743205489753,
    1823.90916687909736289,
    2246.33760818710981792,
    1656.66309194161350182,
    557.535340817727675546,
)
_R = (
    0.564189583547755073984,
    1.275366707599781044160,
    5.019050422511804774140,
    6.160210979930535851950,
    7.409742699504489391600,
    2.978866653721002406700,
)
_S = (
    1.0,
    2.260528632201172765700,
    9.396035249380014346730,
    12.04895398080966566050,
    17.08144507475658972220,
    9.608968090632858781980,
    3.369076451000815160500,
)

# In float32 (njuffa, https://stackoverflow.com/a/35148199): x + x N(x²) up to 475/512, 1 - exp(F(x) - x) beyond.
_NEAR = (
    -5.96761703e-4,
    4.99119423e-3,
    -2.67681349e-2,
    1.12819925e-1,
    -3.76125336e-1,
    1.28379166e-1,
)
_FAR = (
    -1.72853470e-5,
    3.83197126e-4,
    -3.88396438e-3,
    2.42546219e-2,
    -1.06777877e-1,
    -6.34846687e-1,
    -1.28717512e-1,
)
_CORNER = 475 / 512


def _far_exponent(t: Array, out: Array) -> Array:
    """Compute F(t) - t."""
    horner(t, _FAR, out)
    out *= t
    out -= t
    return out


_CORNER32 = np.full(1, _CORNER, np.float32)
_CORNER_EXPONENT = _far_exponent(_CORNER32, np.empty(1, np.float32))
_CORNER_REST = np.exp(_CORNER_EXPONENT)


def erf32_into(x: Array, out: Array) -> None:
    """Compute the error function of float32 numbers, to about one unit in the last place.

    Both formulas are computed, each no further than to the corner, and what the second one has gained there is added.

    Args:
        x: Of one dimension.
        out: The same.
    """
    t = np.abs(x)
    far = np.clip(t, _CORNER, 10)
    np.clip(t, 0, _CORNER, out=t)
    square = t * t
    horner(square, _NEAR, out)
    out *= t
    out += t
    gained = _far_exponent(far, square)
    gained -= _CORNER_EXPONENT
    np.expm1(gained, out=gained)
    gained *= _CORNER_REST
    out -= gained
    np.copysign(out, x, out=out)


def erf64_into(x: Array, out: Array) -> None:
    """Compute the error function of float64 numbers, to about one unit in the last place.

    Args:
        x: Of one dimension.
        out: The same.
    """
    t = np.abs(x)
    np.clip(t, 0, 6, out=t)  # beyond, it is 1
    square = t * t
    other = np.empty_like(t)
    near = horner(square, _T, np.empty_like(t))
    near /= horner(square, _U, other)
    near *= t
    np.negative(square, out=square)
    np.exp(square, out=square)
    square *= horner(t, _P, out)
    square /= horner(t, _Q, other)
    np.subtract(1.0, square, out=out)
    np.copyto(out, near, where=t <= 1.0)
    np.copysign(out, x, out=out)


def erf_into(x: Array, out: Array) -> None:
    """Compute the error function in the dtype of `x`; both arrays have one dimension."""
    (erf32_into if x.dtype == np.float32 else erf64_into)(x, out)


def erf(x: Array) -> Array:
    """Return the error function, in the dtype of `x`: floats of any shape."""
    return in_blocks(erf_into, x)


def _erfc64_into(x: Array, out: Array) -> None:
    t = np.abs(x)
    near = np.minimum(t, 1.0)
    np.minimum(t, 28.0, out=t)  # beyond, it is 0
    square = near * near
    other = np.empty_like(t)
    horner(square, _T, out)
    out /= horner(square, _U, other)
    out *= near
    np.subtract(1.0, out, out=near)

    tail = horner(t, _P, np.empty_like(t))
    tail /= horner(t, _Q, other)
    distant = horner(t, _R, out)
    distant /= horner(t, _S, other)
    np.copyto(tail, distant, where=t >= 8.0)
    # The square's rounding error matters to its exponential: exp(-t²) is exp(-h²) exp((h - t) (h + t)), with h exact.
    high = np.round(t * 16) / 16
    tail *= np.exp(-high * high) * np.exp((high - t) * (high + t))
    np.copyto(tail, near, where=t < 1.0)
    np.copyto(out, tail)
    np.subtract(2.0, tail, out=out, where=x < 0)


def erfc(x: Array) -> Array:
    """Return 1 less the error function without cancellation, in the dtype of `x`: floats of any shape."""
    return in_blocks(_erfc64_into, x.astype(np.float64, copy=False)).astype(x.dtype, copy=False)


# Giles' and others' rational approximations, as in PyTorch (aten/src/ATen/native/Math.h): a first guess.
_A = (-0.140543331, 0.914624893, -1.645349621, 0.886226899)
_B = (0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0)
_C = (1.641345311, 3.429567803, -1.624906493, -1.970840454)
_D = (1.637067800, 3.543889200, 1.0)


def _erfinv64_into(x: Array, out: Array) -> None:
    y = np.abs(x)
    square = y * y
    rest = (1 - y) / 2
    depth = np.sqrt(-np.log(rest))
    centre = y * horner(square, _A, np.empty_like(y)) / horner(square, _B, np.empty_like(y))
    edge = horner(depth, _C, np.empty_like(y)) / horner(depth, _D, np.empty_like(y))
    guess = np.where(y <= 0.7, centre, edge)
    for _ in range(2):  # Newton's method doubles the number of right digits
        # Near 1 the difference is taken between the small rests of both.
        off = np.where(y < 0.5, erf(guess) - y, 2 * rest - erfc(guess))
        guess -= off * np.exp(guess * guess) * (math.sqrt(math.pi) / 2)
    np.copyto(guess, np.inf, where=y == 1)
    np.copysign(guess, x, out=out)


def erfinv(x: Array) -> Array:
    """Return the inverse of the error function, in the dtype of `x`: floats of any shape, nan beyond -1 and 1."""
    return in_blocks(_erfinv64_into, x.astype(np.float64, copy=False)).astype(x.dtype, copy=False)
