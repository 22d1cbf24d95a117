"""Activations: functions of each element, and softmax."""

from __future__ import annotations

from tensor.nn import functional as F
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor


class ReLU(Module):
    """`max(input, 0)`.

    Args:
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.relu(input, inplace=self.inplace)

    def extra_repr(self) -> str:
        """Return the layer\'s settings."""
        return "inplace=True" if self.inplace else ""


class Tanh(Module):
    """The hyperbolic tangent.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return input.tanh()


class Sigmoid(Module):
    """`1 / (1 + exp(-input))`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return input.sigmoid()


class GELU(Module):
    """The Gaussian error linear unit: `input` times the normal distribution function.

    Args:
        approximate: `none`, or `tanh` for Hendrycks and Gimpel's approximation.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        """Return the layer\'s settings."""
        return f"approximate={self.approximate!r}"


class Softmax(Module):
    """Exponentials that add up to one along a dimension.

    Args:
        dim: the dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Normalise along the dimension; any shape, kept."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Return the layer\'s settings."""
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of softmax, computed in one.

    Args:
        dim: the dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Normalise along the dimension; any shape, kept."""
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Return the layer\'s settings."""
        return f"dim={self.dim}"
