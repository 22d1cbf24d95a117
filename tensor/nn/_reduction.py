"""What code written for PyTorch imports from `torch.nn._reduction`: the old ways to name a reduction."""

from __future__ import annotations

import warnings

from tensor.errors import ArgumentError
from tensor.nn.functional.reduction import REDUCTIONS, reduction_of

_NUMBERS = {"none": 0, "mean": 1, "elementwise_mean": 1, "sum": 2}


def get_enum(reduction: str) -> int:
    """Return the number that PyTorch has for a reduction: none 0, mean 1, sum 2.

    Raises:
        ArgumentError: there is no such reduction.
    """
    if reduction == "elementwise_mean":
        warnings.warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.", stacklevel=2)
    if reduction not in _NUMBERS:
        raise ArgumentError(f"{reduction} is not a valid value for reduction: use {', '.join(REDUCTIONS)}")
    return _NUMBERS[reduction]


def legacy_get_string(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> str:
    """Return the reduction that the two old arguments name.

    Args:
        size_average: true says mean, false sum.
        reduce: false says none.
        emit_warning: whether to warn that they are old.
    """
    given = (True if size_average is None else size_average, True if reduce is None else reduce)
    with warnings.catch_warnings():
        if not emit_warning:
            warnings.simplefilter("ignore")
        return reduction_of("mean", *given)


def legacy_get_enum(size_average: bool | None, reduce: bool | None, emit_warning: bool = True) -> int:
    """Return the number of the reduction that the two old arguments name; see `legacy_get_string`."""
    return get_enum(legacy_get_string(size_average, reduce, emit_warning))
