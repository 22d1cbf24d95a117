"""Normalisation of each example by itself: over its last dimensions, over groups of channels, across channels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array, is_floating
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.ops.elementwise import check_floating
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor

Vjps = tuple[Array | None, Array | None, Array | None]


def check_parameters(name: str, input: Array, **parameters: Array | None) -> None:
    """Raise DtypeError unless the input holds floats, and all the parameters are of its dtype."""
    check_floating(name, input)
    for argument, each in parameters.items():
        if each is not None and each.dtype != input.dtype:
            raise DtypeError(
                f"{name}: mixed dtype: expect {argument} to have scalar type of {dtypes.of(input.dtype)}, got "
                f"{dtypes.of(each.dtype)}: convert the input or the module with .to(dtype)"
            )


def is_mixed(input: Tensor, *parameters: Tensor | None) -> bool:
    """Whether an input in half precision meets parameters in float32: computed in float32, the result in half."""
    given = [each._data.dtype for each in parameters if each is not None]
    return input._data.dtype in dtypes.HALF and np.dtype(np.float32) in given


def moments(rows: Array, eps: float) -> tuple[Array, Array, Array]:
    """Return rows (..., n) with their means taken off, these means, and 1 / sqrt(variance + eps), both (..., 1)."""
    mean = rows.mean(-1, keepdims=True)
    centred = rows - mean
    scale: Array = np.vecdot(centred, centred)[..., None]
    scale /= rows.shape[-1]
    scale += eps
    np.sqrt(scale, out=scale)
    np.divide(1, scale, out=scale)
    return centred, mean, scale


def moments_vjp(g: Array, normalized: Array, scale: Array) -> Array:
    """Return the gradient of rows for that of their normalised selves.

    Args:
        g: (..., n); is written into.
        normalized: (..., n); is written into.
        scale: what they were divided by, inverted, (..., 1).
    """
    count = g.shape[-1]
    along = np.vecdot(g, normalized)[..., None] / count
    g -= g.mean(-1, keepdims=True)
    normalized *= along
    g -= normalized
    g *= scale
    return g


def _layer_norm(
    input: Array, weight: Array | None, bias: Array | None, *, dims: int, eps: float
) -> tuple[Array, Array, Array]:
    check_parameters("layer_norm", input, weight=weight, bias=bias)
    lead = input.shape[: input.ndim - dims]
    out, mean, scale = moments(input.reshape(*lead, math.prod(input.shape[len(lead) :])), eps)
    out *= scale
    if weight is not None:
        out *= weight.reshape(-1)
    if bias is not None:
        out += bias.reshape(-1)
    return out.reshape(input.shape), mean, scale


def _layer_norm_vjp(
    g: Array, needs: tuple[bool, ...], input: Array, weight: Array | None, mean: Array, scale: Array
) -> Vjps:
    lead = mean.shape[:-1]
    rows = g.reshape(*lead, math.prod(g.shape[len(lead) :]))
    normalized: Array = input.reshape(rows.shape) - mean
    normalized *= scale
    along = tuple(range(len(lead)))
    shape = input.shape[len(lead) :]
    for_weight = (rows * normalized).sum(along).reshape(shape) if needs[1] else None
    for_bias = rows.sum(along).reshape(shape) if needs[2] else None
    if not needs[0]:
        return None, for_weight, for_bias
    weighed = rows.copy() if weight is None else rows * weight.reshape(-1)
    return moments_vjp(weighed, normalized, scale).reshape(input.shape), for_weight, for_bias


LAYER_NORM = op("layer_norm", _layer_norm, extras=("mean", "scale"), vjp=_layer_norm_vjp)


def _verify_batch_size(size: Sequence[int]) -> None:
    """Raise unless there are several values a channel, of which a variance can be.

    Args:
        size: (batch, channels, ...).

    Raises:
        ShapeError: there is one.
    """
    if math.prod(size[:1]) * math.prod(size[2:]) == 1:
        raise ShapeError(f"Expected more than 1 value per channel when training, got input size {list(size)}")


def _normal_shape(name: str, input: Tensor, normalized_shape: Sequence[int], **parameters: Tensor | None) -> int:
    """Return how many dimensions are normalised over."""
    if not isinstance(normalized_shape, Iterable):
        raise DtypeError(
            f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            f"{type(normalized_shape).__name__}; for the last dimension alone pass [{normalized_shape}]"
        )
    shape = tuple(normalized_shape)
    if not shape:
        raise ShapeError(f"{name}: expected normalized_shape to have at least one dimension, got ()")
    given = {"input's last dimensions": input._data.shape[-len(shape) :]}
    given |= {argument: each._data.shape for argument, each in parameters.items() if each is not None}
    for what, found in given.items():
        if found != shape:
            raise ShapeError(f"{name}: expected {what} of normalized_shape {shape}, got {found}")
    return len(shape)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Shift and scale the last dimensions to mean 0 and variance 1, then by `weight` and `bias`.

    Args:
        input: (..., *normalized_shape).
        normalized_shape: the sizes of the last dimensions.
        weight: normalized_shape.
        bias: normalized_shape.
        eps: added to the variance.

    Returns:
        The input's shape.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ, or are not of floats.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
    """
    dims = _normal_shape("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    if is_mixed(input, weight, bias):
        return layer_norm(input.float(), normalized_shape, weight, bias, eps).to(input.dtype)
    return apply(LAYER_NORM, input, weight, bias, dims=dims, eps=eps)


def _rms_norm(input: Array, weight: Array | None, *, dims: int, eps: float | None) -> tuple[Array, Array]:
    check_parameters("rms_norm", input, weight=weight)
    lead = input.shape[: input.ndim - dims]
    rows = input.reshape(*lead, math.prod(input.shape[len(lead) :]))
    squares: Array = np.vecdot(rows, rows)[..., None]
    least = float(np.finfo(input.dtype).eps) if eps is None else eps
    scale: Array = 1 / np.sqrt(squares / rows.shape[-1] + least)
    out = rows * scale
    if weight is not None:
        out *= weight.reshape(-1)
    return out.reshape(input.shape), scale


def _rms_norm_vjp(
    g: Array, needs: tuple[bool, ...], input: Array, weight: Array | None, scale: Array
) -> tuple[Array | None, Array | None]:
    lead = scale.shape[:-1]
    rows = g.reshape(*lead, math.prod(g.shape[len(lead) :]))
    normalized = input.reshape(rows.shape) * scale
    for_weight = None
    if needs[1]:
        for_weight = (rows * normalized).sum(tuple(range(len(lead)))).reshape(input.shape[len(lead) :])
    if not needs[0]:
        return None, for_weight
    weighed = rows.copy() if weight is None else rows * weight.reshape(-1)
    normalized *= np.vecdot(weighed, normalized)[..., None] / rows.shape[-1]
    weighed -= normalized
    weighed *= scale
    return weighed.reshape(input.shape), for_weight


RMS_NORM = op("rms_norm", _rms_norm, extras=("scale",), vjp=_rms_norm_vjp)


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Scale the last dimensions to a mean square of 1, then by `weight`.

    Args:
        input: (..., *normalized_shape).
        normalized_shape: the sizes of the last dimensions.
        weight: normalized_shape.
        eps: added to the mean square; the dtype's epsilon if left out, that of float32 for half precision.

    Returns:
        The input's shape.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ, or are not of floats.

    Source: Zhang and Sennrich, 2019, https://arxiv.org/abs/1910.07467;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
    """
    dims = _normal_shape("rms_norm", input, normalized_shape, weight=weight)
    if is_mixed(input, weight):
        return rms_norm(input.float(), normalized_shape, weight, eps).to(input.dtype)
    return apply(RMS_NORM, input, weight, dims=dims, eps=eps)


def per_channel(values: Array, ndim: int) -> Array:
    """Return one value for each channel in the shape that broadcasts over (N, C, ...)."""
    return values.reshape(-1, *[1] * (ndim - 2))


def grouped_moments(input: Array, groups: int, eps: float) -> tuple[Array, Array, Array]:
    """Return what `moments` does of the groups of channels, (N, groups, n)."""
    return moments(input.reshape(input.shape[0], groups, math.prod(input.shape[1:]) // max(groups, 1)), eps)


def _group_norm(
    input: Array, weight: Array | None, bias: Array | None, *, num_groups: int, eps: float
) -> tuple[Array, Array, Array]:
    check_parameters("group_norm", input, weight=weight, bias=bias)
    centred, mean, scale = grouped_moments(input, num_groups, eps)
    centred *= scale
    out = centred.reshape(input.shape)
    if weight is not None:
        out *= per_channel(weight, input.ndim)
    if bias is not None:
        out += per_channel(bias, input.ndim)
    return out, mean, scale


def group_norm_vjp(
    g: Array, needs: tuple[bool, ...], input: Array, weight: Array | None, mean: Array, scale: Array
) -> Vjps:
    """Return the gradients of a normalisation of groups of channels, for input, weight and bias."""
    groups = mean.shape[:2]
    normalized: Array = input.reshape(*groups, math.prod(input.shape[1:]) // max(groups[1], 1)) - mean
    normalized *= scale
    others = (0, *range(2, g.ndim))
    for_weight = (g * normalized.reshape(g.shape)).sum(others) if needs[1] else None
    for_bias = g.sum(others) if needs[2] else None
    if not needs[0]:
        return None, for_weight, for_bias
    weighed = np.array(g) if weight is None else g * per_channel(weight, g.ndim)
    gradient = moments_vjp(weighed.reshape(normalized.shape), normalized, scale)
    return gradient.reshape(input.shape), for_weight, for_bias


GROUP_NORM = op("group_norm", _group_norm, extras=("mean", "scale"), vjp=group_norm_vjp)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Shift and scale groups of channels of each example to mean 0 and variance 1, then channels by weight and bias.

    Args:
        input: (N, C, ...).
        num_groups: how many; divides C.
        weight: (C,).
        bias: (C,).
        eps: added to the variance.

    Returns:
        The input's shape.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ, or are not of floats.

    Source: Wu and He, 2018, https://arxiv.org/abs/1803.08494;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
    """
    check_numbers("group_norm", {"num_groups": num_groups, "eps": eps})
    shape = input._data.shape
    if len(shape) < 2:
        raise ShapeError(f"group_norm: Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if num_groups <= 0:
        raise ArgumentError(f"group_norm: Expected num groups to be greater than 0, got {num_groups}")
    if shape[1] % num_groups:
        raise ShapeError(
            "group_norm: Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(shape)} and num_groups={num_groups}"
        )
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and each._data.shape != (shape[1],):
            raise ShapeError(
                f"group_norm: Expected {name} to be a vector of size equal to the number of channels in input, but "
                f"got {name} of shape {list(each._data.shape)} and input of shape {list(shape)}"
            )
    _verify_batch_size([shape[0] * shape[1] // num_groups, num_groups, *shape[2:]])
    if is_mixed(input, weight, bias):
        return group_norm(input.float(), num_groups, weight, bias, eps).to(input.dtype)
    return apply(GROUP_NORM, input, weight, bias, num_groups=num_groups, eps=eps)


def _neighbours(array: Array, before: int, after: int) -> Array:
    """Sum each channel and so many before and after it."""
    channels = array.shape[1]
    out = array.copy()
    for by in range(1, min(before, channels - 1) + 1):
        out[:, by:] += array[:, :-by]
    for by in range(1, min(after, channels - 1) + 1):
        out[:, :-by] += array[:, by:]
    return out


def _local_response_norm(input: Array, *, size: int, alpha: float, beta: float, k: float) -> tuple[Array, Array]:
    if not is_floating(input.dtype):
        input = input.astype(dtypes.get_default_dtype().numpy_dtype)
    divisor = _neighbours(np.square(input), size // 2, (size - 1) // 2)
    divisor *= alpha / size
    divisor += k
    return input / np.power(divisor, beta), divisor


def _local_response_norm_vjp(g: Array, input: Array, divisor: Array, size: int, alpha: float, beta: float) -> Any:
    scaled = g / np.power(divisor, beta)
    back = _neighbours(scaled * input / divisor, (size - 1) // 2, size // 2)
    return scaled - (2 * alpha * beta / size) * input * back


LOCAL_RESPONSE_NORM = op(
    "local_response_norm", _local_response_norm, extras=("divisor",), input=_local_response_norm_vjp
)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide each element by a power of the mean square of its neighbours in other channels.

    Args:
        input: (N, C, ...), of at least three dimensions.
        size: how many neighbours, the element included.
        alpha: the weight of the mean square.
        beta: the power.
        k: what is added.

    Returns:
        `input / (k + alpha * mean square) ** beta`, of the input's shape.

    Raises:
        ShapeError: the input has fewer dimensions.
        ArgumentError: there are no neighbours.

    Source: Krizhevsky et al., 2012; https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
    """
    if input._data.ndim < 3:
        raise ShapeError(f"Expected 3D or higher dimensionality input (got {input._data.ndim} dimensions)")
    check_numbers("local_response_norm", {"size": size})
    if size < 1:
        raise ArgumentError(f"local_response_norm: expected a size of at least 1, got {size}")
    return apply(LOCAL_RESPONSE_NORM, input, size=size, alpha=alpha, beta=beta, k=k)
