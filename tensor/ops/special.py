"""Functions that NumPy does not have."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tensor.dtypes import Array

# Cephes, ndtr.c (Moshier): erf(x) = x T(x²)/U(x²) near zero, 1 - exp(-x²) P(x)/Q(x) beyond; 1e-16 in float64.
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


def _polynomial(x: Array, coefficients: Sequence[float]) -> Array:
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total *= x
        total += coefficient
    return total


def erf(x: Array) -> Array:
    """Return the error function, in the dtype of `x`.

    Args:
        x: Floats of any shape.
    """
    # Single precision would lose its last bits in the polynomials.
    wide = x.astype(np.float64)
    size = np.minimum(np.abs(wide), 6.0)  # beyond, erf is 1 in every dtype
    square = size * size
    near = size * _polynomial(square, _T) / _polynomial(square, _U)
    far = 1.0 - np.exp(-square) * _polynomial(size, _P) / _polynomial(size, _Q)
    result = np.copysign(np.where(size <= 1.0, near, far), wide)
    return np.where(np.isnan(wide), wide, result).astype(x.dtype)
