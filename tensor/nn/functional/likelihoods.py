"""Losses of probabilities: binary cross entropy, and the divergence of distributions."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array, is_floating
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.nn.functional.reduction import reduced, reduction_of
from tensor.ops.exponentials import xlogy
from tensor.registry import op
from tensor.tensors import Tensor


def _log(x: Array) -> Any:
    """Bounded, as in PyTorch: a wrong certainty costs 100, not infinity."""
    return np.maximum(np.log(x), -100)


def _log_of_rest(x: Array) -> Any:
    return np.maximum(np.log1p(-x), -100)


def _binary_cross_entropy(input: Array, target: Array) -> Any:
    _check_dtypes("binary_cross_entropy", input, target)
    if input.size and not (input.min() >= 0 and input.max() <= 1):
        raise ArgumentError("binary_cross_entropy: all elements of input should be between 0 and 1")
    return (target - 1) * _log_of_rest(input) - target * _log(input)


BINARY_CROSS_ENTROPY = op(
    "binary_cross_entropy",
    _binary_cross_entropy,
    input=lambda g, input, target: g * (input - target) / np.maximum((1 - input) * input, 1e-12),
    target=lambda g, input: g * (_log_of_rest(input) - _log(input)),
)


def _softplus(x: Array) -> Any:
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def _yes(target: Array, pos_weight: Array | None) -> Any:
    """How much the logarithm of the sigmoid counts."""
    return 1 if pos_weight is None else 1 + (pos_weight - 1) * target


def _with_logits(input: Array, target: Array, pos_weight: Array | None) -> Any:
    _check_dtypes("binary_cross_entropy_with_logits", input, target)
    return (1 - target) * input + _yes(target, pos_weight) * _softplus(-input)


def _with_logits_vjp_input(g: Array, input: Array, target: Array, pos_weight: Array | None) -> Any:
    # The sigmoid of -input, from an exponential that cannot overflow.
    decay = np.exp(-np.abs(input))
    no = np.where(input > 0, decay, 1) / (1 + decay)
    return g * (1 - target - _yes(target, pos_weight) * no)


def _with_logits_vjp_target(g: Array, input: Array, pos_weight: Array | None) -> Any:
    return g * (-input if pos_weight is None else (pos_weight - 1) * _softplus(-input) - input)


BINARY_CROSS_ENTROPY_WITH_LOGITS = op(
    "binary_cross_entropy_with_logits",
    _with_logits,
    input=_with_logits_vjp_input,
    target=_with_logits_vjp_target,
    pos_weight=lambda g, input, target: g * target * _softplus(-input),
)


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
        DtypeError: the targets, or the inputs, are not floating-point.

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
        DtypeError: the targets, or the logits, are not floating-point.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if input.shape != target.shape:
        raise ShapeError(f"Target size ({tuple(target.shape)}) must be the same as input size ({tuple(input.shape)})")
    losses: Tensor = apply(BINARY_CROSS_ENTROPY_WITH_LOGITS, input, target, pos_weight)
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
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size. 'batchmean' divides "
            "only by the batch size, and aligns with the KL div math definition.",
            stacklevel=2,
        )
    batchmean = reduction == "batchmean"
    reduction = reduction_of("sum" if batchmean else reduction, size_average, reduce)
    losses = target.exp() * (target - input) if log_target else xlogy(target, target) - target * input
    total = reduced(losses, reduction)
    return total / input.shape[0] if batchmean and input.ndim else total


def _check_dtypes(name: str, input: Array, target: Array) -> None:
    for each in (input, target):
        if not is_floating(each.dtype):
            raise DtypeError(
                f"{name}: Found dtype {dtypes.of(each.dtype)} but expected a floating point one, as probabilities are; "
                "convert it with .float()"
            )
