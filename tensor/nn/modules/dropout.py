"""Dropout: in training, set what is drawn at random to zero; in evaluation, return the input.

Source: https://docs.pytorch.org/docs/stable/nn.html#dropout-layers
"""

from __future__ import annotations

from tensor.errors import ArgumentError
from tensor.nn import functional as F
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class _DropoutNd(Module):
    """What all dropout layers share.

    Args:
        p: the probability of being dropped.
        inplace: write the result over the input.

    Raises:
        ArgumentError: `p` is no probability.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ArgumentError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training, set elements to zero at random and scale the others up.

    Args:
        p: the probability of zero.
        inplace: write the result over the input.

    Raises:
        ArgumentError: `p` is no probability.

    Source: Hinton et al., 2012, https://arxiv.org/abs/1207.0580;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop elements; any shape, kept."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """In training, set whole channels of sequences to zero at random and scale the others up.

    Args:
        p: the probability of zero.
        inplace: write the result over the input.

    Raises:
        ArgumentError: `p` is no probability.

    Source: Tompson et al., 2014, https://arxiv.org/abs/1411.4280;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout1d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop channels.

        Args:
            input: (batch, channels, length) or (channels, length).

        Returns:
            The same shape.
        """
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """In training, set whole channels of images to zero at random and scale the others up.

    Args:
        p: the probability of zero.
        inplace: write the result over the input.

    Raises:
        ArgumentError: `p` is no probability.

    Source: Tompson et al., 2014, https://arxiv.org/abs/1411.4280;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout2d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop channels.

        Args:
            input: (batch, channels, height, width). Of three dimensions the second are channels, with a warning.

        Returns:
            The same shape.
        """
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """In training, set whole channels of volumes to zero at random and scale the others up.

    Args:
        p: the probability of zero.
        inplace: write the result over the input.

    Raises:
        ArgumentError: `p` is no probability.

    Source: Tompson et al., 2014, https://arxiv.org/abs/1411.4280;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout3d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop channels.

        Args:
            input: (batch, channels, depth, height, width) or (channels, depth, height, width).

        Returns:
            The same shape.
        """
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """In training, set elements to the limit of `SELU` at random, and keep mean and variance.

    Args:
        p: the probability of being dropped.
        inplace: accepted, and without effect, as in PyTorch.

    Raises:
        ArgumentError: `p` is no probability.

    Source: Klambauer et al., 2017, https://arxiv.org/abs/1706.02515;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.AlphaDropout.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop elements; any shape, kept."""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    """In training, set whole channels to the limit of `SELU` at random, and keep mean and variance.

    Args:
        p: the probability of being dropped.
        inplace: accepted, and without effect, as in PyTorch.

    Raises:
        ArgumentError: `p` is no probability.

    Source: Klambauer et al., 2017, https://arxiv.org/abs/1706.02515;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.FeatureAlphaDropout.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Drop channels.

        Args:
            input: (batch, channels, ...).

        Returns:
            The same shape.
        """
        return F.feature_alpha_dropout(input, self.p, self.training)
