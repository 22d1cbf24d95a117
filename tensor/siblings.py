"""Making tensors in the dtype of another: the methods `new_tensor`, `new_zeros` and so on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor import dtypes, factories
from tensor.devices import DeviceLike
from tensor.dtypes import DtypeLike, Scalar

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _dtype(input: Tensor, dtype: DtypeLike | None) -> DtypeLike:
    return dtypes.of(input._data.dtype) if dtype is None else dtype


def new_tensor(
    input: Tensor,
    data: Any,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return a new leaf with a copy of `data`, in this tensor's dtype if no other is given; see `tensor.tensor`."""
    return factories.tensor(data, dtype=_dtype(input, dtype), device=device, requires_grad=requires_grad)


def new_zeros(
    input: Tensor,
    *size: Any,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    **named: Any,
) -> Tensor:
    """Return zeros of a size, in this tensor's dtype if no other is given."""
    return factories.zeros(*size, dtype=_dtype(input, dtype), device=device, requires_grad=requires_grad, **named)


def new_ones(
    input: Tensor,
    *size: Any,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    **named: Any,
) -> Tensor:
    """Return ones of a size, in this tensor's dtype if no other is given."""
    return factories.ones(*size, dtype=_dtype(input, dtype), device=device, requires_grad=requires_grad, **named)


def new_empty(
    input: Tensor,
    *size: Any,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
    **named: Any,
) -> Tensor:
    """Return a tensor of a size, not initialised, in this tensor's dtype if no other is given."""
    return factories.empty(*size, dtype=_dtype(input, dtype), device=device, requires_grad=requires_grad, **named)


def new_full(
    input: Tensor,
    size: Sequence[int],
    fill_value: Scalar | Tensor,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return one value in a size, in this tensor's dtype if no other is given."""
    return factories.full(size, fill_value, dtype=_dtype(input, dtype), device=device, requires_grad=requires_grad)
