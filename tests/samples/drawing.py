"""Random shapes, arrays and arguments, from Hypothesis or from a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import ml_dtypes
import numpy as np
from hypothesis import strategies as st

X = TypeVar("X")

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8")


def numpy_dtype(name: str) -> np.dtype[Any]:
    """NumPy's dtype for a name, bfloat16 included."""
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


class Draw:
    """Draws what samples are made of.

    Args:
        integer: returns an integer from a first to a last one; the only source of chance.
        dtype: the name of the dtype that `array` gives.
        max_side: the largest size of a dimension.
        min_side: the smallest: 0 where empty tensors are wanted.
        ndim: how many dimensions `shape` gives where the caller leaves it open; none for any from 0 to 4.
    """

    def __init__(
        self,
        integer: Callable[[int, int], int],
        dtype: str = "float64",
        *,
        max_side: int = 4,
        min_side: int = 1,
        ndim: int | None = None,
    ) -> None:
        self.integer = integer
        self.dtype = numpy_dtype(dtype)
        self.max_side = max_side
        self.min_side = min_side
        self.ndim = ndim
        self.random = np.random.default_rng(integer(0, 2**32 - 1))

    @classmethod
    def seeded(cls, seed: int, dtype: str = "float64", **options: Any) -> Draw:
        """A draw that always gives the same."""
        random = np.random.default_rng(seed)
        return cls(lambda low, high: int(random.integers(low, high + 1)), dtype, **options)

    @classmethod
    def hypothetical(cls, data: st.DataObject, dtype: str, **options: Any) -> Draw:
        """A draw of Hypothesis, which shrinks shapes and arguments where a test fails."""
        return cls(lambda low, high: data.draw(st.integers(low, high)), dtype, **options)

    # ---- arguments and shapes

    def choice(self, options: Sequence[X]) -> X:
        """One of several things."""
        return options[self.integer(0, len(options) - 1)]

    def flag(self) -> bool:
        """True or false."""
        return bool(self.integer(0, 1))

    def side(self) -> int:
        """The size of a dimension."""
        return self.integer(self.min_side, self.max_side)

    def shape(self, low: int = 0, high: int = 4) -> tuple[int, ...]:
        """A shape of `low` to `high` dimensions."""
        ndim = self.integer(low, high) if self.ndim is None else min(max(self.ndim, low), high)
        return tuple(self.side() for _ in range(ndim))

    def dim(self, ndim: int) -> int:
        """A dimension of so many, counted from the front or the back; 0 or -1 of none."""
        size = max(ndim, 1)
        return self.integer(-size, size - 1)

    def dims(self, ndim: int) -> tuple[int, ...]:
        """Some dimensions, each once, at least one where there are any."""
        chosen = tuple(dim for dim in range(ndim) if self.flag())
        return chosen or tuple(range(min(ndim, 1)))

    def broadcastable(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape that broadcasts to the given one: with fewer dimensions, or sizes of 1."""
        if self.dtype.kind in "fV" and self.dtype.itemsize == 2:
            return shape  # torch sums gradients up in half precision, and loses more digits than can be compared
        kept = shape[self.integer(0, len(shape)) :]
        return tuple(1 if self.integer(0, 3) == 0 else side for side in kept)

    # ---- arrays

    def array(self, *shape: int, low: float = -3.0, high: float = 3.0) -> np.ndarray:
        """Values from `low` to `high` in the draw's dtype."""
        values = self.random.uniform(low, high, shape)
        if self.dtype.kind == "b":
            return np.asarray(values > (low + high) / 2)
        if self.dtype.kind == "u":
            values = np.abs(values)
        return np.asarray(values).astype(self.dtype)

    def apart(self, *shape: int, low: float = -3.0, high: float = 3.0) -> np.ndarray:
        """Values that differ, and keep away from zero and from integers: for what has steps, corners or ties."""
        count = int(np.prod(shape))
        if self.dtype.kind not in "fV":
            return self.random.permutation(count).reshape(shape).astype(self.dtype)
        values = low + (self.random.permutation(count) + 0.5) * (high - low) / max(count, 1)
        near = np.abs(values - np.round(values)) < 1e-3
        return np.asarray(values + np.where(near, 2e-3, 0.0)).reshape(shape).astype(self.dtype)

    def floats(self, *shape: int, low: float = -3.0, high: float = 3.0) -> np.ndarray:
        """Values in the draw's dtype if that is one of floats, else in float32."""
        dtype = self.dtype if self.dtype.kind in "fV" else np.dtype(np.float32)
        return np.asarray(self.random.uniform(low, high, shape)).astype(dtype)

    def integers(self, *shape: int, low: int = 0, high: int, dtype: str = "int64") -> np.ndarray:
        """Integers from `low` to below `high`."""
        return np.asarray(self.random.integers(low, max(high, low + 1), shape)).astype(dtype)

    def mask(self, *shape: int) -> np.ndarray:
        """Booleans."""
        return np.asarray(self.random.integers(0, 2, shape)).astype(bool)

    def broadcast(self, count: int, *, low: float = -3.0, high: float = 3.0) -> list[np.ndarray]:
        """Arrays whose shapes broadcast together; the first has the whole shape."""
        whole = self.shape()
        shapes = [whole, *(self.broadcastable(whole) for _ in range(count - 1))]
        return [self.array(*shape, low=low, high=high) for shape in shapes]
