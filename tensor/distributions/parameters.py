"""Parameters of distributions: numbers made tensors, probabilities and their logarithms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tensor import dtypes, factories
from tensor.bases import TensorBase
from tensor.errors import ArgumentError, DtypeError
from tensor.limits import finfo
from tensor.ops.extremes import clamp
from tensor.ops.logits import softmax
from tensor.ops.shapes import broadcast_tensors

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def broadcast_all(*values: Any) -> tuple[Any, ...]:
    """Return parameters as tensors of one shape; numbers take the dtype of the tensors among them.

    Raises:
        DtypeError: One is neither a tensor nor a number.
    """
    for value in values:
        if not isinstance(value, TensorBase | int | float):
            raise DtypeError(f"expected tensors or numbers as parameters, got a {type(value).__name__}")
    known: list[Any] = [value for value in values if isinstance(value, TensorBase)]
    wanted = known[0].dtype if known and known[0].is_floating_point() else dtypes.get_default_dtype()
    made: list[Any] = [
        value if isinstance(value, TensorBase) else factories.tensor(value, dtype=wanted) for value in values
    ]
    return tuple(broadcast_tensors(*made))


def exactly_one(name: str, probs: Any, logits: Any) -> None:
    """Raise unless just one of two ways to give probabilities is used.

    Raises:
        ArgumentError: Both are, or neither.
    """
    if (probs is None) == (logits is None):
        raise ArgumentError(f"{name}: either `probs` or `logits` must be specified, but not both")


def clamp_probs(probs: Tensor) -> Tensor:
    """Return probabilities kept from being exactly 0 or 1."""
    smallest = finfo(probs.dtype).eps
    return clamp(probs, smallest, 1 - smallest)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """Return logarithms of probabilities, or of odds where there are two outcomes.

    Args:
        probs: The probabilities.
        is_binary: Whether there are two outcomes.
    """
    kept = clamp_probs(probs)
    return kept.log() - (-kept).log1p() if is_binary else kept.log()


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """Return probabilities of logarithms of them, or of odds where there are two outcomes.

    Args:
        logits: The logarithms.
        is_binary: Whether there are two outcomes.
    """
    return logits.sigmoid() if is_binary else softmax(logits, -1)
