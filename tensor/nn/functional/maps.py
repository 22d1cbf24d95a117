"""Linear maps."""

from __future__ import annotations

import math

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import DtypeError, ShapeError
from tensor.ops.contractions import einsum
from tensor.registry import op
from tensor.tensors import Tensor


def _linear(input: Array, weight: Array, bias: Array | None) -> Array:
    if not input.dtype == weight.dtype == (weight if bias is None else bias).dtype:
        raise DtypeError(
            f"linear: expected input, weight and bias of one dtype, got {input.dtype}, {weight.dtype}"
            f"{'' if bias is None else f' and {bias.dtype}'}: convert the input or the module with .to(dtype)"
        )
    if input.ndim == 0 or weight.ndim not in (1, 2) or input.shape[-1] != weight.shape[-1]:
        raise ShapeError(
            f"linear: an input of shape {list(input.shape)} does not fit a weight of shape {list(weight.shape)}: "
            "the last size of both must be equal"
        )
    # One large product: NumPy would make a small one for each of the leading dimensions.
    out = input.reshape(math.prod(input.shape[:-1]), input.shape[-1]) @ weight.T
    outputs = weight.shape[:-1]
    if bias is not None:
        if not outputs:
            raise ShapeError(f"linear: there is no bias for a weight of one dimension, got shape {list(bias.shape)}")
        out += bias
    return out.reshape((*input.shape[:-1], *outputs))


def _linear_vjp_weight(g: Array, input: Array, shape: tuple[int, ...]) -> Array:
    rows = math.prod(input.shape[:-1])
    return (g.reshape(rows, math.prod(shape[:-1])).T @ input.reshape(rows, shape[-1])).reshape(shape)


LINEAR = op(
    "linear",
    _linear,
    input=lambda g, weight: g @ weight if weight.ndim == 2 else g[..., None] * weight,
    weight=_linear_vjp_weight,
    bias=lambda g: g,
)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `input @ weight.T + bias`.

    Args:
        input: (..., in_features).
        weight: (out_features, in_features), or (in_features,).
        bias: (out_features,).

    Returns:
        (..., out_features), or (...) for a weight of one dimension.

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    out: Tensor = apply(LINEAR, input, weight, bias)
    return out


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `input1 @ weight[k] @ input2` for each k, and add the bias.

    Args:
        input1: (..., in1_features).
        input2: (..., in2_features).
        weight: (out_features, in1_features, in2_features).
        bias: (out_features,).

    Returns:
        (..., out_features).

    Raises:
        ShapeError: the shapes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
    """
    if input1.ndim != input2.ndim or input1.shape[:-1] != input2.shape[:-1]:
        raise ShapeError(
            "bilinear(): the inputs' dimensions do not match, except the last: "
            f"got {list(input1.shape)} and {list(input2.shape)}"
        )
    sizes = (*input1.shape[-1:], *input2.shape[-1:])
    if weight.ndim != 3 or weight.shape[1:] != sizes:
        raise ShapeError(
            f"bilinear(): expected a weight (out_features, {', '.join(map(str, sizes))}) for inputs "
            f"{list(input1.shape)} and {list(input2.shape)}, got {list(weight.shape)}"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ShapeError(f"bilinear(): expected a bias ({weight.shape[0]},), got {list(bias.shape)}")
    out = einsum("...i,kij,...j->...k", input1, weight, input2)
    return out if bias is None else out + bias
