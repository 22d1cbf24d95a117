"""Activations made of pieces: rectifiers, thresholds and what shrinks to zero."""

from __future__ import annotations

import numpy as np

from tensor.bases import fresh
from tensor.dispatch import apply, write
from tensor.dtypes import Scalar
from tensor.errors import ArgumentError
from tensor.generators import random_of
from tensor.ops import rectifiers
from tensor.ops.elementwise import check_floating
from tensor.ops.rectifiers import HARDSIGMOID, HARDSWISH, HARDTANH, LEAKY_RELU, PRELU, SOFTSHRINK
from tensor.scalars import check_numbers
from tensor.tensors import Tensor

relu_ = rectifiers.relu_
elu_ = rectifiers.elu_
selu_ = rectifiers.selu_
celu_ = rectifiers.celu_
prelu = rectifiers.prelu
threshold_ = rectifiers.threshold_


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `max(input, 0)` of each element.

    Args:
        input: any shape.
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu.html
    """
    return rectifiers.relu_(input) if inplace else rectifiers.relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `min(max(input, 0), 6)` of each element.

    Args:
        input: any shape.
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html
    """
    return hardtanh(input, 0, 6, inplace)


def leaky_relu(input: Tensor, negative_slope: Scalar = 0.01, inplace: bool = False) -> Tensor:
    """Return positive elements as they are, others times a slope.

    Args:
        input: any shape, floating-point.
        negative_slope: the slope.
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html
    """
    if inplace:
        return leaky_relu_(input, negative_slope)
    return apply(LEAKY_RELU, input, negative_slope=negative_slope)


def leaky_relu_(input: Tensor, negative_slope: Scalar = 0.01) -> Tensor:
    """Compute `leaky_relu` into this tensor, and return it."""
    return write(LEAKY_RELU, input, negative_slope=negative_slope)


def rrelu(
    input: Tensor, lower: Scalar = 1 / 8, upper: Scalar = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """Return positive elements as they are, others times a slope: drawn for each at random, or the mean of these.

    Args:
        input: any shape, floating-point.
        lower: the smallest slope.
        upper: the largest.
        training: whether to draw.
        inplace: write the result over the input.

    Raises:
        ArgumentError: `lower` is above `upper`.

    Source: Xu et al., 2015, https://arxiv.org/abs/1505.00853;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rrelu.html
    """
    check_numbers("rrelu", {"lower": lower, "upper": upper})
    if lower > upper:
        raise ArgumentError("Lower bound should be less than or equal to the upper bound")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    check_floating("rrelu", input._data)
    slopes = fresh(np.asarray(random_of(None).uniform(lower, upper, input.shape)).astype(input._data.dtype))
    return write(PRELU, input, slopes) if inplace else apply(PRELU, input, slopes)


def rrelu_(input: Tensor, lower: Scalar = 1 / 8, upper: Scalar = 1 / 3, training: bool = False) -> Tensor:
    """Compute `rrelu` into this tensor, and return it."""
    return rrelu(input, lower, upper, training, inplace=True)


def elu(input: Tensor, alpha: Scalar = 1.0, inplace: bool = False) -> Tensor:
    """Return positive elements as they are, others as `alpha * (exp(input) - 1)`.

    Args:
        input: any shape, floating-point.
        alpha: minus the limit at minus infinity.
        inplace: write the result over the input.

    Source: Clevert et al., 2015, https://arxiv.org/abs/1511.07289;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.elu.html
    """
    return elu_(input, alpha) if inplace else rectifiers.elu(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `elu` with the constants of self-normalising networks.

    Args:
        input: any shape, floating-point.
        inplace: write the result over the input.

    Source: Klambauer et al., 2017, https://arxiv.org/abs/1706.02515;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.selu.html
    """
    return selu_(input) if inplace else rectifiers.selu(input)


def celu(input: Tensor, alpha: Scalar = 1.0, inplace: bool = False) -> Tensor:
    """Return positive elements as they are, others as `alpha * (exp(input / alpha) - 1)`.

    Args:
        input: any shape, floating-point.
        alpha: minus the limit at minus infinity.
        inplace: write the result over the input.

    Raises:
        ArgumentError: `alpha` is 0.

    Source: Barron, 2017, https://arxiv.org/abs/1704.07483;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.celu.html
    """
    return celu_(input, alpha) if inplace else rectifiers.celu(input, alpha)


def _check_limits(min_val: Scalar, max_val: Scalar) -> None:
    check_numbers("hardtanh", {"min_val": min_val, "max_val": max_val})
    if min_val > max_val:
        raise ArgumentError("min_val cannot be greater than max_val")


def hardtanh(input: Tensor, min_val: Scalar = -1.0, max_val: Scalar = 1.0, inplace: bool = False) -> Tensor:
    """Return the elements with what is beyond two limits replaced by them.

    Args:
        input: any shape.
        min_val: the lower limit.
        max_val: the upper one.
        inplace: write the result over the input.

    Raises:
        ArgumentError: the lower limit is above the upper one, or negative where the elements are unsigned.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html
    """
    if inplace:
        return hardtanh_(input, min_val, max_val)
    _check_limits(min_val, max_val)
    return apply(HARDTANH, input, min_val=min_val, max_val=max_val)


def hardtanh_(input: Tensor, min_val: Scalar = -1.0, max_val: Scalar = 1.0) -> Tensor:
    """Compute `hardtanh` into this tensor, and return it."""
    _check_limits(min_val, max_val)
    return write(HARDTANH, input, min_val=min_val, max_val=max_val)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `relu6(input + 3) / 6`.

    Args:
        input: any shape, floating-point.
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html
    """
    return write(HARDSIGMOID, input) if inplace else apply(HARDSIGMOID, input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `input * relu6(input + 3) / 6`.

    Args:
        input: any shape, floating-point.
        inplace: write the result over the input.

    Source: Howard et al., 2019, https://arxiv.org/abs/1905.02244;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html
    """
    return write(HARDSWISH, input) if inplace else apply(HARDSWISH, input)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Return the elements with those from `-lambd` to `lambd` replaced by 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html
    """
    return rectifiers.hardshrink(input, lambd)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Return the elements moved by `lambd` towards 0, and no further.

    Args:
        input: any shape, floating-point.
        lambd: how far.

    Raises:
        ArgumentError: `lambd` is negative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html
    """
    check_numbers("softshrink", {"lambd": lambd})
    if lambd < 0:
        raise ArgumentError(f"lambda must be greater or equal to 0, but found to be {lambd}")
    return apply(SOFTSHRINK, input, lambd=lambd)


def threshold(input: Tensor, threshold: Scalar, value: Scalar, inplace: bool = False) -> Tensor:
    """Return elements above a threshold as they are, others replaced by a value.

    Args:
        input: any shape.
        threshold: what to be above of.
        value: the replacement.
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html
    """
    if inplace:
        return threshold_(input, threshold, value)
    return rectifiers.threshold(input, threshold, value)
