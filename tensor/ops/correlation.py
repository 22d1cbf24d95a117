"""Covariances and correlations of variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensor.dtypes import Scalar, is_floating
from tensor.errors import ArgumentError, ShapeError
from tensor.ops.arithmetic import mul, sub
from tensor.ops.division import div
from tensor.ops.elementwise import check_floating
from tensor.ops.extremes import clamp
from tensor.ops.linalg import matmul
from tensor.ops.powers import sqrt
from tensor.ops.reductions import sum
from tensor.scalars import check_numbers

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _check_weights(name: str, weights: Tensor, count: int) -> None:
    if weights._data.shape != (count,):
        raise ShapeError(f"cov(): expected {name} of shape [{count}], got {list(weights._data.shape)}")
    if weights._data.size and weights._data.min() < 0:
        raise ArgumentError(f"cov(): {name} cannot be negative")
    if not weights._data.any():
        raise ArgumentError(f"cov(): {name} sum to zero, can't be normalized")


def cov(
    input: Tensor, *, correction: Scalar = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """Return the covariances of variables.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.cov.html

    Args:
        input: (variables, observations), or (observations,) of one.
        correction: What to take off the number of observations.
        fweights: How often each observation was made, integers, (observations,).
        aweights: How much each observation counts, (observations,).

    Returns:
        (variables, variables), or a 0-d tensor for one.

    Raises:
        ShapeError: There are more than two dimensions, or the weights do not fit.
        ArgumentError: A weight is negative, or all are zero, or `fweights` are no integers.
        DtypeError: `aweights` are no floats.
    """
    check_numbers("cov", {"correction": correction})
    if input._data.ndim > 2:
        raise ShapeError(f"cov(): expected input to have two or fewer dimensions but got {input._data.ndim}")
    rows = input if input._data.ndim == 2 else input.reshape(1, -1)
    count = rows._data.shape[1]
    weights = None
    if fweights is not None:
        if is_floating(fweights._data.dtype):
            raise ArgumentError(f"cov(): expected fweights to be integers, got {fweights.dtype}")
        _check_weights("fweights", fweights, count)
        weights = fweights
    if aweights is not None:
        check_floating("cov", aweights._data)
        _check_weights("aweights", aweights, count)
        weights = aweights if weights is None else mul(weights, aweights)
    left: Tensor | Scalar
    if weights is None:
        weighted = centred = sub(rows, div(sum(rows, 1, keepdim=True), count))
        left = max(count - correction, 0)
    else:
        whole = sum(weights)
        centred = sub(rows, div(sum(mul(rows, weights), 1, keepdim=True), whole))
        weighted = mul(centred, weights)
        lost = correction if aweights is None else div(mul(sum(mul(weights, aweights)), correction), whole)
        left = clamp(sub(whole, lost), min=0)
    found = div(matmul(weighted, centred.t().to(weighted.dtype)), left)
    return found.reshape(()) if found._data.size == 1 else found


def corrcoef(input: Tensor) -> Tensor:
    """Return the correlations of variables, from -1 to 1; `cov` says of what.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.corrcoef.html
    """
    if input._data.ndim > 2:
        raise ShapeError(f"corrcoef(): expected input to have two or fewer dimensions but got {input._data.ndim}")
    found = cov(input)
    if not found._data.ndim:
        return div(found, found)
    deviations = sqrt(found.diagonal())
    return clamp(div(div(found, deviations.unsqueeze(1)), deviations.unsqueeze(0)), -1, 1)
