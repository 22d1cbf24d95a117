"""Losses of regression: how far values are from what they should be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array, promoted
from tensor.errors import ArgumentError, ShapeError
from tensor.factories import full_like
from tensor.nn.functional.reduction import reduced, reduction_of, warn_of_sizes
from tensor.ops.choosing import where
from tensor.ops.elementwise import check_floating, in_blocks
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


def _pointwise(name: str, compute: Callable[[Array], None], input: Array, target: Array) -> Array:
    """Compute a loss from differences, which `compute` overwrites."""
    first, second = promoted(input, target)
    check_floating(name, first)
    if first.shape != second.shape:
        first, second = np.broadcast_arrays(first, second)

    def block(x: Array, y: Array, out: Array) -> None:
        np.subtract(x, y, out=out)
        compute(out)

    return in_blocks(block, first, second)


def _mse_loss(input: Array, target: Array) -> Array:
    def compute(apart: Array) -> None:
        apart *= apart

    return _pointwise("mse_loss", compute, input, target)


def _mse_slopes(g: Array, input: Array, target: Array) -> Any:
    slopes = np.asarray(input - target)
    slopes *= 2
    return np.multiply(slopes, g, out=slopes) if slopes.dtype == g.dtype else slopes * g


def _bent(apart: Array, near: Array) -> None:
    """Half of the square where |d| = `near`, and the tangent to that from where `near` stays behind."""
    apart -= 0.5 * near
    apart *= near


def _smooth_l1_loss(input: Array, target: Array, *, beta: float) -> Array:
    def compute(apart: Array) -> None:
        np.abs(apart, out=apart)
        _bent(apart, np.minimum(apart, beta))
        apart /= beta

    return _pointwise("smooth_l1_loss", compute, input, target)


def _smooth_l1_slopes(g: Array, input: Array, target: Array, beta: float) -> Any:
    slopes = np.asarray(np.subtract(input, target) / beta)
    return np.clip(slopes, -1, 1, out=slopes) * g


def _huber_loss(input: Array, target: Array, *, delta: float) -> Array:
    def compute(apart: Array) -> None:
        np.abs(apart, out=apart)
        _bent(apart, np.minimum(apart, delta))

    return _pointwise("huber_loss", compute, input, target)


def _huber_slopes(g: Array, input: Array, target: Array, delta: float) -> Any:
    slopes = np.asarray(np.subtract(input, target))
    return np.clip(slopes, -delta, delta, out=slopes) * g


MSE_LOSS = op(
    "mse_loss",
    _mse_loss,
    input=_mse_slopes,
    target=lambda g, input, target: _mse_slopes(g, target, input),
)
SMOOTH_L1_LOSS = op(
    "smooth_l1_loss",
    _smooth_l1_loss,
    input=_smooth_l1_slopes,
    target=lambda g, input, target, beta: _smooth_l1_slopes(g, target, input, beta),
)
HUBER_LOSS = op(
    "huber_loss",
    _huber_loss,
    input=_huber_slopes,
    target=lambda g, input, target, delta: _huber_slopes(g, target, input, delta),
)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return squared differences, reduced.

    Args:
        input: any shape.
        target: the same shape.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.
        weight: of each element, the input's shape; the mean is then by weight.

    Raises:
        ShapeError: the weights do not have the input's shape.
        ArgumentError: there is no such reduction.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    warn_of_sizes(input, target)
    return _weighed(apply(MSE_LOSS, input, target), input, weight, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return absolute differences, reduced; arguments as for `mse_loss`."""
    reduction = reduction_of(reduction, size_average, reduce)
    warn_of_sizes(input, target)
    return _weighed((input - target).abs(), input, weight, reduction)


def _weighed(losses: Tensor, input: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    if weight is None:
        return reduced(losses, reduction)
    weighed = losses * _fitting(weight, input)
    return weighed.sum() / weight.sum() if reduction == "mean" else reduced(weighed, reduction)


def _fitting(weight: Tensor, input: Tensor) -> Tensor:
    if weight.shape != input.shape:
        raise ShapeError(
            f"Weights and input must have the same size, got {tuple(weight.shape)} and {tuple(input.shape)}"
        )
    return weight


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Return squared differences where they are small, absolute ones where they are large.

    Args:
        input: any shape.
        target: the same shape.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.
        beta: where the one goes over into the other.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    check_numbers("smooth_l1_loss", {"beta": beta})
    if beta < 0:
        raise ArgumentError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    warn_of_sizes(input, target)
    if beta == 0:
        return reduced((input - target).abs(), reduction)
    return reduced(apply(SMOOTH_L1_LOSS, input, target, beta=beta), reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Return half of squared differences where they are small, `delta` times absolute ones where they are large.

    Args:
        input: any shape.
        target: the same shape.
        reduction: `mean`, `sum` or `none`.
        delta: where the one goes over into the other.
        weight: of each element; the mean is over their number all the same, as in PyTorch.

    Raises:
        ShapeError: the weights do not have the input's shape.
        ArgumentError: `delta` is not positive, or there is no such reduction.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
    """
    check_numbers("huber_loss", {"delta": delta})
    if delta <= 0:
        raise ArgumentError(f"huber_loss does not support non-positive values for delta, got {delta}")
    reduction = reduction_of(reduction)
    warn_of_sizes(input, target)
    losses: Tensor = apply(HUBER_LOSS, input, target, delta=delta)
    return reduced(losses if weight is None else losses * _fitting(weight, input), reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-likelihood of counts under Poisson distributions.

    Args:
        input: the rates, or their logarithms; any shape.
        target: the counts, the same shape.
        log_input: whether `input` has logarithms.
        full: whether to add Stirling's approximation of the constant term.
        size_average: old; see `reduction`.
        eps: added to rates before their logarithm is taken.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html
    """
    check_numbers("poisson_nll_loss", {"eps": eps})
    reduction = reduction_of(reduction, size_average, reduce)
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        losses = losses + where(target > 1, stirling, 0.0)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-likelihood of values under normal distributions.

    Args:
        input: the means, any shape.
        target: the values, the same shape.
        var: the variances, positive; broadcast, or without the last dimension.
        full: whether to add the constant term.
        eps: the smallest variance that counts; gradients do not see it.
        reduction: `mean`, `sum` or `none`.

    Raises:
        ArgumentError: a variance is negative, or their shape does not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
    """
    check_numbers("gaussian_nll_loss", {"eps": eps})
    reduction = reduction_of(reduction)
    spread = var if isinstance(var, Tensor) else full_like(input, var)
    if spread.shape != input.shape:
        spread = _broadcastable(spread, input)
    if bool((spread < 0).any()):
        raise ArgumentError("var has negative entry/entries: variances are positive")
    # Bounded in value only: the slope is that of the variance itself.
    bounded = spread + (spread.detach().clamp(min=eps) - spread.detach())
    losses = 0.5 * (bounded.log() + (input - target).square() / bounded)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, reduction)


def _broadcastable(var: Tensor, input: Tensor) -> Tensor:
    """Variances with the input's dimensions: at most one of them may be 1 where the input's is not."""
    if var.shape == input.shape[:-1]:
        return var.unsqueeze(-1)
    others = [ours for ours, theirs in zip(var.shape, input.shape, strict=False) if ours != theirs]
    if var.ndim != input.ndim or others != [1]:
        raise ArgumentError(f"var is of incorrect size: {tuple(var.shape)} for an input {tuple(input.shape)}")
    return var
