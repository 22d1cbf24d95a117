"""Losses."""

from __future__ import annotations

from tensor.nn import functional as F
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class MSELoss(Module):
    """The mean of squared differences.

    Args:
        reduction: `mean`, `sum`, or `none` for one value an element.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.MSELoss.html
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = reduction

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: any shape.
            target: the same shape.

        Returns:
            A scalar, or the input's shape if nothing is reduced.
        """
        return F.mse_loss(input, target, reduction=self.reduction)


class _ClassLoss(Module):
    """What the losses of classification share.

    Args:
        weight: of each class, (classes,).
        ignore_index: a target that counts for nothing.
        reduction: `mean` (by weight), `sum`, or `none` for one value an example.
    """

    weight: Tensor | None

    def __init__(self, weight: Tensor | None, ignore_index: int, reduction: str) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index
        self.reduction = reduction


class NLLLoss(_ClassLoss):
    """The negative log-likelihood of the right class.

    Args:
        weight: of each class, (classes,).
        ignore_index: a target that counts for nothing.
        reduction: `mean` (by weight), `sum`, or `none` for one value an example.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.NLLLoss.html
    """

    def __init__(self, weight: Tensor | None = None, *, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(weight, ignore_index, reduction)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """Compare.

        Args:
            input: log-probabilities, (batch, classes, ...) or (classes,).
            target: class numbers, (batch, ...) or ().

        Returns:
            A scalar, or the target's shape if nothing is reduced.
        """
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(_ClassLoss):
    """The cross entropy between logits and classes, or class probabilities.

    Args:
        weight: of each class, (classes,).
        ignore_index: a target that counts for nothing.
        reduction: `mean` (by weight), `sum`, or `none` for one value an example.
        label_smoothing: how much of the target is spread evenly over all classes.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        *,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, ignore_index, reduction)
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
