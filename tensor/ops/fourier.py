"""Discrete Fourier transforms along one dimension, of complex numbers as pairs: (..., 2), the real part first.

They are linear, so that a gradient goes through the adjoint: the transform the other way round, scaled as the first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tensor.dtypes import Array
from tensor.registry import op

# By which power of the length a transform is divided: forward, inverse.
_POWERS = {"backward": (0.0, 1.0), "ortho": (0.5, 0.5), "forward": (1.0, 0.0)}


def scale_of(norm: str, n: int, *, inverse: bool) -> float:
    """Return the factor of a transform.

    Args:
        norm: `"backward"`, `"ortho"` or `"forward"`.
        n: The length.
        inverse: Whether it is the inverse one.
    """
    return float(n ** -_POWERS[norm][inverse])


def _complex(pairs: Array) -> Any:
    return pairs[..., 0] + 1j * pairs[..., 1]


def _pairs(values: Any, like: Array) -> Array:
    return np.stack([values.real, values.imag], -1).astype(like.dtype, copy=False)


def _fitted(values: Any, n: int, dim: int) -> Any:
    """Values cut, or filled with zeros, to a length."""
    count = values.shape[dim]
    if count > n:
        return values[(slice(None),) * dim + (slice(n),)]
    return np.pad(values, [(0, n - count if at == dim else 0) for at in range(values.ndim)]) if count < n else values


def _transformed(values: Any, n: int, dim: int, inverse: bool) -> Any:
    """The sum that is the transform, without a factor."""
    return np.fft.ifft(values, n, dim, norm="forward") if inverse else np.fft.fft(values, n, dim)


def _c2c(input: Array, *, n: int, dim: int, inverse: bool, scale: float) -> Array:
    return _pairs(_transformed(_complex(input), n, dim, inverse) * scale, input)


def _c2c_vjp(g: Array, shape: Any, n: int, dim: int, inverse: bool, scale: float) -> Array:
    back = _transformed(_complex(g), n, dim, not inverse) * scale
    return _pairs(_fitted(back, shape[dim], dim), g)


def _r2c(input: Array, *, n: int, dim: int, scale: float) -> Array:
    return _pairs(np.fft.rfft(input, n, dim) * scale, input)


def _r2c_vjp(g: Array, shape: Any, n: int, dim: int, scale: float) -> Array:
    back = _transformed(_fitted(_complex(g), n, dim), n, dim, True) * scale
    return _fitted(back.real, shape[dim], dim).astype(g.dtype, copy=False)  # type: ignore[no-any-return]


def _c2r(input: Array, *, n: int, dim: int, scale: float) -> Array:
    return (np.fft.irfft(_complex(input), n, dim, norm="forward") * scale).astype(input.dtype, copy=False)


def _c2r_vjp(g: Array, shape: Any, n: int, dim: int, scale: float) -> Array:
    back = np.fft.rfft(g, n, dim) * scale
    # All but the first frequency, and the middle one of an even length, stand for two.
    twice = np.full(back.shape[dim], 2.0)
    twice[0] = 1
    if n % 2 == 0:
        twice[-1] = 1
    back = back * twice.reshape([-1 if at == dim else 1 for at in range(back.ndim)])
    return _pairs(_fitted(back, shape[dim], dim), g)


C2C = op("fft_c2c", _c2c, input=_c2c_vjp)
R2C = op("fft_r2c", _r2c, input=_r2c_vjp)
C2R = op("fft_c2r", _c2r, input=_c2r_vjp)
