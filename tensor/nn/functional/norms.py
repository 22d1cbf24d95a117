"""Normalisation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ShapeError
from tensor.registry import op
from tensor.tensors import Tensor


def _layer_norm(
    input: Array, weight: Array | None, bias: Array | None, *, dims: int, eps: float
) -> tuple[Array, Array, Array]:
    axes = tuple(range(-dims, 0))
    centred = input - input.mean(axes, keepdims=True)
    scale = 1 / np.sqrt(np.square(centred).mean(axes, keepdims=True) + eps)
    normalized = np.multiply(centred, scale, out=centred)
    out = normalized if weight is None else normalized * weight
    return out if bias is None else out + bias, normalized, scale


def _layer_norm_vjp_input(g: Array, weight: Array | None, normalized: Array, scale: Array, dims: int) -> Array:
    axes = tuple(range(-dims, 0))
    if weight is not None:
        g = g * weight
    along = (g * normalized).mean(axes, keepdims=True)
    gradient: Array = (g - g.mean(axes, keepdims=True) - normalized * along) * scale
    return gradient


LAYER_NORM = op(
    "layer_norm",
    _layer_norm,
    extras=("normalized", "scale"),
    input=_layer_norm_vjp_input,
    weight=lambda g, normalized: g * normalized,
    bias=lambda g: g,
)


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

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
    """
    shape = tuple(normalized_shape)
    for name, each in (("input's last dimensions", input), ("weight", weight), ("bias", bias)):
        if each is not None and (found := tuple(each.shape[-len(shape) :] if each is input else each.shape)) != shape:
            raise ShapeError(f"layer_norm: expected {name} of normalized_shape {shape}, got {found}")
    if not shape:
        raise ShapeError("layer_norm: expected normalized_shape to have at least one dimension, got ()")
    out: Tensor = apply(LAYER_NORM, input, weight, bias, dims=len(shape), eps=eps)
    return out
