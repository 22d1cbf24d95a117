"""What all losses share: how values, one an element or one an example, become one."""

from __future__ import annotations

import warnings

from tensor.errors import ArgumentError
from tensor.tensors import Tensor

REDUCTIONS = ("none", "mean", "sum")


def reduction_of(reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """Return the reduction that a caller asks for, by PyTorch's present argument or by its two old ones.

    Args:
        reduction: `mean`, `sum` or `none`.
        size_average: the old way to say mean, true, or sum, false.
        reduce: the old way to say none, false.

    Raises:
        ArgumentError: there is no such reduction.
    """
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            stacklevel=3,
        )
    if reduction not in REDUCTIONS:
        raise ArgumentError(f"{reduction!r} is not a valid value for reduction: use mean, sum or none")
    return reduction


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """Return losses as they are, or their mean or sum."""
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def warn_of_sizes(input: Tensor, target: Tensor) -> None:
    """Warn, as PyTorch does, where a target would be broadcast."""
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({tuple(target.shape)}) that is different to the input size ({tuple(input.shape)}). "
            "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )
