"""What Adam and its relatives share: running means of the gradient and its square, and two ways to decay weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from tensor.dtypes import Array


def coupled(options: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """Return how `blocks` is to give the gradient, and the share of each weight that a step keeps.

    Args:
        options: those of a group: lr, weight_decay, maximize, and decoupled_weight_decay where there is such an option.

    Returns:
        Options for `blocks`; and the share, which is 1 where the gradient includes the decay.
    """
    decay = options["weight_decay"]
    if options.get("decoupled_weight_decay"):
        return {"maximize": options["maximize"]}, 1 - options["lr"] * decay
    return {"maximize": options["maximize"], "decay": decay}, 1.0


def advance_mean(gradient: Array, mean: Array, beta: float, room: Array) -> None:
    """Move a running mean towards the gradient, in place.

    Args:
        gradient: what to move towards.
        mean: the running mean.
        beta: how much of it is kept.
        room: scratch memory.
    """
    np.subtract(gradient, mean, out=room)
    room *= 1 - beta
    mean += room


def advance_square(gradient: Array, square: Array, beta: float, room: Array) -> None:
    """Move a running mean of squares towards that of the gradient, in place.

    Args:
        gradient: whose square to move towards.
        square: the running mean.
        beta: how much of it is kept.
        room: scratch memory.
    """
    np.multiply(gradient, gradient, out=room)
    room *= 1 - beta
    square *= beta
    square += room


def advance_moments(gradient: Array, mean: Array, square: Array, beta1: float, beta2: float, room: Array) -> None:
    """Move both running means of Adam, in place.

    Args:
        gradient: what to move towards.
        mean: running mean of gradients.
        square: running mean of their squares.
        beta1: how much of the first is kept.
        beta2: how much of the second is kept.
        room: scratch memory.
    """
    advance_mean(gradient, mean, beta1, room)
    advance_square(gradient, square, beta2, room)
