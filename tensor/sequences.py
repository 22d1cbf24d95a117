"""Sequences of numbers and indices, made from nothing."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

import numpy as np

from tensor import devices, dtypes
from tensor.bases import fresh
from tensor.devices import DeviceLike
from tensor.dtypes import DtypeLike, Scalar, canonical
from tensor.errors import ArgumentError, ShapeError
from tensor.factories import made_of
from tensor.marks import Origin
from tensor.scalars import check_numbers, number

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _wanted(dtype: DtypeLike | None) -> dtypes.dtype:
    return dtypes.get_default_dtype() if dtype is None else canonical(dtype)


def arange(
    start: Scalar | Tensor,
    end: Scalar | Tensor | None = None,
    step: Scalar | Tensor = 1,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
) -> Tensor:
    """Return the numbers from `start` (0 if only one is given) up to but not `end`. 0-d tensors may give them.

    Raises:
        ShapeError: `step` is zero, or leads away from `end`.
    """
    devices.check(device)
    if end is None:
        start, end = 0, start
    origins: list[Origin | None] = []
    first, last, by = [number(each, origins) for each in (start, end, step)]
    floating = any(isinstance(each, builtins.float | np.floating) for each in (first, last, by))
    wanted = canonical(dtype) if dtype is not None else dtypes.get_default_dtype() if floating else dtypes.int64
    if not wanted.is_floating_point:
        first, last, by = int(first), int(last), int(by)
    if by == 0:
        raise ShapeError("arange: step must be nonzero")
    if (last - first) * by < 0:
        raise ShapeError("arange: upper bound and lower bound inconsistent with step sign")
    return made_of(origins, np.arange(first, last, by).astype(wanted.numpy_dtype), requires_grad)


def linspace(
    start: Scalar | Tensor,
    end: Scalar | Tensor,
    steps: int,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
) -> Tensor:
    """Return `steps` numbers evenly from `start` to `end`, both included. 0-d tensors may give these.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.linspace.html

    Raises:
        ArgumentError: `steps` is negative.
    """
    devices.check(device)
    origins: list[Origin | None] = []
    first, last = number(start, origins), number(end, origins)
    if steps < 0:
        raise ArgumentError(f"number of steps must be non-negative, got {steps}")
    return made_of(origins, np.linspace(first, last, steps).astype(_wanted(dtype).numpy_dtype), requires_grad)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
) -> Tensor:
    """Return a matrix with ones on the diagonal and zeros elsewhere.

    Raises:
        ArgumentError: A size is negative.
    """
    devices.check(device)
    if n < 0 or (m is not None and m < 0):
        raise ArgumentError(f"n and m must be greater or equal to 0, got {n} and {m}")
    return made_of((), np.eye(n, m, dtype=_wanted(dtype).numpy_dtype), requires_grad)


def logspace(
    start: Scalar | Tensor,
    end: Scalar | Tensor,
    steps: int,
    base: float = 10.0,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
) -> Tensor:
    """Return `steps` numbers from `base ** start` to `base ** end`, their logarithms evenly apart.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.logspace.html

    Raises:
        ArgumentError: `steps` is negative.
    """
    devices.check(device)
    origins: list[Origin | None] = []
    first, last, root = [number(each, origins) for each in (start, end, base)]
    if steps < 0:
        raise ArgumentError(f"number of steps must be non-negative, got {steps}")
    with np.errstate(all="ignore"):
        numbers = np.power(float(root), np.linspace(first, last, steps)).astype(_wanted(dtype).numpy_dtype)
    return made_of(origins, numbers, requires_grad)


def range(
    start: Scalar | Tensor = 0,
    end: Scalar | Tensor | None = None,
    step: Scalar | Tensor = 1,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
) -> Tensor:
    """Return the numbers from `start` up to and with `end`; PyTorch has it for old code, and so do we: use `arange`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.range.html

    Raises:
        ShapeError: `step` is zero, or leads away from `end`.
    """
    devices.check(device)
    if end is None:
        start, end = 0, start
    origins: list[Origin | None] = []
    first, last, by = [number(each, origins) for each in (start, end, step)]
    if by == 0:
        raise ShapeError("range: step must be nonzero")
    if (last - first) * by < 0:
        raise ShapeError("range: upper bound and lower bound inconsistent with step sign")
    numbers = first + np.arange(int((last - first) / by) + 1) * by
    return made_of(origins, numbers.astype(_wanted(dtype).numpy_dtype), requires_grad)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: DtypeLike = dtypes.int64, device: DeviceLike = None
) -> Tensor:
    """Return the places of the lower triangle of a matrix, row by row: (2, count), rows and columns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tril_indices.html

    Args:
        row: The number of rows.
        col: The number of columns.
        offset: The last diagonal that counts: above the main one if positive.
        dtype: int64 or int32.
        device: `"cpu"`.

    Raises:
        ArgumentError: A number is negative.
    """
    _check_sides(row, col, offset)
    devices.check(device)
    return fresh(np.stack(np.tril_indices(row, offset, col)).astype(canonical(dtype).numpy_dtype))


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: DtypeLike = dtypes.int64, device: DeviceLike = None
) -> Tensor:
    """Return the places of the upper triangle of a matrix, row by row: (2, count), rows and columns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.triu_indices.html

    Args:
        row: The number of rows.
        col: The number of columns.
        offset: The first diagonal that counts: above the main one if positive.
        dtype: int64 or int32.
        device: `"cpu"`.

    Raises:
        ArgumentError: A number is negative.
    """
    _check_sides(row, col, offset)
    devices.check(device)
    return fresh(np.stack(np.triu_indices(row, offset, col)).astype(canonical(dtype).numpy_dtype))


def _check_sides(row: int, col: int, offset: int) -> None:
    check_numbers("indices of a triangle", {"row": row, "col": col, "offset": offset})
    if row < 0 or col < 0:
        raise ArgumentError(f"row and col must be non-negative, got {row} and {col}")
