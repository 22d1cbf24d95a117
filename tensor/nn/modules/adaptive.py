"""A softmax over many classes that spends little on rare ones."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

from tensor.dtypes import DtypeLike
from tensor.errors import ArgumentError, ShapeError
from tensor.nn import functional as F
from tensor.nn.modules.container import ModuleList, Sequential
from tensor.nn.modules.linear import Linear
from tensor.nn.modules.module import Module
from tensor.ops.choosing import where
from tensor.ops.joining import cat
from tensor.tensors import Tensor


class _ASMoutput(NamedTuple):
    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """The log probability of classes, of which frequent ones come first, and the loss of a batch.

    The first classes, and one entry for each cluster of the others, share a layer. A cluster has layers of its own,
    which are the narrower the rarer its classes are, and which compute only for the examples whose target is in it.

    Args:
        in_features: the size of the input.
        n_classes: how many classes there are.
        cutoffs: where each cluster begins, ascending.
        div_value: by how much each cluster's hidden layer is narrower than the one before it.
        head_bias: whether the shared layer has a bias.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: the cutoffs are not ascending numbers from 1 to `n_classes - 1`.

    Source: Grave et al., 2017, https://arxiv.org/abs/1609.04309;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AdaptiveLogSoftmaxWithLoss.html
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        starts = list(cutoffs)
        ascending = all(low < high for low, high in itertools.pairwise(starts))
        if (
            not starts
            or not ascending
            or starts[0] <= 0
            or starts[-1] > n_classes - 1
            or any(c != int(c) for c in starts)
        ):
            raise ArgumentError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                f"value is between 1 and n_classes-1, got {starts} with n_classes={n_classes}"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*starts, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = starts[0]
        self.n_clusters = len(starts)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, device=device, dtype=dtype)
        self.tail = ModuleList()
        for number, (start, stop) in enumerate(itertools.pairwise(self.cutoffs), start=1):
            hidden = int(in_features // div_value**number)
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, bias=False, device=device, dtype=dtype),
                    Linear(hidden, stop - start, bias=False, device=device, dtype=dtype),
                )
            )

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        for layer in self.modules():
            if isinstance(layer, Linear):
                layer.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """Return the log probabilities of the targets, and their mean with its sign changed.

        Args:
            input_: (N, in_features), or (in_features,).
            target_: classes, (N,), or a scalar.

        Returns:
            `output`, of the target's shape, and `loss`, a scalar.

        Raises:
            ShapeError: the shapes do not fit.
            ArgumentError: there is no such class.
        """
        if target_.dim() > 1:
            raise ShapeError("0D or 1D target tensor expected, multi-target not supported")
        if input_.dim() != target_.dim() + 1:
            raise ShapeError(
                f"{target_.dim()}D target tensor expects {target_.dim() + 1}D input tensors, but found inputs with "
                f"size {tuple(input_.shape)}"
            )
        input, target = (input_, target_) if target_.dim() else (input_.unsqueeze(0), target_.unsqueeze(0))
        if len(input) != len(target):
            raise ShapeError("Input and target should have the same size in the batch dimension.")
        if len(target) and not bool(((target >= 0) & (target < self.n_classes)).all()):
            raise ArgumentError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.min().item()}, {target.max().item()}] were found."
            )
        entry, local = target, []
        for number, (start, stop) in enumerate(itertools.pairwise(self.cutoffs)):
            inside = (target >= start) & (target < stop)
            entry = where(inside, self.shortlist_size + number, entry)
            rows = inside.nonzero().squeeze(1)
            if len(rows):
                among = F.log_softmax(self.tail[number](input[rows]), 1)
                local.append((rows, among.gather(1, (target[rows] - start).unsqueeze(1)).squeeze(1)))
        output = F.log_softmax(self.head(input), 1).gather(1, entry.unsqueeze(1)).squeeze(1)
        for rows, each in local:
            output = output.index_add(0, rows, each)
        return _ASMoutput(output if target_.dim() else output.squeeze(0), -output.mean())

    def log_prob(self, input: Tensor) -> Tensor:
        """Return the log probabilities of all classes.

        Args:
            input: (N, in_features).

        Returns:
            (N, n_classes).
        """
        return self._all_of(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """Return the most probable classes, (N,); clusters are computed only where they may hold them.

        Args:
            input: (N, in_features).
        """
        head = self.head(input)
        best: Tensor = head.argmax(1)
        rows = (best >= self.shortlist_size).nonzero().squeeze(1)
        if not len(rows):
            return best
        return best.index_copy(0, rows, self._all_of(input[rows], head[rows]).argmax(1))

    def _all_of(self, input: Tensor, head: Tensor) -> Tensor:
        shared = F.log_softmax(head, 1)
        parts = [shared[:, : self.shortlist_size]]
        for number, layers in enumerate(self.tail):
            at = self.shortlist_size + number
            parts.append(F.log_softmax(layers(input), 1) + shared[:, at : at + 1])
        return cat(parts, 1)
