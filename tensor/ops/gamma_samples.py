"""Random numbers with gamma distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError
from tensor.generators import Generator, random_of
from tensor.ops.elementwise import check_floating
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _standard_gamma(input: Array, *, random: np.random.Generator) -> Array:
    if np.any(input < 0):
        raise ArgumentError("standard_gamma: expected all elements to be at least 0")
    drawn = random.standard_gamma(input)
    # As PyTorch does: small shapes would give zeros, whose logarithms are of no use.
    return np.maximum(drawn, np.finfo(input.dtype).tiny).astype(input.dtype, copy=False)  # type: ignore[no-any-return]


STANDARD_GAMMA = op("standard_gamma", _standard_gamma)


def standard_gamma(input: Tensor, generator: Generator | None = None) -> Tensor:
    """Draw numbers with gamma distributions of rate 1. They have no gradient.

    Args:
        input: The concentrations, floats of any shape.
        generator: Where random numbers come from.

    Raises:
        ArgumentError: A concentration is negative.
        DtypeError: The concentrations are no floats.
    """
    check_floating("standard_gamma", input._data)
    return apply(STANDARD_GAMMA, input, random=random_of(generator))
