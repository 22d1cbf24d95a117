"""Activations made of pieces: rectifiers, thresholds and what shrinks to zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, write
from tensor.dtypes import Array, Scalar, fitting, of
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.ops.elementwise import check_floating, inplace
from tensor.registry import op
from tensor.scalars import check_numbers

if TYPE_CHECKING:
    from tensor.tensors import Tensor

# Klambauer et al., 2017, https://arxiv.org/abs/1706.02515
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946

_LARGE = 1 << 13  # elements


def _relu(input: Array) -> Any:
    if input.dtype.kind == "b":
        raise DtypeError("Boolean inputs not supported for relu; convert them with .float()")
    # np.clip is three times as fast, and takes longer to begin.
    return np.maximum(input, 0) if input.size < _LARGE or input.dtype.kind != "f" else np.clip(input, 0, np.inf)


def _leaky_relu(input: Array, *, negative_slope: float) -> Any:
    check_floating("leaky_relu", input)
    if 0 < negative_slope <= 1:
        return np.maximum(input, input * negative_slope)
    return np.where(input > 0, input, input * negative_slope)


def _slope(g: Array, input: Array, slope: Any) -> Any:
    """The gradient where it passes positive inputs as it is, and others times a slope."""
    if not isinstance(slope, np.ndarray) and 0 <= slope <= 1:
        return g * np.clip((input > 0).astype(g.dtype), slope, 1)
    return g * np.where(input > 0, g.dtype.type(1), np.asarray(slope, g.dtype))


def _elu(input: Array, *, alpha: float, scale: float, input_scale: float) -> Any:
    check_floating("elu", input)
    # Both pieces are 0 in the other's domain.
    low = np.asarray(np.clip(input, -np.inf, 0))
    if input_scale != 1:
        low *= input_scale
    np.expm1(low, out=low)
    low *= alpha * scale
    high = np.asarray(np.clip(input, 0, np.inf))
    if scale != 1:
        high *= scale
    return np.add(low, high, out=low)


def _elu_vjp(g: Array, input: Array, alpha: float, scale: float, input_scale: float) -> Any:
    low = np.exp(np.clip(input, -np.inf, 0) * input_scale) * (alpha * scale * input_scale)
    if alpha * input_scale == 1:
        return g * low  # which is the scale above zero
    return g * np.where(input > 0, g.dtype.type(scale), low)


def _hardtanh(input: Array, *, min_val: Scalar, max_val: Scalar) -> Any:
    if input.dtype.kind == "b":
        raise DtypeError("Bool inputs not supported for hardtanh; convert them with .float()")
    if input.dtype.kind == "u" and (min_val < 0 or max_val < 0):
        raise ArgumentError("cannot do hardtanh on an unsigned type with negative limits")
    low, high = fitting(min_val, input.dtype), fitting(max_val, input.dtype)
    return np.clip(input, low, high)


def _hardsigmoid(input: Array) -> Any:
    check_floating("hardsigmoid", input)
    return np.clip(input + 3, 0, 6) / 6


def _hardswish(input: Array) -> Any:
    check_floating("hardswish", input)
    return input * np.clip(input + 3, 0, 6) / 6


def _hardswish_vjp(g: Array, input: Array) -> Any:
    slope = np.clip(input, -3, 3) / 3 + 0.5
    slope *= (input > -3) & (input < 3)
    slope += input >= 3
    return g * slope


def _hardshrink(input: Array, *, lambd: float) -> Any:
    check_floating("hardshrink", input)
    return input * ~((input >= -lambd) & (input <= lambd))


def _softshrink(input: Array, *, lambd: float) -> Any:
    check_floating("softshrink", input)
    return input - np.clip(input, -lambd, lambd)


def _threshold(input: Array, *, threshold: Scalar, value: Scalar) -> Any:
    if input.dtype.kind == "b":
        raise DtypeError("threshold: expected numbers, got booleans; convert them with .int()")
    least, replacement = fitting(threshold, input.dtype), fitting(value, input.dtype)
    return np.where(input <= least, replacement, input)  # nan stays


RELU = op("relu", _relu, input=lambda g, out: g * ~(out <= 0))  # nan goes through
LEAKY_RELU = op("leaky_relu", _leaky_relu, input=lambda g, input, negative_slope: _slope(g, input, negative_slope))
PRELU = op(
    "prelu",
    lambda input, weight: np.where(input > 0, input, weight * input),
    input=lambda g, input, weight: _slope(g, input, weight),
    weight=lambda g, input: g * np.minimum(input, 0),
)
ELU = op("elu", _elu, input=_elu_vjp)
HARDTANH = op(
    "hardtanh",
    _hardtanh,
    input=lambda g, input, min_val, max_val: g * ((input > min_val) & (input < max_val)),
)
HARDSIGMOID = op("hardsigmoid", _hardsigmoid, input=lambda g, input: g * ((input > -3) & (input < 3)) / 6)
HARDSWISH = op("hardswish", _hardswish, input=_hardswish_vjp)
HARDSHRINK = op("hardshrink", _hardshrink, input=lambda g, input, lambd: g * ~((input >= -lambd) & (input <= lambd)))
SOFTSHRINK = op("softshrink", _softshrink, input=lambda g, input, lambd: g * ~((input >= -lambd) & (input <= lambd)))
THRESHOLD = op("threshold", _threshold, input=lambda g, input, threshold: g * (input > threshold))


def relu(input: Tensor) -> Tensor:
    """Return the elements with negative ones replaced by 0."""
    return apply(RELU, input)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Return positive elements as they are, others times a weight that is learnt.

    Args:
        input: Any shape; the channels are dimension 1.
        weight: One for each channel, or a single one; of the same dtype.

    Raises:
        ShapeError: There is another number of weights than of channels.
        DtypeError: The dtypes differ.

    Source: He et al., 2015, https://arxiv.org/abs/1502.01852;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.prelu.html
    """
    shape, count = input._data.shape, weight._data.size
    if weight._data.ndim > 1:
        raise ShapeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight._data.ndim}")
    if input._data.dtype != weight._data.dtype:
        raise DtypeError(
            f"prelu: Type promoting not supported. Got {of(input._data.dtype)} and {of(weight._data.dtype)}"
        )
    check_floating("prelu", input._data)
    channels = shape[1] if len(shape) > 1 else 1
    if weight._data.ndim and count not in (1, channels):
        raise ShapeError(
            "Mismatch of parameter numbers and input channel size. "
            f"Found parameter numbers = {count} and channel size = {channels}."
        )
    if weight._data.ndim:
        weight = weight.reshape(()) if count == 1 else weight.reshape(-1, *[1] * (len(shape) - 2))
    return apply(PRELU, input, weight)


def selu(input: Tensor) -> Tensor:
    """Return `elu` with the constants of self-normalising networks.

    Source: Klambauer et al., 2017, https://arxiv.org/abs/1706.02515
    """
    return apply(ELU, input, alpha=_SELU_ALPHA, scale=_SELU_SCALE, input_scale=1.0)


def selu_(input: Tensor) -> Tensor:
    """Compute `selu` into this tensor, and return it."""
    return write(ELU, input, alpha=_SELU_ALPHA, scale=_SELU_SCALE, input_scale=1.0)


def elu(input: Tensor, alpha: Scalar = 1.0) -> Tensor:
    """Return positive elements as they are, others as `alpha * (exp(input) - 1)`."""
    return apply(ELU, input, alpha=alpha, scale=1.0, input_scale=1.0)


def elu_(input: Tensor, alpha: Scalar = 1.0) -> Tensor:
    """Compute `elu` into this tensor, and return it."""
    return write(ELU, input, alpha=alpha, scale=1.0, input_scale=1.0)


def _celu_scale(alpha: Any) -> Any:
    check_numbers("celu", {"alpha": alpha})
    if alpha == 0:
        raise ArgumentError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return 1 / alpha


def celu(input: Tensor, alpha: Scalar = 1.0) -> Tensor:
    """Return positive elements as they are, others as `alpha * (exp(input / alpha) - 1)`.

    Raises:
        ArgumentError: `alpha` is 0.

    Source: Barron, 2017, https://arxiv.org/abs/1704.07483
    """
    return apply(ELU, input, alpha=alpha, scale=1.0, input_scale=_celu_scale(alpha))


def celu_(input: Tensor, alpha: Scalar = 1.0) -> Tensor:
    """Compute `celu` into this tensor, and return it."""
    return write(ELU, input, alpha=alpha, scale=1.0, input_scale=_celu_scale(alpha))


def threshold(input: Tensor, threshold: Scalar, value: Scalar) -> Tensor:
    """Return elements above a threshold as they are, others replaced by a value."""
    return apply(THRESHOLD, input, threshold=threshold, value=value)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Return the elements with those from `-lambd` to `lambd` replaced by 0."""
    return apply(HARDSHRINK, input, lambd=lambd)


def threshold_(input: Tensor, threshold: Scalar, value: Scalar) -> Tensor:
    """Replace elements that are not above a threshold by a value, in place."""
    return write(THRESHOLD, input, threshold=threshold, value=value)


relu_ = inplace(RELU)
