"""Averaging gradients over ranks: weighted by rows, in the order of the ranks, so that runs repeat bit by bit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.messages import Gradients


def average(parts: Sequence[Gradients]) -> tuple[np.ndarray | None, ...]:
    """The gradients of the mean loss over all rows of a step.

    Args:
        parts: One a rank, in the order of the ranks; each holds the gradients of its own rows' mean loss.

    Returns:
        One array a parameter; None where no rank had a gradient.
    """
    rows = sum(part.rows for part in parts)
    weights = [part.rows / rows for part in parts]
    return tuple(_weighted(gradients, weights) for gradients in zip(*(part.gradients for part in parts), strict=True))


def mean_loss(parts: Sequence[Gradients]) -> float:
    """The mean loss over all rows of a step."""
    return sum(part.loss * part.rows for part in parts) / sum(part.rows for part in parts)


def _weighted(gradients: Sequence[np.ndarray | None], weights: Sequence[float]) -> np.ndarray | None:
    total: np.ndarray | None = None
    for gradient, weight in zip(gradients, weights, strict=True):
        if gradient is None:
            continue
        part = gradient * gradient.dtype.type(weight)
        if total is None:
            total = part
        else:
            total += part
    return total
