"""Losses of classification: the right class out of several."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError, UnsupportedError
from tensor.nn.functional.maps import linear
from tensor.nn.functional.reduction import reduced, reduction_of
from tensor.ops.elementwise import check_floating
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


def _nll_loss(
    input: Array, target: Array, weight: Array | None, *, ignore_index: int, reduction: str
) -> tuple[Array, Array, Array, Array]:
    """Also return the class to look at for each example, how much its log-likelihood counts, and of what total."""
    check_floating("nll_loss", input)
    axis = _class_axis(input)
    _check_classes(input, target, axis, ignore_index)
    kept = target != ignore_index
    classes = np.expand_dims(np.where(kept, target, 0), axis)
    counts = kept.astype(input.dtype) if weight is None else np.where(kept, weight[classes.squeeze(axis)], 0)
    # What is ignored may be infinite, and times zero that would be nan.
    losses = np.where(kept, -np.take_along_axis(input, classes, axis).squeeze(axis) * counts, 0)
    total = counts.sum() if reduction == "mean" else counts.dtype.type(1)
    return losses if reduction == "none" else losses.sum() / total, classes, counts, total


def _nll_loss_vjp_input(
    g: Array, shape: tuple[int, ...], target: Array, classes: Array, counts: Array, total: Array, ignore_index: int
) -> Array:
    gradient = np.zeros(shape, counts.dtype)
    axis = 0 if len(shape) == 1 else 1
    # Where nothing counts the total is 0 and the loss nan; what is ignored has no part in that.
    slopes = np.where(target == ignore_index, 0, -g * counts / total)
    np.put_along_axis(gradient, classes, np.expand_dims(slopes, axis), axis)
    return gradient


NLL_LOSS = op("nll_loss", _nll_loss, extras=("classes", "counts", "total"), input=_nll_loss_vjp_input)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-likelihood of the right classes.

    Args:
        input: log-probabilities, (batch, classes, ...) or (classes,).
        target: class numbers, (batch, ...) or ().
        weight: of each class, (classes,).
        size_average: old; see `reduction`.
        ignore_index: a target that counts for nothing.
        reduce: old; see `reduction`.
        reduction: `mean` (by weight), `sum` or `none`.

    Returns:
        A scalar, or the target's shape if nothing is reduced.

    Raises:
        DimensionError: a target is no class.
        DtypeError: the targets are not integers.
        ShapeError: the shapes do not fit.
        ArgumentError: there is no such reduction.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    _check_weight(input, weight)
    loss: Tensor = apply(NLL_LOSS, input, target, weight, ignore_index=ignore_index, reduction=reduction)
    return loss


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the cross entropy between logits and classes, or class probabilities.

    Args:
        input: logits, (batch, classes, ...) or (classes,).
        target: class numbers, (batch, ...) or (); or probabilities of the input's shape.
        weight: of each class, (classes,).
        size_average: old; see `reduction`.
        ignore_index: a class number that counts for nothing.
        reduce: old; see `reduction`.
        reduction: `mean` (by weight, for class numbers), `sum` or `none`.
        label_smoothing: how much of the target is spread evenly over all classes, 0 to 1.

    Returns:
        A scalar, or one value an example if nothing is reduced.

    Raises:
        ArgumentError: there are probabilities, and `ignore_index` is a class.
        DimensionError: a target is no class.
        DtypeError: the targets are neither integers nor floating-point.
        ShapeError: the shapes do not fit.
        ArgumentError: there is no such reduction, or the smoothing is out of range.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    _check_weight(input, weight)
    check_numbers("cross_entropy", {"ignore_index": ignore_index, "label_smoothing": label_smoothing})
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    axis = _class_axis(input)
    log_probabilities = input.log_softmax(axis)
    if target.is_floating_point():
        if ignore_index >= 0:
            raise ArgumentError(f"ignore_index is not supported for floating point target, got {ignore_index}")
        return _soft_loss(log_probabilities, target, weight, axis, reduction, label_smoothing)
    hard = nll_loss(log_probabilities, target, weight, ignore_index=ignore_index, reduction=reduction)
    if not label_smoothing:
        return hard
    # The loss against targets spread evenly over the classes; weights and ignored examples count as above.
    ignored = target == ignore_index
    even = -_weighed(log_probabilities, weight, axis).sum(axis).masked_fill(ignored, 0)
    if reduction != "none":
        even = even.sum()
    if reduction == "mean":
        counts = ~ignored if weight is None else weight[target.masked_fill(ignored, 0)].masked_fill(ignored, 0)
        even = even / counts.sum()
    loss: Tensor = (1 - label_smoothing) * hard + label_smoothing / input.shape[axis] * even
    return loss


def linear_cross_entropy(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    *,
    linear_bias: Tensor | None = None,
    weight: Tensor | None = None,
    reduction: str = "mean",
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
    options: None = None,
) -> Tensor:
    """Return the cross entropy of logits that a linear map gives.

    Args:
        input: (batch, in_features) or (in_features,).
        linear_weight: (classes, in_features), or (classes, ..., in_features) for losses of several dimensions.
        target: class numbers, (batch, ...) or (); or probabilities of the logits' shape.
        linear_bias: (classes, ...).
        weight: of each class, (classes,).
        reduction: `mean` (by weight, for class numbers), `sum` or `none`.
        ignore_index: a class number that counts for nothing; -100 if none is given.
        label_smoothing: how much of the target is spread evenly over all classes, 0 to 1.
        options: how PyTorch splits the work; not supported.

    Returns:
        A scalar, or one value an example if nothing is reduced.

    Raises:
        ShapeError: the shapes do not fit.
        UnsupportedError: there are options.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear_cross_entropy.html
    """
    if options is not None:
        raise UnsupportedError("linear_cross_entropy: the logits are always computed whole; leave options out")
    if input.ndim not in (1, 2) or linear_weight.ndim < 2 or input.shape[-1] != linear_weight.shape[-1]:
        raise ShapeError(
            "linear_cross_entropy: expected an input (batch, in_features) or (in_features,) and a weight "
            f"(classes, ..., in_features), got {tuple(input.shape)} and {tuple(linear_weight.shape)}"
        )
    outputs = linear_weight.shape[:-1]
    if linear_bias is not None and linear_bias.shape != outputs:
        raise ShapeError(f"expected linear_bias shape {tuple(outputs)}, got {tuple(linear_bias.shape)}")
    if len(outputs) > 1 and input.ndim == 1:
        raise ShapeError(f"a loss of several dimensions needs a batch, got an input of shape {tuple(input.shape)}")
    shape = (*input.shape[:-1], *outputs)
    if ignore_index is not None and target.shape == shape:
        raise ArgumentError("ignore_index cannot be specified when target contains probabilities")
    bias = None if linear_bias is None else linear_bias.reshape(-1)
    logits = linear(input, linear_weight.reshape(math.prod(outputs), input.shape[-1]), bias).reshape(shape)
    return cross_entropy(
        logits,
        target,
        weight,
        ignore_index=-100 if ignore_index is None else ignore_index,
        reduction=reduction,
        label_smoothing=label_smoothing,
    )


def _soft_loss(
    log_probabilities: Tensor, target: Tensor, weight: Tensor | None, axis: int, reduction: str, smoothing: float
) -> Tensor:
    if target.shape != log_probabilities.shape:
        raise ShapeError(
            f"cross_entropy: expected probabilities of the input's shape {tuple(log_probabilities.shape)}, "
            f"got {tuple(target.shape)}; class numbers must be integers"
        )
    if smoothing:
        target = target * (1 - smoothing) + smoothing / target.shape[axis]
    losses: Tensor = -(_weighed(log_probabilities, weight, axis) * target).sum(axis)
    return reduced(losses, reduction)


def _weighed(log_probabilities: Tensor, weight: Tensor | None, axis: int) -> Tensor:
    if weight is None:
        return log_probabilities
    return log_probabilities * weight.reshape(-1, *[1] * (len(log_probabilities.shape) - 1 - axis))


def _class_axis(input: Any) -> int:
    return 0 if input.ndim == 1 else 1


def _check_weight(input: Tensor, weight: Tensor | None) -> None:
    if input.ndim == 0:
        raise ShapeError("expected input of shape (classes,) or (batch, classes, ...), got a scalar")
    classes = input.shape[_class_axis(input)]
    if weight is not None and tuple(weight.shape) != (classes,):
        raise ShapeError(f"expected a weight for each of {classes} classes, got shape {tuple(weight.shape)}")


def _check_classes(input: Array, target: Array, axis: int, ignore_index: int) -> None:
    if target.dtype.kind not in "iu":
        raise DtypeError(f"expected class numbers to be integers, got {target.dtype}")
    if target.shape != (expected := input.shape[:axis] + input.shape[axis + 1 :]):
        raise ShapeError(
            f"expected targets of shape {expected} for an input of shape {input.shape}, got {target.shape}"
        )
    wrong = (target != ignore_index) & ((target < 0) | (target >= input.shape[axis]))
    if wrong.any():
        raise DimensionError(f"Target {target[wrong].flat[0]} is out of bounds: there are {input.shape[axis]} classes")
