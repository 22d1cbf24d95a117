"""What parameters and values of distributions must be: PyTorch's `torch.distributions.constraints`."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from tensor.errors import ArgumentError

__all__ = [
    "Constraint",
    "boolean",
    "greater_than",
    "interval",
    "lower_cholesky",
    "nonnegative",
    "nonnegative_integer",
    "one_hot",
    "positive",
    "positive_definite",
    "real",
    "real_vector",
    "simplex",
    "unit_interval",
]


class Constraint:
    """A condition on tensors.

    Args:
        text: The condition in words.
        check: Returns a tensor of booleans that says where it holds.
    """

    def __init__(self, text: str, check: Callable[[Any], Any]) -> None:
        self.text = text
        self._check = check

    def check(self, value: Any) -> Any:
        """Return where the condition holds, for each element or, of vectors and matrices, for each of them."""
        return self._check(value)

    def require(self, value: Any, what: str) -> None:
        """Raise unless the condition holds everywhere.

        Args:
            value: A tensor.
            what: What it is, for the message.

        Raises:
            ArgumentError: It does not.
        """
        if not builtins.bool(self._check(value).all()):
            raise ArgumentError(f"{what} must be {self.text}, but found invalid values:\n{value}")

    def __repr__(self) -> str:
        return f"Constraint({self.text})"


def greater_than(lower_bound: Any) -> Constraint:
    """Return the condition of being greater than a bound."""
    return Constraint(f"greater than {lower_bound}", lambda value: value > lower_bound)


def interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """Return the condition of being between two bounds, or one of them."""
    return Constraint(
        f"from {lower_bound} to {upper_bound}", lambda value: (value >= lower_bound) & (value <= upper_bound)
    )


def _is_lower_cholesky(value: Any) -> Any:
    return (value.tril() == value).flatten(-2).all(-1) & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


def _is_positive_definite(value: Any) -> Any:
    from tensor import linalg  # loaded by now: `tensor` loads it

    symmetric = ((value - value.mT).abs() <= 1e-6).flatten(-2).all(-1)
    return symmetric & (linalg.eigvalsh(value.detach()) > 0).all(-1)


real = Constraint("a number", lambda value: value == value)
real_vector = Constraint("a vector of numbers", lambda value: (value == value).all(-1))
positive = greater_than(0.0)
nonnegative = Constraint("at least 0", lambda value: value >= 0)
nonnegative_integer = Constraint("a whole number of at least 0", lambda value: (value % 1 == 0) & (value >= 0))
boolean = Constraint("0 or 1", lambda value: (value == 0) | (value == 1))
unit_interval = interval(0.0, 1.0)
simplex = Constraint(
    "probabilities that sum up to 1", lambda value: (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)
)
one_hot = Constraint(
    "a single 1 among zeros", lambda value: ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)
)
lower_cholesky = Constraint("a lower triangle with a positive diagonal", _is_lower_cholesky)
positive_definite = Constraint("symmetric and positive-definite", _is_positive_definite)
