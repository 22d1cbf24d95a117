"""Softmax and its kin."""

from __future__ import annotations

import warnings

import numpy as np

from tensor.bases import fresh
from tensor.dtypes import DtypeLike, Scalar
from tensor.generators import random_of
from tensor.ops.elementwise import check_floating
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DtypeLike | None = None) -> Tensor:
    """Return exponentials that add up to one along a dimension.

    Args:
        input: any shape.
        dim: the dimension; leaving it out is deprecated, as in PyTorch.
        _stacklevel: how far up the call that is warned of is.
        dtype: to compute in.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmax.html
    """
    if dim is None:
        dim = _get_softmax_dim("softmax", input.ndim, _stacklevel)
    return input.softmax(dim, dtype=dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DtypeLike | None = None) -> Tensor:
    """Return `softmax(-input)`.

    Args:
        input: any shape.
        dim: the dimension; leaving it out is deprecated, as in PyTorch.
        _stacklevel: how far up the call that is warned of is.
        dtype: to compute in.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.softmin.html
    """
    if dim is None:
        dim = _get_softmax_dim("softmin", input.ndim, _stacklevel)
    return (-input).softmax(dim, dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DtypeLike | None = None) -> Tensor:
    """Return the logarithm of softmax, computed in one.

    Args:
        input: any shape.
        dim: the dimension; leaving it out is deprecated, as in PyTorch.
        _stacklevel: how far up the call that is warned of is.
        dtype: to compute in.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.log_softmax.html
    """
    if dim is None:
        dim = _get_softmax_dim("log_softmax", input.ndim, _stacklevel)
    return input.log_softmax(dim, dtype=dtype)


def _get_softmax_dim(name: str, ndim: int, stacklevel: int) -> int:
    """Return the dimension that is meant where none is given, and warn."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def gumbel_softmax(logits: Tensor, tau: Scalar = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Draw from the distribution that logits stand for, in a way that has a gradient.

    Args:
        logits: any shape, floating-point.
        tau: the temperature: the lower, the nearer to one-hot.
        hard: return one-hot vectors, with the gradient of the soft ones.
        eps: ignored, as in PyTorch.
        dim: the dimension along which the result adds up to one.

    Source: Jang et al., 2016, https://arxiv.org/abs/1611.01144;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.gumbel_softmax.html
    """
    check_numbers("gumbel_softmax", {"tau": tau, "eps": eps})
    check_floating("gumbel_softmax", logits._data)
    noise = np.asarray(random_of(None).gumbel(size=logits.shape)).astype(logits._data.dtype)
    soft = ((logits + fresh(np.asarray(noise))) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.detach().argmax(dim, keepdim=True)
    chosen = soft.detach().mul(0).scatter(dim, index, 1.0)
    return chosen - soft.detach() + soft
