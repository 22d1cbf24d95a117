"""Losses with margins: scores that should differ by so much, pairs that should be near or far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.nn.functional.activations import logsigmoid
from tensor.nn.functional.distances import pairwise_distance
from tensor.nn.functional.reduction import reduced, reduction_of
from tensor.ops.choosing import where
from tensor.ops.elementwise import check_floating
from tensor.ops.extremes import minimum
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return distances of what belongs together, and what the others lack to the margin.

    Args:
        input: distances, any shape.
        target: 1 or -1, the same shape.
        margin: how far apart the others should be.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html
    """
    check_numbers("hinge_embedding_loss", {"margin": margin})
    reduction = reduction_of(reduction, size_average, reduce)
    far = where(target != 1, (margin - input).clamp(min=0), 0.0)
    return reduced(far + where(target != -1, input, 0.0), reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return what scores lack to being in the right order, `input1` first where `target` is 1.

    Args:
        input1: scores, any shape.
        input2: the same shape.
        target: 1 or -1, the same shape.
        margin: how far apart they should be.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html
    """
    check_numbers("margin_ranking_loss", {"margin": margin})
    reduction = reduction_of(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise ShapeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {tuple(input1.shape)}, input2: {tuple(input2.shape)}, target: {tuple(target.shape)} "
        )
    return reduced((-target * (input1 - input2) + margin).clamp(min=0), reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return what the cosine of pairs lacks to 1 where they belong together, and its excess over the margin elsewhere.

    Args:
        input1: (batch, size) or (size,).
        input2: the same shape.
        target: 1 or -1, (batch,) or ().
        margin: the largest cosine that is fine for the others.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html
    """
    check_numbers("cosine_embedding_loss", {"margin": margin})
    reduction = reduction_of(reduction, size_average, reduce)
    if target.ndim not in (0, 1) or input1.ndim != target.ndim + 1:
        raise ShapeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
    tiny = 1e-12
    product = (input1 * input2).sum(-1)
    norms = (input1.square().sum(-1) + tiny) * (input2.square().sum(-1) + tiny)
    cosine = product / norms.sqrt()
    losses = where(target == 1, 1 - cosine, 0.0) + where(target == -1, (cosine - margin).clamp(min=0), 0.0)
    return reduced(losses, reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return `log(1 + exp(-target * input))`.

    Args:
        input: any shape.
        target: 1 or -1, the same shape.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    return reduced(-logsigmoid(target * input), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return binary cross entropies of logits, averaged over the classes.

    Args:
        input: logits, (batch, classes) or (classes,).
        target: 0 or 1, the same shape.
        weight: of each class, (classes,).
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    losses = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    return reduced((losses if weight is None else losses * weight).mean(-1), reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return what the other classes' scores lack to being `margin` below the right one's, averaged over the classes.

    Args:
        input: scores, (batch, classes) or (classes,).
        target: class numbers, (batch,) or ().
        p: 1, or 2 for squares.
        margin: how far apart they should be.
        weight: of each class, (classes,).
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
    """
    check_numbers("multi_margin_loss", {"p": p, "margin": margin})
    reduction = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ArgumentError("only p == 1 and p == 2 supported")
    rows, classes = (input, target) if input.ndim > 1 else (input.unsqueeze(0), target.reshape(1))
    chosen = classes.unsqueeze(1)
    gaps = (margin - rows.gather(1, chosen) + rows).clamp(min=0)
    gaps = gaps if p == 1 else gaps.square()
    if weight is not None:
        gaps = gaps * weight[classes].unsqueeze(1)
    losses = gaps.scatter(1, chosen, 0.0).sum(1) / rows.shape[1]
    return reduced(losses if input.ndim > 1 else losses.squeeze(0), reduction)


def _labels(input: Array, target: Array) -> tuple[Array, Array]:
    """Return what classes a row lists before its first negative number, and which of all classes are among them."""
    check_floating("multilabel_margin_loss", input)
    if target.dtype.kind not in "iu":
        raise DtypeError(f"multilabel_margin_loss: expected class numbers to be integers, got {target.dtype}")
    if input.ndim not in (1, 2) or target.shape != input.shape:
        raise ShapeError(
            "multilabel_margin_loss: expected scores and class numbers of one shape, (batch, classes) or (classes,), "
            f"got {input.shape} and {target.shape}"
        )
    if target.size and target.max() >= input.shape[-1]:
        raise DimensionError(f"Target {target.max()} is out of bounds: there are {input.shape[-1]} classes")
    rows = target.reshape(-1, target.shape[-1]) if target.ndim == 2 else target[None]
    listed = np.logical_and.accumulate(rows >= 0, 1)
    right = np.zeros(rows.shape, np.bool)
    right[np.nonzero(listed)[0], rows[listed]] = True
    return np.where(listed, rows, -1), right


def _multilabel_margin(input: Array, target: Array) -> tuple[Any, Array, Array]:
    labels, right = _labels(input, target)
    scores = input if input.ndim == 2 else input[None]
    out = np.zeros(len(scores), input.dtype)
    for label in labels.T:  # one class of each row at a time
        own = np.take_along_axis(scores, np.maximum(label, 0)[:, None], 1)
        lacks = np.where(right | (label < 0)[:, None], 0, np.maximum(1 - own + scores, 0))
        out += lacks.sum(1)
    out /= input.shape[-1]
    return out if input.ndim == 2 else out[0], labels, right


def _multilabel_margin_vjp(g: Array, input: Array, labels: Array, right: Array) -> Any:
    scores = input if input.ndim == 2 else input[None]
    slopes = np.zeros(scores.shape, input.dtype)
    for label in labels.T:
        chosen = np.maximum(label, 0)[:, None]
        own = np.take_along_axis(scores, chosen, 1)
        lacking = ((1 - own + scores > 0) & ~right & (label >= 0)[:, None]).astype(input.dtype)
        slopes += lacking
        before = np.take_along_axis(slopes, chosen, 1)
        np.put_along_axis(slopes, chosen, before - lacking.sum(1, keepdims=True), 1)
    return (slopes * g.reshape(-1, 1) / input.shape[-1]).reshape(input.shape)


MULTILABEL_MARGIN_LOSS = op(
    "multilabel_margin_loss", _multilabel_margin, extras=("labels", "right"), input=_multilabel_margin_vjp
)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return what scores of right classes lack to being 1 above each of the others, averaged over the classes.

    Args:
        input: scores, (batch, classes) or (classes,).
        target: the numbers of the right classes, then a negative one; the same shape.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.

    Returns:
        A scalar, or one value an example if nothing is reduced.

    Raises:
        DimensionError: a target is no class.
        DtypeError: the targets are not integers.
        ShapeError: the shapes do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
    """
    reduction = reduction_of(reduction, size_average, reduce)
    return reduced(apply(MULTILABEL_MARGIN_LOSS, input, target), reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return what the distance to the negative lacks to being `margin` above that to the positive.

    Args:
        anchor: (..., size).
        positive: the same shape.
        negative: the same shape.
        margin: how far apart the distances should be.
        p: the order of the norm.
        eps: added to the differences.
        swap: whether the distance of the negative to the positive counts where it is smaller.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.

    Raises:
        ShapeError: the tensors differ in their number of dimensions.
        ArgumentError: the margin is not positive.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html
    """
    _check_margin("triplet_margin_loss", margin)
    reduction = reduction_of(reduction, size_average, reduce)
    return _triplet(anchor, positive, negative, lambda a, b: pairwise_distance(a, b, p, eps), margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """Return `triplet_margin_loss` with a distance of one's own."""
    _check_margin("triplet_margin_with_distance_loss", margin)
    measure = pairwise_distance if distance_function is None else distance_function
    return _triplet(anchor, positive, negative, measure, margin, swap, reduction_of(reduction))


def _check_margin(name: str, margin: float) -> None:
    check_numbers(name, {"margin": margin})
    if margin <= 0:
        raise ArgumentError(f"margin must be greater than 0, got {margin}")


def _triplet(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    measure: Callable[[Tensor, Tensor], Tensor],
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    near, far = measure(anchor, positive), measure(anchor, negative)
    if swap:
        far = minimum(far, measure(positive, negative))
    return reduced((margin + near - far).clamp(min=0), reduction)
