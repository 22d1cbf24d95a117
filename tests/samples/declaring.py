"""How samples are declared, and the table of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.samples.drawing import Draw


@dataclass(frozen=True)
class Sample:
    """One call of an operation, for either library.

    Args:
        fn: takes the library (`tensor` or `torch`) and a tensor for each array; returns a tensor or several.
        arrays: the operands. Floats get gradients.
        inplace: the same computed into the first operand, where the operation has such a variant; returns it.
        constants: the positions of operands that get no gradient, such as the weights of a loss.
        gradients: whether gradients are compared: false where the result has none, or where they differ on purpose.
    """

    fn: Callable[..., Any]
    arrays: Sequence[np.ndarray]
    inplace: Callable[..., Any] | None = None
    gradients: bool = True
    constants: Sequence[int] = ()

    def wants_gradient(self, at: int) -> bool:
        """Whether the operand at a position gets a gradient."""
        return self.gradients and at not in self.constants and self.arrays[at].dtype.kind in "fV"


@dataclass(frozen=True)
class Declared:
    """A way to draw samples of an operation.

    Args:
        op: the operation's name in the registry.
        name: what tests call it.
        family: the file that declares it.
        make: draws a sample.
        kinds: the kinds of dtype that `Draw.array` may give: f(loat), i(nteger), b(ool).
        tolerance: how many times the usual difference to torch is fine: for results of long sums, say. Or that for each
            dtype where it is not 1.
        gradcheck: whether finite differences can tell its gradient: not for what is random or has steps.
        oracle: whether torch computes the same: false for random numbers, and where we differ on purpose.
    """

    op: str
    name: str
    family: str
    make: Callable[[Draw], Sample]
    kinds: str = "f"
    tolerance: float | Mapping[str, float] = 1.0
    gradcheck: bool = True
    oracle: bool = True

    def __str__(self) -> str:
        return self.name

    def tolerance_of(self, dtype: str) -> float:
        """How many times the usual difference to torch is fine in a dtype."""
        return self.tolerance.get(dtype, 1.0) if isinstance(self.tolerance, Mapping) else self.tolerance


SAMPLES: list[Declared] = []


def half(tolerance: float) -> dict[str, float]:
    """A tolerance for half precision alone, which torch rounds more often than we do."""
    return {"float16": tolerance, "bfloat16": tolerance}


def samples(
    op: str,
    name: str = "",
    *,
    kinds: str = "f",
    tolerance: float | Mapping[str, float] = 1.0,
    gradcheck: bool = True,
    oracle: bool = True,
) -> Callable[[Callable[[Draw], Sample]], Callable[[Draw], Sample]]:
    """Declare the decorated function as a way to draw samples of an operation; see `Declared`."""

    def declare(make: Callable[[Draw], Sample]) -> Callable[[Draw], Sample]:
        called = name or make.__name__
        assert called not in {each.name for each in SAMPLES}, f"there are samples called {called}"
        family = Path(inspect.getfile(make)).stem
        SAMPLES.append(Declared(op, called, family, make, kinds, tolerance, gradcheck, oracle))
        return make

    return declare


def unary(
    op: str,
    fn: str = "",
    *,
    low: float = -3.0,
    high: float = 3.0,
    inplace: bool = True,
    kinds: str = "f",
    tolerance: float | Mapping[str, float] = 1.0,
) -> None:
    """Declare an elementwise operation of one operand.

    Args:
        op: its name in the registry.
        fn: its name in the libraries, if another.
        low: the smallest element.
        high: the largest.
        inplace: whether it has an in-place variant, `fn_`.
        kinds: see `Declared`.
        tolerance: see `Declared`.
    """
    called = fn or op

    def make(draw: Draw) -> Sample:
        array = draw.array(*draw.shape(), low=low, high=high)
        computed = (lambda t, a: getattr(a, f"{called}_")()) if inplace else None
        return Sample(lambda t, a: getattr(t, called)(a), [array], inplace=computed)

    family = Path(inspect.stack()[1].filename).stem
    SAMPLES.append(Declared(op, called, family, make, kinds, tolerance))
