"""Special functions, under the names that PyTorch gives them here.

Source: https://docs.pytorch.org/docs/stable/special.html
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tensor.nn.functional.logits import log_softmax, softmax
from tensor.ops.activations import sigmoid as expit
from tensor.ops.choosing import where
from tensor.ops.exponentials import exp2, expm1, log1p, logit, xlogy
from tensor.ops.logits import logsumexp
from tensor.ops.rounding import round
from tensor.ops.special import digamma, erf, erfc, erfinv
from tensor.ops.special import digamma as psi
from tensor.ops.special import lgamma as gammaln
from tensor.ops.trigonometry import sinc

if TYPE_CHECKING:
    from tensor.tensors import Tensor

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammaln",
    "log1p",
    "log_softmax",
    "logit",
    "logsumexp",
    "ndtr",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlogy",
]


def ndtr(input: Tensor) -> Tensor:
    """Return the probabilities that a standard normal number is no more than these."""
    return 0.5 * erfc(-input / math.sqrt(2))


def entr(input: Tensor) -> Tensor:
    """Return `-x * log(x)`: 0 of 0, and minus infinity of negative numbers."""
    inside: Tensor = where(input < 0, -math.inf, -xlogy(input, input))
    return inside
