"""A batch normalisation in evaluation is an affine map: make it part of the layer before it.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_eval.html
"""

from __future__ import annotations

import copy
from typing import TypeVar

from tensor.errors import ArgumentError, ShapeError
from tensor.factories import ones_like, zeros_like
from tensor.nn.modules.batchnorm import _BatchNorm
from tensor.nn.modules.conv import _ConvNd
from tensor.nn.modules.linear import Linear
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.scopes import no_grad
from tensor.tensors import Tensor

ConvT = TypeVar("ConvT", bound=_ConvNd)
LinearT = TypeVar("LinearT", bound=Linear)


def fuse_conv_bn_eval(conv: ConvT, bn: _BatchNorm, transpose: bool = False) -> ConvT:
    """Return a convolution that does what a convolution and a batch normalisation do in evaluation.

    Args:
        conv: the convolution, in evaluation.
        bn: the normalisation after it, in evaluation.
        transpose: whether it is a transposed convolution.

    Returns:
        A new module; the given ones stay as they are.

    Raises:
        ArgumentError: one is in training, or the normalisation has no running statistics.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_eval.html
    """
    mean, var = _statistics(conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, mean, var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Return the weight and bias of a convolution that a batch normalisation has become part of.

    Args:
        conv_w: (out, in, ...), or for transposed ones (in, out, ...).
        conv_b: (out,).
        bn_rm: running mean, (out,).
        bn_rv: running variance, (out,).
        bn_eps: added to the variance.
        bn_w: (out,).
        bn_b: (out,).
        transpose: whether the convolution is transposed.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_weights.html
    """
    shape = [1] * conv_w.dim()
    shape[1 if transpose else 0] = -1
    return _fused(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, shape)


def fuse_linear_bn_eval(linear: LinearT, bn: _BatchNorm) -> LinearT:
    """Return a linear layer that does what a linear layer and a batch normalisation do in evaluation.

    Args:
        linear: the layer, in evaluation.
        bn: the normalisation after it, in evaluation, of as many features or of one.

    Returns:
        A new module; the given ones stay as they are.

    Raises:
        ArgumentError: one is in training, or the normalisation has no running statistics.
        ShapeError: their features do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_eval.html
    """
    mean, var = _statistics(linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise ShapeError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, got "
            f"linear.out_features={linear.out_features} and bn.num_features={bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(linear.weight, linear.bias, mean, var, bn.eps, bn.weight, bn.bias)
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Return the weight and bias of a linear layer that a batch normalisation has become part of.

    Args:
        linear_w: (out, in).
        linear_b: (out,).
        bn_rm: running mean, (out,) or (1,).
        bn_rv: running variance, (out,) or (1,).
        bn_eps: added to the variance.
        bn_w: (out,) or (1,).
        bn_b: (out,) or (1,).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_weights.html
    """
    return _fused(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, [-1, 1])


def _statistics(layer: Module, bn: _BatchNorm) -> tuple[Tensor, Tensor]:
    if layer.training or bn.training:
        raise ArgumentError("Fusion only for eval: call .eval() on both modules first")
    if bn.running_mean is None or bn.running_var is None:
        raise ArgumentError("Fusion needs a batch normalisation with running statistics: track_running_stats=True")
    return bn.running_mean, bn.running_var


@no_grad()
def _fused(
    weight: Tensor,
    bias: Tensor | None,
    mean: Tensor,
    var: Tensor,
    eps: float,
    scale: Tensor | None,
    shift: Tensor | None,
    shape: list[int],
) -> tuple[Parameter, Parameter]:
    trained = weight.requires_grad, bias is not None and bias.requires_grad
    stretch = (ones_like(mean) if scale is None else scale) * (var + eps).rsqrt()
    moved = ((zeros_like(mean) if bias is None else bias) - mean) * stretch
    moved = moved if shift is None else moved + shift
    return (
        Parameter((weight * stretch.reshape(shape)).to(weight.dtype), trained[0]),
        Parameter(moved.to(weight.dtype if bias is None else bias.dtype), trained[1]),
    )
