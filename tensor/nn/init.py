"""Initial values of parameters, set in place.

Source: https://docs.pytorch.org/docs/stable/nn.init.html
"""

from __future__ import annotations

import math

import numpy as np

from tensor.dtypes import Array
from tensor.generators import Generator, random_of
from tensor.nn.deferred import array_of, initialise
from tensor.scalars import check_numbers, numbers_into
from tensor.tensors import Tensor

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return by how much a nonlinearity shrinks its input's spread, to be made up for.

    Args:
        nonlinearity: its name, such as `relu`.
        param: the negative slope of `leaky_relu`.

    Raises:
        ValueError: no such nonlinearity is known.
    """
    check_numbers("calculate_gain", {"param": param})
    if nonlinearity == "leaky_relu":
        return math.sqrt(2.0 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"unsupported nonlinearity {nonlinearity!r}, known are leaky_relu, {', '.join(_GAINS)}")
    return _GAINS[nonlinearity]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with values between `a` and `b`, each as likely.

    Args:
        tensor: what to fill.
        a: lower bound.
        b: upper bound.
        generator: source of randomness; by default the one that `manual_seed` seeds.

    Returns:
        The tensor.
    """
    low, high = numbers_into("uniform_", tensor, a, b)

    def write(array: Array) -> None:
        array[...] = random_of(generator).random(array.shape, dtype=_precision(array)) * (high - low) + low

    return initialise(tensor, write)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normally distributed values.

    Args:
        tensor: what to fill.
        mean: their mean.
        std: their standard deviation.
        generator: source of randomness; by default the one that `manual_seed` seeds.

    Returns:
        The tensor.
    """
    centre, spread = numbers_into("normal_", tensor, mean, std)

    def write(array: Array) -> None:
        array[...] = random_of(generator).standard_normal(array.shape, dtype=_precision(array)) * spread + centre

    return initialise(tensor, write)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value.

    Args:
        tensor: what to fill.
        val: the value.

    Returns:
        The tensor.
    """
    [value] = numbers_into("constant_", tensor, val)
    return initialise(tensor, lambda array: array.fill(value))


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Make a matrix the identity, as far as its shape allows.

    Raises:
        ValueError: it is no matrix.
    """
    if array_of(tensor).ndim != 2:
        raise ValueError(f"only matrices can be an identity, got {array_of(tensor).ndim} dimensions")

    def write(array: Array) -> None:
        array[...] = np.eye(*array.shape)

    return initialise(tensor, write)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill uniformly, keeping the spread equal forward and backward (Glorot and Bengio, 2010).

    Args:
        tensor: a weight of two or more dimensions, (out, in, ...).
        gain: that of the nonlinearity, see `calculate_gain`.
        generator: source of randomness; by default the one that `manual_seed` seeds.

    Returns:
        The tensor.
    """
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill normally, keeping the spread equal forward and backward (Glorot and Bengio, 2010).

    Args:
        tensor: a weight of two or more dimensions, (out, in, ...).
        gain: that of the nonlinearity, see `calculate_gain`.
        generator: source of randomness; by default the one that `manual_seed` seeds.

    Returns:
        The tensor.
    """
    return normal_(tensor, 0.0, _xavier_std(tensor, gain), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill uniformly, keeping the spread through rectifiers (He et al., 2015).

    Args:
        tensor: a weight of two or more dimensions, (out, in, ...).
        a: the negative slope of `leaky_relu`.
        mode: `fan_in` keeps the spread forward, `fan_out` backward.
        nonlinearity: what follows the layer, see `calculate_gain`.
        generator: source of randomness; by default the one that `manual_seed` seeds.

    Returns:
        The tensor.
    """
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill normally, keeping the spread through rectifiers (He et al., 2015).

    Args:
        tensor: a weight of two or more dimensions, (out, in, ...).
        a: the negative slope of `leaky_relu`.
        mode: `fan_in` keeps the spread forward, `fan_out` backward.
        nonlinearity: what follows the layer, see `calculate_gain`.
        generator: source of randomness; by default the one that `manual_seed` seeds.

    Returns:
        The tensor.
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _precision(array: Array) -> type[np.float32 | np.float64]:
    return np.float64 if array.dtype == np.float64 else np.float32  # NumPy draws these two only


def _xavier_std(tensor: Tensor, gain: float) -> float:
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return gain * math.sqrt(2.0 / max(1, fan_in + fan_out))  # 1: a weight without elements


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode {mode!r} not supported, please use one of fan_in, fan_out")
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fan_in if mode == "fan_in" else fan_out))


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs an output has, and how many outputs an input has; PyTorch's code calls it by this name."""
    shape = array_of(tensor).shape
    if len(shape) < 2:
        raise ValueError(f"fan in and fan out need at least 2 dimensions, got shape {shape}")
    receptive = math.prod(shape[2:])
    return shape[1] * receptive, shape[0] * receptive
