"""Losses.

Source: https://docs.pytorch.org/docs/stable/nn.html#loss-functions
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tensor.dtypes import DtypeLike
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.nn import functional as F
from tensor.nn.functional.reduction import reduction_of
from tensor.nn.modules.distance import PairwiseDistance
from tensor.nn.modules.linear import Linear
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class _Loss(Module):
    """What all losses share.

    Args:
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for the values that these are of.
    """

    reduction: str

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        super().__init__()
        old = size_average is not None or reduce is not None
        # A wrong reduction is refused by the first call, as in PyTorch.
        self.reduction = reduction_of("mean", size_average, reduce) if old else reduction


class _WeightedLoss(_Loss):
    """What losses with a weight for each class, or each element, share: it is a buffer.

    Args:
        weight: the weights, or none.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum` or `none`.
    """

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


# --- Regression -------------------------------------------------------------------------------------------------------


class L1Loss(_Loss):
    """The mean of absolute differences.

    Args:
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.L1Loss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: any shape.
            target: the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """The mean of squared differences.

    Args:
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: any shape.
            target: the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """Squared differences up to `beta`, absolute ones beyond.

    Args:
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an element.
        beta: where one goes over into the other.

    Source: Girshick, 2015, https://arxiv.org/abs/1504.08083;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.SmoothL1Loss.html
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: any shape.
            target: the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """Squared differences up to `delta`, absolute ones times `delta` beyond.

    Args:
        reduction: `mean`, `sum`, or `none` for one value an element.
        delta: where one goes over into the other.

    Raises:
        DtypeError: `delta` is no number.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.HuberLoss.html
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, int | float):
            raise DtypeError(f"delta must be a float or int, got: {type(delta).__name__}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: any shape.
            target: the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


# --- Likelihoods ------------------------------------------------------------------------------------------------------


class PoissonNLLLoss(_Loss):
    """The negative log-likelihood of counts that are Poisson-distributed.

    Args:
        log_input: whether inputs are logarithms of rates; rates otherwise.
        full: add Stirling's approximation of the term that the input does not change.
        size_average: old; see `reduction`.
        eps: added to rates before their logarithm is taken.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.PoissonNLLLoss.html
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            log_input: any shape.
            target: counts, the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """The negative log-likelihood of values that are normally distributed around inputs.

    Args:
        full: add the term that nothing changes.
        eps: the smallest variance that counts.
        reduction: `mean`, `sum`, or `none` for one value an element.

    Source: Nix and Weigend, 1994; https://docs.pytorch.org/docs/stable/generated/torch.nn.GaussianNLLLoss.html
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """Compare.

        Args:
            input: means, any shape.
            target: the same shape.
            var: variances: the same shape, or without the last dimension, or with size 1 there; or one for all.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class KLDivLoss(_Loss):
    """The divergence of a distribution from another that is given by its logarithm.

    Args:
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `batchmean` (the sum by the size of the batch, which is the divergence), `sum` or `none`.
        log_target: whether targets are logarithms too.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: log-probabilities, any shape.
            target: probabilities, the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class BCELoss(_WeightedLoss):
    """The binary cross entropy between probabilities.

    Args:
        weight: of each element, of a shape that broadcasts to the input's.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: probabilities, any shape.
            target: probabilities, the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_WeightedLoss):
    """The binary cross entropy of the sigmoid of logits, computed in one.

    Args:
        weight: of each element, of a shape that broadcasts to the input's.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an element.
        pos_weight: how many times a positive target counts, of a shape that broadcasts to the target's.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: logits, any shape.
            target: probabilities, the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


# --- Classification ---------------------------------------------------------------------------------------------------


class NLLLoss(_WeightedLoss):
    """The negative log-likelihood of the right class.

    Args:
        weight: of each class, (classes,).
        size_average: old; see `reduction`.
        ignore_index: a target that counts for nothing.
        reduce: old; see `reduction`.
        reduction: `mean` (by weight), `sum`, or `none` for one value an example.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: log-probabilities, (batch, classes, ...) or (classes,).
            target: class numbers, (batch, ...) or ().

        Returns:
            A scalar, or the target's shape if nothing is reduced.
        """
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(_WeightedLoss):
    """The cross entropy between logits and classes, or class probabilities.

    Args:
        weight: of each class, (classes,).
        size_average: old; see `reduction`.
        ignore_index: a target that counts for nothing.
        reduce: old; see `reduction`.
        reduction: `mean` (by weight), `sum`, or `none` for one value an example.
        label_smoothing: how much of the target is spread evenly over all classes.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: logits, (batch, classes, ...) or (classes,).
            target: class numbers, (batch, ...) or (); or probabilities of the input's shape.

        Returns:
            A scalar, or one value an example if nothing is reduced.
        """
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class LinearCrossEntropyLoss(_WeightedLoss):
    """The cross entropy between a linear map of the input and classes, or class probabilities.

    Args:
        in_features: size of the input's last dimension.
        num_classes: how many classes.
        out_features: further dimensions of the loss: so many classes are told for each place of them.
        bias: whether the map has a bias.
        device: the CPU.
        dtype: of the map's parameters.
        reduction: `mean` (by weight), `sum`, or `none` for one value an example.
        weight: of each class, (classes,).
        ignore_index: a target that counts for nothing; -100 if none is given.
        label_smoothing: how much of the target is spread evenly over all classes.
        options: how PyTorch splits the work; not supported.

    Raises:
        ShapeError: there are other weights than classes.
        ArgumentError: the smoothing is out of range.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LinearCrossEntropyLoss.html
    """

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: DtypeLike | None = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: None = None,
    ) -> None:
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise ShapeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise ArgumentError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight, reduction=reduction)
        self.num_classes = num_classes
        self.out_features = out_features
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing
        outputs = math.prod(out_features, start=num_classes)
        self.linear = Linear(in_features, outputs, bias=bias, device=device, dtype=dtype)
        self.options = options

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Map, and compare.

        Args:
            input: (batch, in_features) or (in_features,).
            target: class numbers, (batch, *out_features) or (); or probabilities, (batch, classes, *out_features).

        Returns:
            A scalar, or one value an example if nothing is reduced.
        """
        shape = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape(*shape, self.linear.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )


class MultiMarginLoss(_WeightedLoss):
    """What the score of the right class lacks to being `margin` above each of the others, averaged over the classes.

    Args:
        p: 1 or 2, the power of what is lacking.
        margin: how far above.
        weight: of each class, (classes,).
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an example.

    Raises:
        ArgumentError: `p` is neither 1 nor 2.
        ShapeError: the weights are no vector.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiMarginLoss.html
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ArgumentError(f"only p == 1 and p == 2 supported, got {p}")
        if weight is not None and weight.dim() != 1:
            raise ShapeError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: scores, (batch, classes) or (classes,).
            target: class numbers, (batch,) or ().

        Returns:
            A scalar, or one value an example if nothing is reduced.
        """
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(_Loss):
    """What scores of right classes lack to being 1 above each of the others, averaged over the classes.

    Args:
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an example.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelMarginLoss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: scores, (batch, classes) or (classes,).
            target: the numbers of the right classes, then a negative one; the same shape.

        Returns:
            A scalar, or one value an example if nothing is reduced.
        """
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """The binary cross entropy of logits, averaged over the classes.

    Args:
        weight: of each class, (classes,).
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an example.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiLabelSoftMarginLoss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: logits, (batch, classes) or (classes,).
            target: 0 or 1 for each class, the same shape.

        Returns:
            A scalar, or one value an example if nothing is reduced.
        """
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """`log(1 + exp(-target * input))`.

    Args:
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.SoftMarginLoss.html
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: any shape.
            target: 1 or -1, the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class CTCLoss(_Loss):
    """The negative log-likelihood of sequences of labels, however they lie along the time.

    Args:
        blank: the number of the class that stands for no label.
        reduction: `mean` (each loss by its target's length first), `sum`, or `none` for one value an example.
        zero_infinity: whether losses that are infinite, as the time is too short, count as zero.

    Source: Graves et al., 2006; https://docs.pytorch.org/docs/stable/generated/torch.nn.CTCLoss.html
    """

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(
        self,
        log_probs: Tensor,
        targets: Tensor,
        input_lengths: Tensor | tuple[int, ...],
        target_lengths: Tensor | tuple[int, ...],
    ) -> Tensor:
        """Compare.

        Args:
            log_probs: log-probabilities, (time, batch, classes) or (time, classes).
            targets: class numbers, (batch, length), or all one after the other.
            input_lengths: how much of the time counts, (batch,) or ().
            target_lengths: how long each target is, (batch,) or ().

        Returns:
            A scalar, or one value an example if nothing is reduced.
        """
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )


# --- Embeddings and ranks ---------------------------------------------------------------------------------------------


class HingeEmbeddingLoss(_Loss):
    """Distances where things are alike, what they lack to `margin` where not.

    Args:
        margin: how far apart things should be that are not alike.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.HingeEmbeddingLoss.html
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: distances, any shape.
            target: 1 for alike, or -1; the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class _MarginLoss(_Loss):
    """What losses with a margin of 0 share."""

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class CosineEmbeddingLoss(_MarginLoss):
    """One minus the cosine where vectors should be alike, what it has above `margin` where not.

    Args:
        margin: the largest cosine of vectors that are not alike.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an example.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CosineEmbeddingLoss.html
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input1: (batch, size) or (size,).
            input2: the same shape.
            target: 1 for alike, or -1; (batch,) or ().

        Returns:
            A scalar, or one value an example if nothing is reduced.
        """
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_MarginLoss):
    """What one score lacks to being `margin` above another.

    Args:
        margin: how far above.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MarginRankingLoss.html
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input1: scores, any shape.
            input2: scores, the same shape.
            target: 1 where the first should be above, -1 where the second; the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """What the distance to the negative lacks to being `margin` above that to the positive.

    Args:
        margin: how far apart the distances should be.
        p: the order of the norm.
        eps: added to the differences.
        swap: whether the distance of the negative to the positive counts where it is smaller.
        size_average: old; see `reduction`.
        reduce: old; see `reduction`.
        reduction: `mean`, `sum`, or `none` for one value an example.

    Raises:
        ArgumentError: the margin is not positive.

    Source: Balntas et al., 2016; https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginLoss.html
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        _check_margin(self, margin)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Compare.

        Args:
            anchor: (batch, size) or (size,).
            positive: the same shape.
            negative: the same shape.

        Returns:
            A scalar, or one value an example if nothing is reduced.
        """
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    """`TripletMarginLoss` with a distance of one's own.

    Args:
        distance_function: takes two tensors, returns a distance for each example; `PairwiseDistance()` if none is
            given. A module becomes part of this one.
        margin: how far apart the distances should be.
        swap: whether the distance of the negative to the positive counts where it is smaller.
        reduction: `mean`, `sum`, or `none` for one value an example.

    Raises:
        ArgumentError: the margin is not positive.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TripletMarginWithDistanceLoss.html
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        _check_margin(self, margin)
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Compare.

        Args:
            anchor: whatever the distance takes, as (batch, ...).
            positive: the same shape.
            negative: the same shape.

        Returns:
            A scalar, or one value an example if nothing is reduced.
        """
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


def _check_margin(loss: _Loss, margin: float) -> None:
    if margin <= 0:
        raise ArgumentError(f"{type(loss).__name__}: expected margin to be greater than 0, got {margin} instead")
