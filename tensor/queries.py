"""Questions about tensors, as functions."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, TypeGuard

from tensor import dtypes
from tensor.bases import TensorBase
from tensor.dtypes import Scalar, dtype
from tensor.marks import MARKED

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def is_tensor(obj: Any) -> TypeGuard[Tensor]:
    """Whether something is a tensor."""
    return isinstance(obj, TensorBase)


def is_inference(input: Tensor) -> builtins.bool:
    """Whether a tensor is inference-only."""
    return builtins.bool(input._flags & MARKED)


def is_floating_point(input: Tensor) -> builtins.bool:
    """Whether a tensor's elements are floats."""
    return dtypes.is_floating(input._data.dtype)


def is_signed(input: Tensor) -> builtins.bool:
    """Whether a tensor's dtype holds negative numbers."""
    return dtypes.of(input._data.dtype).is_signed


def is_same_size(input: Tensor, other: Tensor) -> builtins.bool:
    """Whether two tensors have the same shape."""
    return input._data.shape == other._data.shape


def is_nonzero(input: Tensor) -> builtins.bool:
    """Whether a tensor's only element is not zero.

    Raises:
        ShapeError: There is not exactly one.
    """
    return builtins.bool(input)


def numel(input: Tensor) -> builtins.int:
    """Return a tensor's number of elements."""
    return input._data.size


def result_type(tensor1: Tensor | Scalar, tensor2: Tensor | Scalar) -> dtype:
    """Return the dtype that arithmetic on two operands would give."""
    return dtypes.result_dtype(*[each._data if isinstance(each, TensorBase) else each for each in (tensor1, tensor2)])
