"""The larger and the smaller of elements, and bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dispatch import apply, operator, write
from tensor.dtypes import Array, Scalar, is_floating, promoted
from tensor.errors import ArgumentError
from tensor.ops.elementwise import binary
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _share(input: Any, other: Any, wins: Any) -> Any:
    """The share of the gradient that goes to `input` in maximum or minimum: half of it where both are equal."""
    return wins(input, other) + 0.5 * np.equal(input, other)


def _clamp(input: Array, min: Any, max: Any) -> Any:
    if not is_floating(input.dtype) or isinstance(min, np.ndarray) or isinstance(max, np.ndarray):
        bounds = [each for each in (min, max) if each is not None]
        input, *bounds = promoted(input, *bounds, exact=True)
        min, max = (bounds.pop(0) if min is not None else None), (bounds.pop(0) if max is not None else None)
    elif input.dtype.kind == "f":
        return np.clip(input, -np.inf if min is None else min, np.inf if max is None else max)
    # Where min > max, the result is max.
    if min is None:
        return np.minimum(input, max)
    return np.maximum(input, min) if max is None else np.minimum(np.maximum(input, min), max)


def _within(input: Array, min: Any, max: Any) -> Any:
    inside: Any = True
    if min is not None:
        inside = input >= min
    if max is not None:
        inside = inside & (input <= max)
    return inside


MAXIMUM = op(
    "maximum",
    binary(np.maximum),
    input=lambda g, input, other: g * _share(input, other, np.greater),
    other=lambda g, input, other: g * _share(other, input, np.greater),
)
MINIMUM = op(
    "minimum",
    binary(np.minimum),
    input=lambda g, input, other: g * _share(input, other, np.less),
    other=lambda g, input, other: g * _share(other, input, np.less),
)
# What is no number loses against one that is; of equals, the first wins.
FMAX = op(
    "fmax",
    binary(np.fmax),
    input=lambda g, input, other: g * ((input >= other) | np.isnan(other)),
    other=lambda g, input, other: g * ~((input >= other) | np.isnan(other)),
)
FMIN = op(
    "fmin",
    binary(np.fmin),
    input=lambda g, input, other: g * ((input <= other) | np.isnan(other)),
    other=lambda g, input, other: g * ~((input <= other) | np.isnan(other)),
)
CLAMP = op(
    "clamp",
    _clamp,
    input=lambda g, input, min, max: g * _within(input, min, max),
    min=lambda g, input, min, max: g * ((input < min) & (True if max is None else np.less_equal(min, max))),
    max=lambda g, input, min, max: g * ((input if min is None else np.maximum(input, min)) > max),
)

maximum = operator(MAXIMUM)
minimum = operator(MINIMUM)
fmax = operator(FMAX)
fmin = operator(FMIN)


def _check_bounds(min: object, max: object) -> None:
    if min is None and max is None:
        raise ArgumentError("clamp: At least one of 'min' or 'max' must not be None")


def clamp(input: Tensor, min: Tensor | Scalar | None = None, max: Tensor | Scalar | None = None) -> Tensor:
    """Return `input` with what is below `min` or above `max` replaced by them.

    Raises:
        ArgumentError: Both bounds are `None`.
    """
    _check_bounds(min, max)
    return apply(CLAMP, input, min, max)


def clamp_min(input: Tensor, min: Tensor | Scalar) -> Tensor:
    """Return `input` with what is below `min` replaced by it."""
    return clamp(input, min)


def clamp_max(input: Tensor, max: Tensor | Scalar) -> Tensor:
    """Return `input` with what is above `max` replaced by it."""
    return clamp(input, None, max)


def clamp_(input: Tensor, min: Tensor | Scalar | None = None, max: Tensor | Scalar | None = None) -> Tensor:
    """Replace what is below `min` or above `max` by them, in place.

    Raises:
        ArgumentError: Both bounds are `None`.
    """
    _check_bounds(min, max)
    return write(CLAMP, input, min, max)


def clamp_min_(input: Tensor, min: Tensor | Scalar) -> Tensor:
    """Replace what is below `min` by it, in place."""
    return clamp_(input, min)


def clamp_max_(input: Tensor, max: Tensor | Scalar) -> Tensor:
    """Replace what is above `max` by it, in place."""
    return clamp_(input, None, max)
