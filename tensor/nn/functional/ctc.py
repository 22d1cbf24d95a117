"""Connectionist temporal classification: the likelihood of labels whose places in a sequence are not known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.factories import tensor
from tensor.nn.functional.reduction import reduction_of
from tensor.ops.elementwise import check_floating
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


def _padded(targets: Array, lengths: Array, blank: int, classes: int) -> Array:
    """The labels of each sequence with a blank before, between and after them: (batch, 2 * longest + 1)."""
    longest = int(lengths.max(initial=0))
    rows = np.full((len(lengths), longest), blank)
    there = np.arange(longest) < lengths[:, None]
    if targets.ndim == 2:
        if len(targets) != len(lengths) or targets.shape[1] < longest:
            raise ShapeError(
                f"Expected targets to have size at least {longest} at dimension 1 for each of {len(lengths)} "
                f"sequences, but got size {list(targets.shape)}"
            )
        rows[there] = targets[:, :longest][there]
    else:
        if targets.ndim != 1 or len(targets) != lengths.sum():
            raise ShapeError(
                f"ctc_loss: expected targets (batch, longest), or ({lengths.sum()},) one after the other as the "
                f"target_lengths add up to that; got {list(targets.shape)}"
            )
        rows[there] = targets
    if rows.size and not (rows.min() >= 0 and rows.max() < classes):
        raise DimensionError(f"ctc_loss: labels must be from 0 to {classes - 1}, got {rows.min()} to {rows.max()}")
    labels = np.full((len(lengths), 2 * longest + 1), blank)
    labels[:, 1::2] = rows
    return labels


def _lengths(name: str, lengths: Array, batch: int) -> Array:
    if lengths.dtype.kind not in "iu":
        raise DtypeError(f"ctc_loss: {name} must be integral, got {lengths.dtype}")
    if lengths.shape != (batch,):
        raise ShapeError(f"{name} must be of size batch_size, {batch}, got {list(lengths.shape)}")
    return lengths.astype(np.intp)


def _check(log_probs: Array, targets: Array, blank: int) -> None:
    check_floating("ctc_loss", log_probs)
    if targets.dtype.kind not in "iu":
        raise DtypeError(f"ctc_loss: targets must be integral, got {targets.dtype}")
    if log_probs.ndim != 3:
        raise ShapeError(f"ctc_loss: expected log_probs (time, batch, classes), got {list(log_probs.shape)}")
    if not 0 <= blank < log_probs.shape[2]:
        raise ArgumentError(f"blank must be in label range, 0 to {log_probs.shape[2] - 1}, got {blank}")


def _shifted(paths: Array, by: int) -> Array:
    """The log-likelihoods `by` places earlier (or later, if negative), minus infinity where there are none."""
    out = np.full_like(paths, -np.inf)
    if by > 0:
        out[:, by:] = paths[:, :-by]
    else:
        out[:, :by] = paths[:, -by:]
    return out


def _skips(labels: Array, blank: int) -> Array:
    """Where a path may leave out the blank before a label: between labels that differ."""
    allowed = np.zeros(labels.shape, np.bool)
    allowed[:, 2:] = (labels[:, 2:] != blank) & (labels[:, 2:] != labels[:, :-2])
    return allowed


def _ctc_loss(
    log_probs: Array,
    targets: Array,
    input_lengths: Array,
    target_lengths: Array,
    *,
    blank: int,
    reduction: str,
    zero_infinity: bool,
) -> tuple[Array, Array, Array, Array, Array]:
    """Also return the log-likelihoods of the beginnings of paths, the labels, the losses, and how each counts."""
    _check(log_probs, targets, blank)
    steps, batch, classes = log_probs.shape
    inputs, lengths = (
        _lengths("input_lengths", input_lengths, batch), _lengths("target_lengths", target_lengths, batch)
    )  # fmt: skip
    if batch and not (inputs.min() >= 0 and inputs.max() <= steps):
        raise ArgumentError(f"Expected input_lengths to have value at most {steps}, but got value {inputs.max()}")
    labels = _padded(targets, lengths, blank, classes)
    skips = _skips(labels, blank)
    each = np.arange(batch)
    alpha = np.full((steps, *labels.shape), -np.inf, log_probs.dtype)
    for step in range(steps):
        seen = np.take_along_axis(log_probs[step], labels, 1)
        if step == 0:
            alpha[0, :, :2] = seen[:, :2]
            continue
        before = alpha[step - 1]
        paths = np.logaddexp(before, _shifted(before, 1))
        paths = np.logaddexp(paths, np.where(skips, _shifted(before, 2), -np.inf))
        alpha[step] = paths + seen
    ends = alpha[np.maximum(inputs - 1, 0), each] if steps else np.full(labels.shape, -np.inf, log_probs.dtype)
    last = ends[each, 2 * lengths]
    label = np.where(lengths > 0, ends[each, np.maximum(2 * lengths - 1, 0)], -np.inf)
    losses = -np.where(inputs > 0, np.logaddexp(last, label), np.where(lengths > 0, -np.inf, 0))
    losses = losses.astype(log_probs.dtype)
    counts = np.ones(batch, log_probs.dtype)
    if reduction == "mean":
        counts /= np.maximum(lengths, 1) * batch
    shown = np.where(np.isinf(losses), 0, losses) if zero_infinity else losses
    return shown if reduction == "none" else (shown * counts).sum(), alpha, labels, losses, counts


def _ctc_loss_vjp(
    g: Array,
    log_probs: Array,
    input_lengths: Array,
    target_lengths: Array,
    alpha: Array,
    labels: Array,
    losses: Array,
    counts: Array,
    blank: int,
    zero_infinity: bool,
) -> Array:
    """The likelihood, given the labels, of each label at each time; from what paths there are before and after it."""
    inputs, lengths = input_lengths.astype(np.intp), target_lengths.astype(np.intp)
    each = np.arange(len(labels))
    skips = _skips(labels, blank)
    gradient = np.zeros(log_probs.shape, log_probs.dtype)
    scale = -g * counts
    if zero_infinity:
        scale = np.where(np.isinf(losses), 0, scale)
    ends = np.full(labels.shape, -np.inf, log_probs.dtype)
    ends[each, 2 * lengths] = 0
    ends[each[lengths > 0], 2 * lengths[lengths > 0] - 1] = 0
    beta = np.full(labels.shape, -np.inf, log_probs.dtype)
    for step in range(len(log_probs) - 1, -1, -1):
        if step + 1 < len(log_probs):
            after = beta + np.take_along_axis(log_probs[step + 1], labels, 1)
            beta = np.logaddexp(after, _shifted(after, -1))
            beta = np.logaddexp(beta, _shifted(np.where(skips, after, -np.inf), -2))
        beta = np.where((inputs - 1 == step)[:, None], ends, beta)
        beta[inputs - 1 < step] = -np.inf
        share = np.exp(alpha[step] + beta + losses[:, None]) * scale[:, None]
        share[(inputs - 1 < step) | (scale == 0)] = 0
        for place, label in enumerate(labels.T):
            gradient[step, each, label] += share[:, place]
    return gradient


CTC_LOSS = op("ctc_loss", _ctc_loss, extras=("alpha", "labels", "losses", "counts"), log_probs=_ctc_loss_vjp)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Return the negative log-likelihood of labels, summed over all ways to spread them over a sequence.

    The gradient is that of the loss for any `log_probs`. PyTorch's differs from it by `exp(log_probs)`, which has no
    effect behind `log_softmax`.

    Args:
        log_probs: (time, batch, classes) or (time, classes).
        targets: labels, none of them the blank: (batch, longest), or one sequence after the other, (sum of lengths,).
        input_lengths: how much of the time each sequence takes, (batch,) or ().
        target_lengths: how many labels each has, (batch,) or ().
        blank: the class that stands for no label.
        reduction: `mean` (of what is divided by the target lengths), `sum` or `none`.
        zero_infinity: whether sequences too short for their labels count 0, not infinity.

    Returns:
        A scalar, or (batch,) if nothing is reduced.

    Raises:
        ArgumentError: the blank or a length is out of range.
        DimensionError: a label is no class.
        DtypeError: labels or lengths are not integers.
        ShapeError: the shapes do not fit.

    Source: Graves et al., 2006, https://www.cs.toronto.edu/~graves/icml_2006.pdf;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
    """
    check_numbers("ctc_loss", {"blank": blank})
    reduction = reduction_of(reduction)
    inputs, lengths = _as_lengths(input_lengths), _as_lengths(target_lengths)
    single = log_probs.ndim == 2
    if single:
        log_probs, inputs, lengths = log_probs.unsqueeze(1), inputs.reshape(1), lengths.reshape(1)
    loss: Tensor = apply(
        CTC_LOSS,
        log_probs,
        targets,
        inputs,
        lengths,
        blank=blank,
        reduction=reduction,
        zero_infinity=bool(zero_infinity),
    )
    return loss.squeeze(0) if single and reduction == "none" else loss


def _as_lengths(lengths: Tensor | Sequence[int]) -> Tensor:
    if isinstance(lengths, Tensor):
        return lengths
    made = tensor(lengths)  # marked if one of them is
    return made if made.numel() else made.long()
