"""Smooth activations and gates."""

from __future__ import annotations

from tensor.dispatch import apply
from tensor.dtypes import Scalar
from tensor.errors import ArgumentError, ShapeError
from tensor.ops import activations, trigonometry
from tensor.ops.dims import normal_dim
from tensor.ops.gelu import GELU, GELU_TANH
from tensor.tensors import Tensor


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent of each element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanh.html
    """
    return trigonometry.tanh(input)


def sigmoid(input: Tensor) -> Tensor:
    """Return `1 / (1 + exp(-input))` of each element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.sigmoid.html
    """
    return activations.sigmoid(input)


def logsigmoid(input: Tensor) -> Tensor:
    """Return the logarithm of `sigmoid`, without computing that.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html
    """
    return apply(activations.LOG_SIGMOID, input)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Return each element times the normal distribution function of it.

    Args:
        input: any shape, floating-point.
        approximate: `none`, or `tanh` for an approximation by it.

    Raises:
        ValueError: there is no such approximation.

    Source: Hendrycks and Gimpel, 2016, https://arxiv.org/abs/1606.08415;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html
    """
    if approximate not in ("none", "tanh"):
        raise ArgumentError(f"approximate argument must be either none or tanh, got {approximate!r}")
    return apply(GELU if approximate == "none" else GELU_TANH, input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return each element times its sigmoid; also called swish.

    Args:
        input: any shape, floating-point.
        inplace: write the result over the input.

    Source: Elfwing et al., 2017, https://arxiv.org/abs/1702.03118;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.silu.html
    """
    return activations.silu_(input) if inplace else apply(activations.SILU, input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return `input * tanh(softplus(input))`.

    Args:
        input: any shape, floating-point.
        inplace: write the result over the input.

    Source: Misra, 2019, https://arxiv.org/abs/1908.08681;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.mish.html
    """
    return activations.mish_(input) if inplace else apply(activations.MISH, input)


def softplus(input: Tensor, beta: Scalar = 1, threshold: Scalar = 20) -> Tensor:
    """Return `log(1 + exp(beta * input)) / beta`.

    Args:
        input: any shape, floating-point.
        beta: how sharp the bend is.
        threshold: where `beta * input` is above it, return the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html
    """
    return apply(activations.SOFTPLUS, input, beta=beta, threshold=threshold)


def softsign(input: Tensor) -> Tensor:
    """Return `input / (1 + abs(input))`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html
    """
    return apply(activations.SOFTSIGN, input)


def tanhshrink(input: Tensor) -> Tensor:
    """Return `input - tanh(input)`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html
    """
    return input - input.tanh()


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """Return the first half times the sigmoid of the second.

    Args:
        input: at least one dimension.
        dim: the dimension to halve, of even size.

    Raises:
        ShapeError: there is no dimension, or the size is odd.

    Source: Dauphin et al., 2016, https://arxiv.org/abs/1612.08083;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.glu.html
    """
    if not input.ndim:
        raise ShapeError("glu does not support scalars because halving size must be even")
    dim = normal_dim(dim, input.ndim)
    size = input.shape[dim]
    if size % 2:
        raise ShapeError(f"Halving dimension must be even, but dimension {dim} is size {size}")
    return input.narrow(dim, 0, size // 2) * input.narrow(dim, size // 2, size // 2).sigmoid()
