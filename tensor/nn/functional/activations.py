"""Activations, softmax and dropout."""

from __future__ import annotations

import math
import warnings

import numpy as np

from tensor.bases import fresh
from tensor.dispatch import apply
from tensor.dtypes import Array, DtypeLike
from tensor.generators import random_of
from tensor.ops import activations
from tensor.ops.elementwise import check_floating
from tensor.ops.special import erf
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor

_TANH_SCALE = math.sqrt(2 / math.pi)
_TANH_CUBIC = 0.044715


def _normal_cdf(x: Array) -> Array:
    return 0.5 * (1 + erf(x * math.sqrt(0.5)))


def _gelu_vjp(g: Array, input: Array) -> Array:
    density = np.exp(-0.5 * np.square(input)) / math.sqrt(2 * math.pi)
    return g * (_normal_cdf(input) + input * density)


def _inner_tanh(x: Array) -> Array:
    return np.tanh(_TANH_SCALE * (x + _TANH_CUBIC * x * x * x))


def _gelu_tanh_vjp(g: Array, input: Array) -> Array:
    tanh = _inner_tanh(input)
    slope = _TANH_SCALE * (1 + 3 * _TANH_CUBIC * np.square(input))
    gradient: Array = g * (0.5 * (1 + tanh) + 0.5 * input * (1 - np.square(tanh)) * slope)
    return gradient


def _gelu(input: Array) -> Array:
    check_floating("gelu", input)
    return input * _normal_cdf(input)


def _gelu_tanh(input: Array) -> Array:
    check_floating("gelu", input)
    out: Array = 0.5 * input * (1 + _inner_tanh(input))
    return out


GELU = op("gelu", _gelu, input=_gelu_vjp)
GELU_TANH = op("gelu_tanh", _gelu_tanh, input=_gelu_tanh_vjp)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `max(input, 0)` of each element.

    Args:
        input: any shape.
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html
    """
    return activations.relu_(input) if inplace else activations.relu(input)


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent of each element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanh.html
    """
    return activations.tanh(input)


def sigmoid(input: Tensor) -> Tensor:
    """Return `1 / (1 + exp(-input))` of each element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.sigmoid.html
    """
    return activations.sigmoid(input)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Return each element times the normal distribution function of it.

    Args:
        input: any shape, floating-point.
        approximate: `none`, or `tanh` for an approximation by it.

    Raises:
        ValueError: there is no such approximation.

    Source: Hendrycks and Gimpel, 2016, https://arxiv.org/abs/1606.08415;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html
    """
    if approximate not in ("none", "tanh"):
        raise ValueError(f"approximate argument must be either none or tanh, got {approximate!r}")
    out: Tensor = apply(GELU if approximate == "none" else GELU_TANH, input)
    return out


def softmax(input: Tensor, dim: int | None = None, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return exponentials that add up to one along a dimension.

    Args:
        input: any shape.
        dim: the dimension; leaving it out is deprecated, as in PyTorch.
        dtype: to compute in.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
    """
    return input.softmax(_chosen_dim(input, dim), dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, *, dtype: DtypeLike | None = None) -> Tensor:
    """Return the logarithm of softmax, computed in one.

    Args:
        input: any shape.
        dim: the dimension; leaving it out is deprecated, as in PyTorch.
        dtype: to compute in.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
    """
    return input.log_softmax(_chosen_dim(input, dim), dtype=dtype)


def _chosen_dim(input: Tensor, dim: int | None) -> int:
    if dim is not None:
        return dim
    warnings.warn(
        "Implicit dimension choice for softmax has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=3,
    )
    return 0 if input.ndim in (0, 1, 3) else 1


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set elements to zero at random, and scale the others up by `1 / (1 - p)`.

    Args:
        input: any shape.
        p: the probability of zero.
        training: if false, return the input as it is.
        inplace: write the result over the input.

    Raises:
        ValueError: `p` is no probability.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
    """
    check_numbers("dropout", {"p": p})
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training or p == 0:
        return input
    kept = random_of(None).random(input.shape, dtype=np.float32) >= p
    scales = fresh(kept * input.dtype.numpy_dtype.type(0 if p == 1 else 1 / (1 - p)))
    return input.mul_(scales) if inplace else input * scales
