"""Initial values of parameters, set in place.

Source: https://docs.pytorch.org/docs/stable/nn.init.html
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numpy as np

from tensor.dtypes import Array
from tensor.errors import ArgumentError, ShapeError
from tensor.generators import Generator, random_of
from tensor.nn.deferred import array_of, initialise
from tensor.scalars import check_numbers, numbers_into
from tensor.tensors import Tensor

P = ParamSpec("P")
R = TypeVar("R")

_GAINS = {
    **dict.fromkeys(("linear", "conv1d", "conv2d", "conv3d"), 1.0),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), 1.0),
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
        ValueError: no such nonlinearity is known, or the slope is no number.

    Source: https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.calculate_gain
    """
    check_numbers("calculate_gain", {"param": param})
    if nonlinearity == "leaky_relu":
        slope: object = param
        if isinstance(slope, bool) or not isinstance(slope, int | float | None):
            raise ArgumentError(f"negative_slope {param!r} not a valid number")
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


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normally distributed values, drawing again what lies beyond bounds.

    Args:
        tensor: what to fill.
        mean: the mean of the distribution that is cut off.
        std: its standard deviation, above 0.
        a: lower bound, of values rather than of standard deviations.
        b: upper bound.
        generator: source of randomness; by default the one that `manual_seed` seeds.

    Returns:
        The tensor.

    Raises:
        ArgumentError: there is nothing between the bounds, or no deviation.

    Source: https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.trunc_normal_
    """
    centre, spread, low, high = numbers_into("trunc_normal_", tensor, mean, std, a, b)
    if not (low <= high and spread > 0):
        raise ArgumentError(f"trunc_normal_: expected a <= b and std > 0, got a={low}, b={high}, std={spread}")
    if not low - 2 * spread <= centre <= high + 2 * spread:
        warnings.warn(
            f"trunc_normal_: the mean, {centre}, is more than 2 std from [a, b]: most values are at one of the bounds.",
            stacklevel=2,
        )
    share = 0.5 * (math.erf((high - centre) / spread / math.sqrt(2)) - math.erf((low - centre) / spread / math.sqrt(2)))
    often = share > 0.3  # of normal draws, so many are kept
    if not often and math.isinf(high - low):
        raise ArgumentError(f"trunc_normal_: one of the bounds is infinite, and the other far from the mean, {centre}")
    peak = min(max(centre, low), high)

    def kept(draws: Array, random: np.random.Generator) -> Array:
        if often:
            return np.asarray((draws >= low) & (draws <= high))
        # Uniform draws, of which those are kept that fall under the curve.
        depth = ((draws - centre) / spread) ** 2 - ((peak - centre) / spread) ** 2
        return np.asarray(random.random(len(draws)) <= np.exp(-0.5 * depth))

    def write(array: Array) -> None:
        random = random_of(generator)
        values = np.empty(array.size, _precision(array))
        left = np.arange(array.size)
        while len(left):
            if often:
                draws = random.standard_normal(len(left), dtype=_precision(array)) * spread + centre
            else:
                draws = random.random(len(left), dtype=_precision(array)) * (high - low) + low
            good = kept(draws, random)
            values[left[good]] = draws[good]
            left = left[~good]
        # Rounding may lead beyond.
        array[...] = np.clip(values.astype(array.dtype), *np.asarray([low, high], array.dtype)).reshape(array.shape)

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


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Make a convolution return its input, as far as it has channels.

    Args:
        tensor: a weight of 3, 4 or 5 dimensions, (out, in, ...).
        groups: of the channels; each gets an identity of its own.

    Returns:
        The tensor.

    Raises:
        ShapeError: it has other dimensions, or the groups do not divide its first one.

    Source: https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.dirac_
    """
    check_numbers("dirac_", {"groups": groups})
    shape = array_of(tensor).shape
    if not 3 <= len(shape) <= 5:
        raise ShapeError(f"dirac_: expected 3, 4 or 5 dimensions, got shape {shape}")
    if shape[0] % groups:
        raise ShapeError(f"dirac_: dim 0 must be divisible by groups, got {shape[0]} and {groups}")

    def write(array: Array) -> None:
        array.fill(0)
        size = shape[0] // groups
        channels = np.arange(min(size, shape[1]))
        centre = [length // 2 for length in shape[2:]]
        for start in range(0, shape[0], max(size, 1)):
            array[(start + channels, channels, *centre)] = 1

    return initialise(tensor, write)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a random matrix whose rows, or columns if these are fewer, are orthonormal (Saxe et al., 2013).

    Args:
        tensor: two or more dimensions; all but the first are taken as one.
        gain: what to multiply by.
        generator: source of randomness; by default the one that `manual_seed` seeds.

    Returns:
        The tensor.

    Raises:
        ShapeError: there are fewer than two dimensions.

    Source: https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.orthogonal_
    """
    shape = array_of(tensor).shape
    if len(shape) < 2:
        raise ShapeError(f"orthogonal_: expected 2 or more dimensions, got shape {shape}")
    [scale] = numbers_into("orthogonal_", tensor, gain)
    if 0 in shape:
        return tensor
    rows, columns = shape[0], math.prod(shape[1:])

    def write(array: Array) -> None:
        drawn = random_of(generator).standard_normal((rows, columns), dtype=_precision(array))
        q, r = np.linalg.qr(drawn if rows >= columns else drawn.T)
        q = q * np.sign(np.diagonal(r))  # which makes each such matrix as likely as any other
        array[...] = (scale * (q if rows >= columns else q.T)).reshape(shape)

    return initialise(tensor, write)


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fill with normally distributed values, and as many zeros in each column as a share says (Martens, 2010).

    Args:
        tensor: a matrix.
        sparsity: the share of zeros, rounded up to whole elements.
        std: the standard deviation of the others.
        generator: source of randomness; by default the one that `manual_seed` seeds.

    Returns:
        The tensor.

    Raises:
        ShapeError: it is no matrix.

    Source: https://docs.pytorch.org/docs/stable/nn.init.html#torch.nn.init.sparse_
    """
    shape = array_of(tensor).shape
    if len(shape) != 2:
        raise ShapeError(f"sparse_: only matrices can be filled, got shape {shape}")
    share, spread = numbers_into("sparse_", tensor, sparsity, std)
    zeros = math.ceil(share * shape[0])

    def write(array: Array) -> None:
        random = random_of(generator)
        array[...] = random.standard_normal(shape, dtype=_precision(array)) * spread
        array[random.permuted(np.broadcast_to(np.arange(shape[0])[:, None], shape), axis=0) < zeros] = 0

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
    if _is_empty(tensor):
        return tensor
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
    if _is_empty(tensor):
        return tensor
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity), generator)


def _precision(array: Array) -> type[np.float32 | np.float64]:
    return np.float64 if array.dtype == np.float64 else np.float32  # NumPy draws these two only


def _xavier_std(tensor: Tensor, gain: float) -> float:
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return gain * math.sqrt(2.0 / max(1, fan_in + fan_out))  # 1: a weight without elements


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    return calculate_gain(nonlinearity, a) / math.sqrt(_calculate_correct_fan(tensor, mode))


def _is_empty(tensor: Tensor) -> bool:
    """Whether there is nothing to fill; PyTorch warns of it, and so do we."""
    empty = 0 in array_of(tensor).shape
    if empty:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
    return empty


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    """Return how many inputs or outputs count in a mode; code for PyTorch calls it by this name."""
    if mode.lower() not in ("fan_in", "fan_out"):
        raise ValueError(f"mode {mode!r} not supported, please use one of fan_in, fan_out")
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return fan_in if mode.lower() == "fan_in" else fan_out


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs an output has, and how many outputs an input has; code for PyTorch calls it so."""
    shape = array_of(tensor).shape
    if len(shape) < 2:
        raise ValueError(f"fan in and fan out need at least 2 dimensions, got shape {shape}")
    receptive = math.prod(shape[2:])
    return shape[1] * receptive, shape[0] * receptive


def _old_name_of(fill: Callable[P, R]) -> Callable[P, R]:
    """Return an initialiser under its name of PyTorch 0.3, without the underscore."""
    name = fill.__name__.removesuffix("_")

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        warnings.warn(f"`nn.init.{name}` is deprecated: call `nn.init.{name}_`.", FutureWarning, stacklevel=2)
        return fill(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"Call `{name}_`, which is what `{name}` was called before it; deprecated."
    return call


uniform = _old_name_of(uniform_)
normal = _old_name_of(normal_)
constant = _old_name_of(constant_)
eye = _old_name_of(eye_)
dirac = _old_name_of(dirac_)
xavier_uniform = _old_name_of(xavier_uniform_)
xavier_normal = _old_name_of(xavier_normal_)
kaiming_uniform = _old_name_of(kaiming_uniform_)
kaiming_normal = _old_name_of(kaiming_normal_)
orthogonal = _old_name_of(orthogonal_)
sparse = _old_name_of(sparse_)

# Names from inside PyTorch's module that model files import all the same.
_no_grad_uniform_ = uniform_
_no_grad_normal_ = normal_
_no_grad_trunc_normal_ = trunc_normal_
_no_grad_fill_ = constant_
_no_grad_zero_ = zeros_
