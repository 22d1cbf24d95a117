"""The largest and the smallest elements, and where they are."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tensor.bases import TensorBase
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DimensionError, DtypeError
from tensor.ops import extremes
from tensor.ops.dims import Dims, normal_dim, normal_dims, takes_axis
from tensor.ops.reductions import spread
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


class MaxResult(NamedTuple):
    """What `max` along a dimension returns."""

    values: Tensor
    indices: Tensor


class MinResult(NamedTuple):
    """What `min` along a dimension returns."""

    values: Tensor
    indices: Tensor


def extreme_vjp(g: Array, input: Array, out: Array, dim: tuple[int, ...], keepdim: bool) -> Any:
    """The gradient, in equal shares to all elements that are the extreme one, which may be nan."""
    extreme = out if keepdim else np.expand_dims(out, dim)
    hits = input == extreme
    if np.isnan(extreme).any():
        hits |= np.isnan(input) & np.isnan(extreme)
    return spread(g, input.shape, dim, keepdim) * hits / hits.sum(axis=dim, keepdims=True, dtype=input.dtype)


def _ordered(name: str, input: Array) -> Array:
    if input.dtype.kind == "b":
        raise DtypeError(f"{name}(): does not support bool input; convert it with .int()")
    return input


def pick(input: Array, indices: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """Return the elements at indices along a dimension of size 1 there, and the indices."""
    values = np.take_along_axis(input, indices, dim)
    return (values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))


def unpick_vjp(g: Array, shape: tuple[int, ...], indices: Array, dim: int, keepdim: bool) -> Array:
    """Return the gradient of `pick`: zeros, and `g` at the indices."""
    whole = np.zeros(shape, g.dtype)
    expanded = (indices, g) if keepdim else (np.expand_dims(indices, dim), np.expand_dims(g, dim))
    np.put_along_axis(whole, *expanded, dim)
    return whole


AMAX = op("amax", lambda input, *, dim, keepdim: input.max(axis=dim, keepdims=keepdim), input=extreme_vjp)

AMIN = op("amin", lambda input, *, dim, keepdim: input.min(axis=dim, keepdims=keepdim), input=extreme_vjp)

MAX = op(
    "max",
    lambda input, *, dim, keepdim: pick(input, input.argmax(dim, keepdims=True), dim, keepdim),
    outputs=2,
    extras=("indices",),
    input=unpick_vjp,
)

MIN = op(
    "min",
    lambda input, *, dim, keepdim: pick(input, input.argmin(dim, keepdims=True), dim, keepdim),
    outputs=2,
    extras=("indices",),
    input=unpick_vjp,
)

ARGMAX = op("argmax", lambda input, *, dim, keepdim: _ordered("argmax", input).argmax(dim, keepdims=keepdim))

ARGMIN = op("argmin", lambda input, *, dim, keepdim: _ordered("argmin", input).argmin(dim, keepdims=keepdim))


def _check_not_empty(name: str, input: Tensor, dims: tuple[int, ...]) -> None:
    if builtins.any(input._data.shape[each] == 0 for each in dims):
        raise DimensionError(
            f"{name}(): Expected reduction dim to have non-zero size, but the shape is {list(input._data.shape)}"
        )


@takes_axis
def amax(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """Return the largest element over dimensions, or over all; equal ones share the gradient.

    Raises:
        DimensionError: There are no elements.
    """
    dims = normal_dims(dim, input._data.ndim)
    _check_not_empty("amax", input, dims)
    return apply(AMAX, input, dim=dims, keepdim=keepdim)


@takes_axis
def amin(input: Tensor, dim: Dims = (), keepdim: bool = False) -> Tensor:
    """Return the smallest element over dimensions, or over all; equal ones share the gradient.

    Raises:
        DimensionError: There are no elements.
    """
    dims = normal_dims(dim, input._data.ndim)
    _check_not_empty("amin", input, dims)
    return apply(AMIN, input, dim=dims, keepdim=keepdim)


def _along_one(name: str, input: Tensor, dim: int) -> tuple[Tensor, int]:
    """The tensor, as a vector if it is 0-d, and the dimension from the front."""
    dim = normal_dim(dim, input._data.ndim)
    if not input._data.ndim:
        return input.reshape(1), 0
    _check_not_empty(name, input, (dim,))
    return input, dim


def _other(name: str, dim: object, other: Tensor | None) -> Any:
    """What stands in the place of `dim`: PyTorch calls it `other` where it is a tensor."""
    if other is None:
        return dim
    if dim is not None:
        raise ArgumentError(f"{name}(): expected a dimension or another tensor, got both")
    return other


@takes_axis
def max(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """Return the largest element; along a dimension, also where it is; or the larger of two tensors' elements.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.max.html

    Args:
        input: Any shape.
        dim: The dimension; or another tensor, for `maximum`.
        keepdim: Whether the dimension stays, with size 1.
        other: The other tensor, by its name.

    Returns:
        A 0-d tensor without `dim`; with it `(values, indices)`.
    """
    dim = _other("max", dim, other)
    if isinstance(dim, TensorBase):
        return extremes.maximum(input, dim)
    if dim is None:
        return amax(input)
    rows, axis = _along_one("max", input, dim)
    values, indices = apply(MAX, rows, dim=axis, keepdim=keepdim and input._data.ndim > 0)
    return MaxResult(values, indices)


@takes_axis
def min(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False, *, other: Tensor | None = None) -> Any:
    """Return the smallest element; along a dimension, also where it is; or the smaller of two tensors' elements.

    Arguments and results are as for `max`.
    """
    dim = _other("min", dim, other)
    if isinstance(dim, TensorBase):
        return extremes.minimum(input, dim)
    if dim is None:
        return amin(input)
    rows, axis = _along_one("min", input, dim)
    values, indices = apply(MIN, rows, dim=axis, keepdim=keepdim and input._data.ndim > 0)
    return MinResult(values, indices)


@takes_axis
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the position of the largest element along a dimension, or among all."""
    _check_not_empty("argmax", input, normal_dims(dim, input._data.ndim))
    axis = None if dim is None or not input._data.ndim else normal_dim(dim, input._data.ndim)
    return apply(ARGMAX, input, dim=axis, keepdim=keepdim)


@takes_axis
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the position of the smallest element along a dimension, or among all."""
    _check_not_empty("argmin", input, normal_dims(dim, input._data.ndim))
    axis = None if dim is None or not input._data.ndim else normal_dim(dim, input._data.ndim)
    return apply(ARGMIN, input, dim=axis, keepdim=keepdim)


class AminmaxResult(NamedTuple):
    """What `aminmax` returns."""

    min: Tensor
    max: Tensor


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> AminmaxResult:
    """Return the smallest and the largest element along a dimension, or of all."""
    dims: Dims = () if dim is None else dim
    return AminmaxResult(amin(input, dims, keepdim), amax(input, dims, keepdim))
