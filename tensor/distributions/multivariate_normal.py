"""Normal distributions of vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from tensor import factories, linalg
from tensor.distributions import constraints
from tensor.distributions.distribution import Distribution
from tensor.errors import ArgumentError
from tensor.ops.shapes import broadcast_shapes
from tensor.sequences import eye
from tensor.sizes import Size

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class MultivariateNormal(Distribution):
    """Normal distributions of vectors.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#multivariatenormal

    Args:
        loc: The means, (*batch_shape, n).
        covariance_matrix: (*batch_shape, n, n), positive-definite; or
        precision_matrix: its inverse; or
        scale_tril: its lower Cholesky factor.
        validate_args: Whether to check parameters and values.

    Raises:
        ArgumentError: Not just one of the three is given, or it is not what it must be.
    """

    arg_constraints = {  # noqa: RUF012 - not to be changed
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        ways = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = {name: matrix for name, matrix in ways.items() if matrix is not None}
        if loc.dim() < 1 or len(given) != 1:
            raise ArgumentError(
                "MultivariateNormal: expected vectors as loc, and exactly one of covariance_matrix, precision_matrix "
                "and scale_tril"
            )
        ((name, matrix),) = given.items()
        if matrix.dim() < 2:
            raise ArgumentError(f"{name} must be at least two-dimensional, with optional leading batch dimensions")
        size = loc.shape[-1]
        batch = broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        self.loc = loc.expand((*batch, size))
        self.__dict__[name] = matrix.expand((*batch, size, size))
        super().__init__(batch, (size,), validate_args)
        self._unbroadcasted_scale_tril: Any = self._factor(name, matrix)

    @staticmethod
    def _factor(name: str, matrix: Tensor) -> Tensor:
        if name == "scale_tril":
            return matrix
        if name == "covariance_matrix":
            return linalg.cholesky(matrix)
        # The inverse of the flipped factor is the flipped factor of the inverse.
        flipped = linalg.cholesky(matrix.flip((-2, -1))).flip((-2, -1)).mT
        eyes = eye(matrix.shape[-1], dtype=matrix.dtype).expand(matrix.shape)
        return linalg.solve_triangular(flipped, eyes, upper=False)

    def __getattr__(self, name: str) -> Any:
        if name == "scale_tril":
            return self._unbroadcasted_scale_tril.expand((*self._batch_shape, *self._event_shape, *self._event_shape))
        if name == "covariance_matrix":
            return self.scale_tril @ self.scale_tril.mT
        if name == "precision_matrix":
            return linalg.inv(self.covariance_matrix)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def mean(self) -> Tensor:
        """The means."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """The most probable values, which are the means."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The variances of the elements."""
        return (self.scale_tril**2).sum(-1)  # type: ignore[no-any-return]

    def expand(self, batch_shape: Sequence[int]) -> Self:
        """Return the distribution with its parameters expanded to another `batch_shape`."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        for name in self.arg_constraints:
            if name in self.__dict__:
                made.__dict__[name] = self.__dict__[name].expand(
                    (*batch_shape, *self.__dict__[name].shape[len(self._batch_shape) :])
                )
        made._batch_shape = Size(batch_shape)
        return made

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return random values as functions of the parameters; see `Distribution.rsample`."""
        drawn = factories.randn(self._shape(sample_shape), dtype=self.loc.dtype)
        return self.loc + (self._unbroadcasted_scale_tril @ drawn.unsqueeze(-1)).squeeze(-1)  # type: ignore[no-any-return]

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithms of the density at vectors."""
        self._check_value(value)
        away = (value - self.loc).unsqueeze(-1)
        factor = self._unbroadcasted_scale_tril
        shape = broadcast_shapes(factor.shape[:-2], away.shape[:-2])
        spread = linalg.solve_triangular(
            factor.expand((*shape, *factor.shape[-2:])), away.expand((*shape, *away.shape[-2:])), upper=False
        )
        distance = (spread.squeeze(-1) ** 2).sum(-1)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - self._half_log_det()  # type: ignore[no-any-return]

    def _half_log_det(self) -> Any:
        return self._unbroadcasted_scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def entropy(self) -> Tensor:
        """Return the entropies."""
        found = 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._half_log_det()
        return found.expand(self._batch_shape)  # type: ignore[no-any-return]
