"""Variances and standard deviations."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array, is_floating
from tensor.errors import DtypeError
from tensor.ops.dims import Dims, normal_dims, takes_axis
from tensor.ops.reductions import count, mean, over_length, spread, total
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _centred(input: Array, dim: tuple[int, ...]) -> Array:
    mean = over_length(total(input, dim, True), count(input.shape, dim))
    return np.asarray(input - mean, input.dtype)


def _var(input: Array, *, dim: tuple[int, ...], correction: float, keepdim: bool) -> Array:
    if not is_floating(input.dtype):
        raise DtypeError(f"var and std only support floating point dtypes, got {dtypes.of(input.dtype)}")
    centred = _centred(input, dim)
    squares = total(np.square(centred, out=centred), dim, keepdim)
    return np.asarray(over_length(squares, builtins.max(0, count(input.shape, dim) - correction)), input.dtype)


def _var_vjp(g: Array, input: Array, dim: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    centred = _centred(input, dim)
    scale = over_length(2.0, count(input.shape, dim) - correction).astype(input.dtype)
    return spread(g, input.shape, dim, keepdim) * centred * scale


def _std_vjp(g: Array, input: Array, out: Array, dim: tuple[int, ...], correction: float, keepdim: bool) -> Any:
    # Where the deviation is 0 every direction raises it; PyTorch says 0.
    slope = np.where(out == 0, 0, g / (2 * out))
    return _var_vjp(slope, input, dim, correction, keepdim)


VAR = op("var", _var, input=_var_vjp)

STD = op(
    "std",
    lambda input, *, dim, correction, keepdim: np.sqrt(_var(input, dim=dim, correction=correction, keepdim=keepdim)),
    input=_std_vjp,
)


def _correction(dim: Any, unbiased: bool, correction: float | None) -> tuple[Dims | None, float]:
    # PyTorch also takes `unbiased` in the place of `dim`.
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    return dim, int(unbiased) if correction is None else correction


@takes_axis
def var(
    input: Tensor,
    dim: Dims | bool | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """Return the variance over dimensions, or over all.

    Args:
        input: Floats of any shape.
        dim: The dimensions.
        unbiased: Whether to divide by one less than the count (Bessel's correction).
        keepdim: Whether the dimensions stay, with size 1.
        correction: What to take off the count, in place of `unbiased`.

    Raises:
        DtypeError: The elements are no floats.
    """
    dim, taken = _correction(dim, unbiased, correction)
    return apply(VAR, input, dim=normal_dims(dim, input._data.ndim), correction=taken, keepdim=keepdim)


@takes_axis
def std(
    input: Tensor,
    dim: Dims | bool | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """Return the standard deviation over dimensions, or over all; arguments as for `var`."""
    dim, taken = _correction(dim, unbiased, correction)
    return apply(STD, input, dim=normal_dims(dim, input._data.ndim), correction=taken, keepdim=keepdim)


def var_mean(
    input: Tensor,
    dim: Dims | bool | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the variance and the mean over dimensions, or over all; arguments as for `var`."""
    over = None if isinstance(dim, bool) else dim
    return var(input, dim, unbiased, keepdim, correction=correction), mean(input, over, keepdim)


def std_mean(
    input: Tensor,
    dim: Dims | bool | None = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the standard deviation and the mean over dimensions, or over all; arguments as for `var`."""
    over = None if isinstance(dim, bool) else dim
    return std(input, dim, unbiased, keepdim, correction=correction), mean(input, over, keepdim)
