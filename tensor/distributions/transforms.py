"""Functions of random variables whose densities are known: PyTorch's `torch.distributions.transforms`."""

from __future__ import annotations

import math
import weakref
from typing import Any

from tensor.distributions import constraints
from tensor.distributions.constraints import Constraint
from tensor.errors import UnsupportedError
from tensor.nn.functional import softplus

__all__ = ["AbsTransform", "AffineTransform", "ExpTransform", "SigmoidTransform", "TanhTransform", "Transform"]


class Transform:
    """A function of single numbers that has an inverse. Derive from it, and define the methods that raise.

    Source: https://docs.pytorch.org/docs/stable/distributions.html#module-torch.distributions.transforms

    Args:
        cache_size: 1 to remember the last value and its result, so that the inverse of that is exact; 0 for not.
    """

    bijective = False
    domain: Constraint = constraints.real
    codomain: Constraint = constraints.real

    def __init__(self, cache_size: int = 0) -> None:
        self._cache_size = cache_size
        self._cached: tuple[Any, Any] = (None, None)
        self._inv: weakref.ref[Transform] | None = None

    @property
    def inv(self) -> Transform:
        """The inverse."""
        made = None if self._inv is None else self._inv()
        if made is None:
            made = _Inverse(self)
            self._inv = weakref.ref(made)
        return made

    @property
    def sign(self) -> int:
        """1 where the function grows, -1 where it shrinks."""
        raise self._missing("sign")

    def __call__(self, x: Any) -> Any:
        """Return what the function makes of numbers."""
        if not self._cache_size:
            return self._call(x)
        if x is self._cached[0]:
            return self._cached[1]
        y = self._call(x)
        self._cached = (x, y)
        return y

    def _inv_call(self, y: Any) -> Any:
        """Return what the function makes `y` of."""
        if self._cache_size and y is self._cached[1]:
            return self._cached[0]
        x = self._inverse(y)
        if self._cache_size:
            self._cached = (x, y)
        return x

    def _call(self, x: Any) -> Any:
        raise self._missing("_call")

    def _inverse(self, y: Any) -> Any:
        raise self._missing("_inverse")

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return the logarithms of the derivatives' sizes, at `x`, of which `y` is made."""
        raise self._missing("log_abs_det_jacobian")

    def _missing(self, name: str) -> UnsupportedError:
        return UnsupportedError(f"{type(self).__name__} has no {name}: define it")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class _Inverse(Transform):
    """The inverse of a transform.

    Args:
        transform: The transform.
    """

    def __init__(self, transform: Transform) -> None:
        super().__init__()
        self._of = transform

    @property
    def inv(self) -> Transform:
        return self._of

    @property
    def sign(self) -> int:
        return self._of.sign

    def __call__(self, x: Any) -> Any:
        return self._of._inv_call(x)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -self._of.log_abs_det_jacobian(y, x)


class AbsTransform(Transform):
    """`|x|`, whose inverse is taken to be positive; it has no density of its own."""

    codomain = constraints.nonnegative

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AbsTransform)

    __hash__ = object.__hash__

    def _call(self, x: Any) -> Any:
        return x.abs()

    def _inverse(self, y: Any) -> Any:
        return y


class ExpTransform(Transform):
    """`exp(x)`."""

    bijective = True
    codomain = constraints.positive
    sign = 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ExpTransform)

    __hash__ = object.__hash__

    def _call(self, x: Any) -> Any:
        return x.exp()

    def _inverse(self, y: Any) -> Any:
        return y.log()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return `x`."""
        return x


class SigmoidTransform(Transform):
    """`1 / (1 + exp(-x))`."""

    bijective = True
    codomain = constraints.unit_interval
    sign = 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SigmoidTransform)

    __hash__ = object.__hash__

    def _call(self, x: Any) -> Any:
        return x.sigmoid()

    def _inverse(self, y: Any) -> Any:
        return y.log() - (-y).log1p()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return the logarithm of `y * (1 - y)`."""
        return -softplus(-x) - softplus(x)


class TanhTransform(Transform):
    """`tanh(x)`."""

    bijective = True
    codomain = constraints.interval(-1.0, 1.0)
    sign = 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TanhTransform)

    __hash__ = object.__hash__

    def _call(self, x: Any) -> Any:
        return x.tanh()

    def _inverse(self, y: Any) -> Any:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return the logarithm of `1 - y ** 2`, in a form that does not lose it where `y` is near 1."""
        return 2.0 * (math.log(2.0) - x - softplus(-2.0 * x))


class AffineTransform(Transform):
    """`loc + scale * x`.

    Args:
        loc: A tensor or a number.
        scale: A tensor or a number.
        event_dim: 0: of single numbers.
        cache_size: See `Transform`.

    Raises:
        UnsupportedError: `event_dim` is not 0.
    """

    bijective = True

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        if event_dim:
            raise UnsupportedError(
                "AffineTransform: event_dim must be 0; use Independent for events of several numbers"
            )
        self.loc = loc
        self.scale = scale

    @property
    def sign(self) -> Any:
        """The sign of `scale`."""
        return math.copysign(1, self.scale) if isinstance(self.scale, int | float) else self.scale.sign()

    def _call(self, x: Any) -> Any:
        return self.loc + self.scale * x

    def _inverse(self, y: Any) -> Any:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """Return the logarithm of the size of `scale`, in the shape of `x`."""
        size = math.log(abs(self.scale)) if isinstance(self.scale, int | float) else self.scale.abs().log()
        return x * 0 + size
