"""Whether elements are among others: `isin`."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from tensor import dtypes, factories
from tensor.bases import TensorBase
from tensor.dtypes import Scalar
from tensor.errors import DtypeError
from tensor.ops import comparisons, conversions, counting, extremes, logic, ordering, selecting, shapes

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def isin(
    elements: Tensor | Scalar,
    test_elements: Tensor | Scalar,
    *,
    assume_unique: builtins.bool = False,
    invert: builtins.bool = False,
) -> Tensor:
    """Return whether each element is among others.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.isin.html

    Args:
        elements: Any shape, or a number.
        test_elements: The others, any shape, or a number.
        assume_unique: Accepted since PyTorch has it.
        invert: Whether to say which are not.

    Returns:
        Booleans in the shape of `elements`.

    Raises:
        DtypeError: Neither is a tensor.
    """
    if not isinstance(elements, TensorBase) and not isinstance(test_elements, TensorBase):
        raise DtypeError("isin: expected a tensor as elements or as test_elements, got two numbers")
    asked: Any = elements if isinstance(elements, TensorBase) else factories.tensor(elements)
    among: Any = test_elements if isinstance(test_elements, TensorBase) else factories.tensor(test_elements)
    common = dtypes.promote_types(asked.dtype, among.dtype)
    if common is dtypes.bool:
        common = dtypes.uint8
    asked, among = conversions.cast(asked, common), conversions.cast(shapes.flatten(among), common)
    if not among.numel():
        found = factories.zeros_like(asked, dtype=dtypes.bool)
    else:
        inorder = ordering.sort(among)[0]
        places = extremes.clamp(counting.searchsorted(inorder, shapes.flatten(asked)), max=among.numel() - 1)
        found = comparisons.eq(shapes.reshape(selecting.take(inorder, places), asked.shape), asked)
    return logic.logical_not(found) if invert else found
