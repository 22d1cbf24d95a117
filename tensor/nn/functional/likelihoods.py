"""Losses of probabilities: binary cross entropy, and the divergence of distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, ShapeError
from tensor.nn.functional.activations import logsigmoid
from tensor.nn.functional.reduction import reduced, reduction_of
from tensor.ops.exponentials import xlogy
from tensor.registry import op
from tensor.tensors import Tensor


def _binary_cross_entropy(input: Array, target: Array) -> Any:
    if input.size and not (input.min() >= 0 and input.max() <= 1):
        raise ArgumentError("binary_cross_entropy: all elements of input should be between 0 and 1")
    # Logarithms are bounded, as PyTorch does: a wrong certainty costs 100, not infinity.
    return (target - 1) * np.maximum(np.log1p(-input), -100) - target * np.maximum(np.log(input), -100)


def _input_vjp(g: Array, input: Array, target: Array) -> Any:
    return g * (input - target) / np.maximum((1 - input) * input, 1e-12)


def _target_vjp(g: Array, input: Array) -> Any:
    return g * (np.maximum(np.log1p(-input), -100) - np.maximum(np.log(input), -100))


BINARY_CROSS_ENTROPY = op("binary_cross_entropy", _binary_cross_entropy, input=_input_vjp, target=_target_vjp)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the cross entropy of probabilities of yes.

    Args:
        input: probabilities, any shape.
        target: probabilities, the same shape.
        weight: of each element, broadcast.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.

    Raises:
        ShapeError: the shapes differ.
        ArgumentError: an input is no probability.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ShapeError(
            f"Using a target size ({tuple(target.shape)}) that is different to the input size ({tuple(input.shape)}) "
            "is deprecated. Please ensure they have the same size."
        )
    losses: Tensor = apply(BINARY_CROSS_ENTROPY, input, target)
    return reduced(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return the cross entropy of logits of yes, computed without their sigmoid.

    Args:
        input: logits, any shape.
        target: probabilities, the same shape.
        weight: of each element, broadcast.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.
        pos_weight: of yes, broadcast.

    Raises:
        ShapeError: the shapes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ShapeError(f"Target size ({tuple(target.shape)}) must be the same as input size ({tuple(input.shape)})")
    yes = logsigmoid(input)
    if pos_weight is not None:
        yes = yes * (1 + (pos_weight - 1) * target)
    losses = (1 - target) * input - yes
    return reduced(losses if weight is None else losses * weight, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Return the Kullback-Leibler divergence, element by element.

    Args:
        input: log-probabilities, any shape.
        target: probabilities, or their logarithms, the same shape.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `batchmean` (the sum over the first size), `mean` (by elements), `sum` or `none`.
        log_target: whether `target` has logarithms.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
    """
    batchmean = reduction == "batchmean"
    reduction = reduction_of("sum" if batchmean else reduction, size_average, reduce)
    losses = target.exp() * (target - input) if log_target else xlogy(target, target) - target * input
    total = reduced(losses, reduction)
    return total / input.shape[0] if batchmean and input.ndim else total
