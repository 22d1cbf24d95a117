"""What is computed of logits: softmax, its logarithm, and the logarithm of a sum of exponentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array, DtypeLike
from tensor.ops.conversions import cast
from tensor.ops.dims import Dims, normal_dim, normal_dims, takes_axis
from tensor.ops.elementwise import as_floating, check_floating
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _shifted(input: Array, dim: Any) -> tuple[Array, Array]:
    """The elements less their largest, and that; a largest of inf or -inf is taken as 0 off, as all is lost anyway."""
    largest = input.max(axis=dim, keepdims=True, initial=-np.inf)
    largest = np.where(np.isfinite(largest), largest, 0).astype(input.dtype, copy=False)
    return input - largest, largest


def _softmax(input: Array, *, dim: int) -> Any:
    check_floating("softmax", input)
    if not input.size:
        return input.copy()
    powers = input - input.max(axis=dim, keepdims=True)
    np.exp(powers, out=powers)
    powers /= powers.sum(axis=dim, keepdims=True)
    return powers


def _softmax_vjp(g: Array, out: Array, dim: int) -> Any:
    product = g * out
    product -= out * product.sum(axis=dim, keepdims=True)
    return product


def _log_softmax(input: Array, *, dim: int) -> Any:
    check_floating("log_softmax", input)
    if not input.size:
        return input.copy()
    shifted = input - input.max(axis=dim, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=dim, keepdims=True))
    return shifted


def _log_softmax_vjp(g: Array, out: Array, dim: int) -> Any:
    product = np.exp(out)
    product *= g.sum(axis=dim, keepdims=True)
    return np.subtract(g, product, out=product)


def _logsumexp(input: Array, *, dim: tuple[int, ...], keepdim: bool) -> Any:
    input = as_floating(input)
    shifted, largest = _shifted(input, dim)
    total = np.log(np.exp(shifted).sum(axis=dim, keepdims=True)) + largest
    return total if keepdim else total.squeeze(dim)


def _logsumexp_vjp(g: Array, input: Array, out: Array, dim: tuple[int, ...], keepdim: bool) -> Any:
    total, g = (out, g) if keepdim else (np.expand_dims(out, dim), np.expand_dims(g, dim))
    return g * np.exp(input - total)


SOFTMAX = op("softmax", _softmax, input=_softmax_vjp)
LOG_SOFTMAX = op("log_softmax", _log_softmax, input=_log_softmax_vjp)
LOGSUMEXP = op("logsumexp", _logsumexp, input=_logsumexp_vjp)


@takes_axis
def softmax(input: Tensor, dim: int, dtype: DtypeLike | None = None) -> Tensor:
    """Return probabilities along a dimension, in proportion to `exp(input)`.

    Args:
        input: Logits, floats of any shape.
        dim: The dimension that sums to 1.
        dtype: What to cast the logits to first.
    """
    input = input if dtype is None else cast(input, dtype)
    if not input._data.ndim:
        return softmax(input.reshape(1), dim).reshape(())
    return apply(SOFTMAX, input, dim=normal_dim(dim, input._data.ndim))


@takes_axis
def log_softmax(input: Tensor, dim: int, dtype: DtypeLike | None = None) -> Tensor:
    """Return the logarithm of `softmax`, without computing that.

    Args:
        input: Logits, floats of any shape.
        dim: The dimension along which the exponentials sum to 1.
        dtype: What to cast the logits to first.
    """
    input = input if dtype is None else cast(input, dtype)
    if not input._data.ndim:
        return log_softmax(input.reshape(1), dim).reshape(())
    return apply(LOG_SOFTMAX, input, dim=normal_dim(dim, input._data.ndim))


@takes_axis
def logsumexp(input: Tensor, dim: Dims, keepdim: bool = False) -> Tensor:
    """Return `log(sum(exp(input)))` over dimensions, without overflow.

    Args:
        input: Any shape; integers give the default float dtype.
        dim: A dimension, or several.
        keepdim: Whether they stay, with a size of 1.
    """
    return apply(LOGSUMEXP, input, dim=normal_dims(dim, input._data.ndim), keepdim=keepdim)
