"""Losses of regression: how far values are from what they should be."""

from __future__ import annotations

import math

from tensor.nn.functional.reduction import reduced, reduction_of, warn_of_sizes
from tensor.ops.choosing import where
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


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
        weight: of each element; the mean is then by weight.

    Raises:
        ValueError: there is no such reduction.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    warn_of_sizes(input, target)
    return _weighed((input - target).square(), weight, reduction)


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
    return _weighed((input - target).abs(), weight, reduction)


def _weighed(losses: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    if weight is None:
        return reduced(losses, reduction)
    weighed = losses * weight
    return weighed.sum() / weight.expand(weighed.shape).sum() if reduction == "mean" else reduced(weighed, reduction)


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
        raise ValueError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    warn_of_sizes(input, target)
    size = (input - target).abs()
    if beta == 0:
        return reduced(size, reduction)
    return reduced(where(size < beta, size * size * (0.5 / beta), size - 0.5 * beta), reduction)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """Return half of squared differences where they are small, `delta` times absolute ones where they are large.

    Args:
        input: any shape.
        target: the same shape.
        reduction: `mean`, `sum` or `none`.
        delta: where the one goes over into the other.
        weight: of each element; the mean is then by weight.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
    """
    check_numbers("huber_loss", {"delta": delta})
    if delta <= 0:
        raise ValueError(f"huber_loss does not support non-positive values for delta, got {delta}")
    reduction = reduction_of(reduction)
    warn_of_sizes(input, target)
    size = (input - target).abs()
    return _weighed(where(size <= delta, 0.5 * size * size, delta * (size - 0.5 * delta)), weight, reduction)


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
        ValueError: a variance is negative, or their shape does not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
    """
    check_numbers("gaussian_nll_loss", {"eps": eps})
    reduction = reduction_of(reduction)
    spread = var if isinstance(var, Tensor) else input.new_full((), var)
    if spread.shape != input.shape and spread.ndim and spread.shape[-1:] != (1,):
        if spread.shape != input.shape[:-1]:
            raise ValueError(f"var is of incorrect size: {tuple(spread.shape)} for an input {tuple(input.shape)}")
        spread = spread.unsqueeze(-1)
    if bool((spread < 0).any()):
        raise ValueError("var has negative entry/entries")
    # Bounded in value only: the slope is that of the variance itself.
    bounded = spread + (spread.detach().clamp(min=eps) - spread.detach())
    losses = 0.5 * (bounded.log() + (input - target).square() / bounded)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, reduction)
