"""What all recurrent layers share: a batch of sequences, walked step by step.

The rows of a batch are packed: those of the first step of all sequences, then those of the second step of all that have
one, and so on, with the longest sequences first. Sequences of one length are packed as they are.

The states before the first step are one array, of whose rows each step replaces the first. What is left when a sequence
has ended is its last state; walking backward in time, a sequence starts from its initial state when its turn comes. So
one loop serves both directions, and so do the gradients, which take the same steps in the opposite order.
"""

from __future__ import annotations

import math
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from tensor.dtypes import Array
from tensor.errors import DtypeError, ShapeError

_MANY_STEPS = 8  # that pay for a copy of the weights


class Walk:
    """The rows of a batch, and which of them belong to each step.

    Args:
        input: (time, batch, features), (batch, features) for one step, or packed, (rows, features).
        batch_sizes: how many sequences take part in each step, where they are packed.
        reverse: whether to walk from the last step to the first.

    Raises:
        ShapeError: there are no steps, or `batch_sizes` are not those of `input`.
    """

    def __init__(self, input: Array, batch_sizes: Array | None, reverse: bool) -> None:
        if batch_sizes is not None:
            sizes = batch_sizes.tolist()
        else:
            sizes = [input.shape[-2]] * (len(input) if input.ndim == 3 else 1)
        if not sizes:
            raise ShapeError("Expected sequence length to be larger than 0 in RNN")
        self.rows: Array = input.reshape(math.prod(input.shape[:-1]), input.shape[-1])
        if sum(sizes) != len(self.rows) or any(a < b for a, b in pairwise(sizes)) or sizes[-1] < 0:
            raise ShapeError(f"batch_sizes {sizes} do not say how {len(self.rows)} rows are packed, longest first")
        self.batch: int = sizes[0]
        ends = accumulate(sizes)
        self.steps = [(slice(end - size, end), size) for end, size in zip(ends, sizes, strict=True)]
        if reverse:
            self.steps.reverse()

    def project(self, weight: Array, bias: Array | None) -> Array:
        """The products of all rows with a weight: a fresh array, (rows, outputs)."""
        self._check(weight, "weights")
        out: Array = self.rows @ weight.T
        if bias is not None:
            out += bias
        return out

    def turned(self, weight: Array) -> Array:
        """A weight's transpose; where there are many steps, in memory of its own, which makes each product faster."""
        return np.ascontiguousarray(weight.T) if len(self.steps) > _MANY_STEPS else weight.T

    def first(self, states: Array | None, size: int) -> Array:
        """The states to start from, which the steps may write to: (batch, size)."""
        if states is None:
            return np.zeros((self.batch, size), self.rows.dtype)
        self._check(states, "hidden")
        return np.array(states)

    def _check(self, other: Array, what: str) -> None:
        if other.dtype != self.rows.dtype:
            raise DtypeError(
                f"Input and {what} tensors are not the same dtype, found input with {self.rows.dtype} and {what} with "
                f"{other.dtype}"
            )


def merged(bias_ih: Array | None, bias_hh: Array | None) -> Array | None:
    """Both biases as one."""
    if bias_ih is None or bias_hh is None:
        return bias_hh if bias_ih is None else bias_ih
    out: Array = bias_ih + bias_hh
    return out


def squash(array: Array) -> None:
    """Replace each element by its sigmoid."""
    array *= -1  # NumPy 2.4's `negative` is wrong in place on every fourth float32
    np.exp(array, out=array)
    array += 1
    np.reciprocal(array, out=array)


def columns(array: Array, count: int) -> tuple[Array, ...]:
    """Views of so many equal parts of the last dimension."""
    size = array.shape[-1] // count
    return tuple([array[..., part * size : (part + 1) * size] for part in range(count)])


def parts(flat: Array, *shapes: tuple[int, int]) -> list[Array]:
    """Views of what lies one behind the other in a flat array."""
    views, start = [], 0
    for rows, size in shapes:
        views.append(flat[start : start + rows * size].reshape(rows, size))
        start += rows * size
    return views


def flat_for(like: Array, *shapes: tuple[int, int]) -> Array:
    """An uninitialised flat array with room for the shapes."""
    return np.empty(sum([rows * size for rows, size in shapes]), like.dtype)


def of_inputs(walk: Walk, input: Array, weight: Array, slopes: Array, needs: tuple[bool, bool]) -> tuple[Any, Any]:
    """The gradients of the input and of its weight, from those of their products."""
    of_input = (slopes @ weight).reshape(input.shape) if needs[0] else None
    return of_input, slopes.T @ walk.rows if needs[1] else None
