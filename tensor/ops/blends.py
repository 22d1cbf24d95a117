"""A tensor, and a product of others, added up in one operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tensor import dtypes
from tensor.bases import TensorBase, wrap
from tensor.dtypes import Scalar
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.ops import arithmetic
from tensor.ops.conversions import cast
from tensor.ops.linalg import bmm, mm, mv, outer
from tensor.ops.masking import masked_fill
from tensor.ops.scalars_first import scalars_first

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _check_blend(input: Tensor, product: Tensor, beta: Tensor | Scalar, alpha: Tensor | Scalar) -> None:
    shape, dtype = product._data.shape, product._data.dtype
    sizes = zip(input._data.shape[::-1], shape[::-1], strict=False)
    if input._data.ndim > len(shape) or any(mine not in (1, size) for mine, size in sizes):
        raise ShapeError(
            f"The expanded size of the tensor {list(shape)} must match the existing size of the added one, "
            f"{list(input._data.shape)}"
        )
    if input._data.dtype != dtype:
        raise DtypeError(f"expected tensors of one dtype, got {input.dtype} to add to a product of {product.dtype}")
    if not dtypes.is_floating(dtype) and any(isinstance(each, float) for each in (beta, alpha)):
        raise ArgumentError("For integral input tensors, arguments alpha and beta must not be floating point numbers.")


def _summed_bmm(batch1: Tensor, batch2: Tensor) -> Tensor:
    return bmm(batch1, batch2).sum(0)


def _blended(
    input: Tensor,
    multiply: Callable[[Tensor, Tensor], Tensor],
    factors: tuple[Tensor, Tensor],
    beta: Tensor | Scalar,
    alpha: Tensor | Scalar,
) -> Tensor:
    """`beta * input + alpha * product`; with a beta of 0 nothing of `input` counts, not even nan."""
    one, other = factors
    dtype = input.dtype
    if input._data.dtype in dtypes.HALF and one._data.dtype == other._data.dtype == input._data.dtype:
        # In float32, so that the sum is rounded once.
        input, one, other = (cast(each, dtypes.float32) for each in (input, one, other))
    product = multiply(one, other)
    _check_blend(input, product, beta, alpha)
    scaled = arithmetic.times(product, alpha)
    if isinstance(beta, TensorBase) or beta != 0:
        blended = arithmetic.add(arithmetic.times(input, beta), scaled)
    else:
        # Zeros that still are computed of `input`, whose gradient is 0 then, as in PyTorch.
        blended = arithmetic.add(masked_fill(input, wrap(np.array(True)), 0), scaled)
    return blended if blended.dtype == dtype or input.dtype == dtype else cast(blended, dtype)


@scalars_first
def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1
) -> Tensor:
    """Return `beta * input + alpha * (mat1 @ mat2)`."""
    return _blended(input, mm, (mat1, mat2), beta, alpha)


@scalars_first
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1) -> Tensor:
    """Return `beta * input + alpha * (mat @ vec)`."""
    return _blended(input, mv, (mat, vec), beta, alpha)


@scalars_first
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1) -> Tensor:
    """Return `beta * input + alpha * outer(vec1, vec2)`."""
    return _blended(input, outer, (vec1, vec2), beta, alpha)


@scalars_first
def baddbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1
) -> Tensor:
    """Return `beta * input + alpha * (batch1 @ batch2)`, for batches of matrices."""
    return _blended(input, bmm, (batch1, batch2), beta, alpha)


@scalars_first
def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1
) -> Tensor:
    """Return `beta * input + alpha * (batch1 @ batch2)`, summed over the batch."""
    return _blended(input, _summed_bmm, (batch1, batch2), beta, alpha)


def _blended_(
    input: Tensor,
    multiply: Callable[[Tensor, Tensor], Tensor],
    factors: tuple[Tensor, Tensor],
    beta: Tensor | Scalar,
    alpha: Tensor | Scalar,
) -> Tensor:
    """`_blended`, into `input`."""
    if input._data.dtype in dtypes.HALF:
        return input.copy_(_blended(input, multiply, factors, beta, alpha))
    product = multiply(*factors)
    _check_blend(input, product, beta, alpha)
    if not isinstance(beta, TensorBase) and beta == 0:
        input.zero_()
    else:
        input.mul_(beta)
    return input.add_(arithmetic.times(product, alpha))


@scalars_first
def addmm_(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1
) -> Tensor:
    """Compute `addmm` into this tensor, and return it."""
    return _blended_(input, mm, (mat1, mat2), beta, alpha)


@scalars_first
def addmv_(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1) -> Tensor:
    """Compute `addmv` into this tensor, and return it."""
    return _blended_(input, mv, (mat, vec), beta, alpha)


@scalars_first
def addr_(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1
) -> Tensor:
    """Compute `addr` into this tensor, and return it."""
    return _blended_(input, outer, (vec1, vec2), beta, alpha)


@scalars_first
def baddbmm_(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1
) -> Tensor:
    """Compute `baddbmm` into this tensor, and return it."""
    return _blended_(input, bmm, (batch1, batch2), beta, alpha)


@scalars_first
def addbmm_(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Tensor | Scalar = 1, alpha: Tensor | Scalar = 1
) -> Tensor:
    """Compute `addbmm` into this tensor, and return it."""
    return _blended_(input, _summed_bmm, (batch1, batch2), beta, alpha)
