"""Activations: functions of each element, gates, and softmax.

Source: https://docs.pytorch.org/docs/stable/nn.html#non-linear-activations-weighted-sum-nonlinearity
"""

from __future__ import annotations

import warnings
from typing import Any

from tensor.dtypes import DtypeLike
from tensor.errors import ArgumentError, ShapeError
from tensor.factories import empty
from tensor.nn import functional as F
from tensor.nn import init as initial
from tensor.nn.modules.module import Module
from tensor.nn.modules.multihead_attention import MultiheadAttention as MultiheadAttention  # PyTorch has it here
from tensor.nn.parameter import Parameter
from tensor.tensors import Tensor


class _Activation(Module):
    """What activations share: `repr` shows the settings that `_shown` names, and `inplace` where it is true."""

    _shown: tuple[str, ...] = ()

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        inplace = ["inplace=True"] if getattr(self, "inplace", False) else []
        return ", ".join([*(f"{name}={getattr(self, name)}" for name in self._shown), *inplace])


class _InPlace(_Activation):
    """An activation whose only setting is whether it writes over its input.

    Args:
        inplace: write the result over the input.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace


# --- Rectifiers -------------------------------------------------------------------------------------------------------


class ReLU(_InPlace):
    """`max(input, 0)`.

    Args:
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.relu(input, inplace=self.inplace)


class LeakyReLU(_Activation):
    """Positive elements as they are, others times a slope.

    Args:
        negative_slope: the slope.
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LeakyReLU.html
    """

    _shown = ("negative_slope",)

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class PReLU(_Activation):
    """`leaky_relu` with a slope that is learnt: one for all, or one for each channel.

    Args:
        num_parameters: 1, or the number of channels.
        init: the first slope.
        device: the CPU.
        dtype: of the slopes.

    Source: He et al., 2015, https://arxiv.org/abs/1502.01852;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.PReLU.html
    """

    weight: Parameter

    _shown = ("num_parameters",)

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: DtypeLike | None = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set all slopes to the first one."""
        initial.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        """Map each element.

        Args:
            input: any shape with one slope; (batch, channels, ...) with several.

        Returns:
            The same shape.
        """
        return F.prelu(input, self.weight)


class RReLU(_Activation):
    """Positive elements as they are, others times a slope: drawn at random in training, else the mean of these.

    Args:
        lower: the smallest slope.
        upper: the largest.
        inplace: write the result over the input.

    Source: Xu et al., 2015, https://arxiv.org/abs/1505.00853;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.RReLU.html
    """

    _shown = ("lower", "upper")

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class ELU(_Activation):
    """Positive elements as they are, others as `alpha * (exp(input) - 1)`.

    Args:
        alpha: minus the limit at minus infinity.
        inplace: write the result over the input.

    Source: Clevert et al., 2015, https://arxiv.org/abs/1511.07289;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.ELU.html
    """

    _shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.elu(input, self.alpha, self.inplace)


class CELU(_Activation):
    """Positive elements as they are, others as `alpha * (exp(input / alpha) - 1)`.

    Args:
        alpha: minus the limit at minus infinity, not 0.
        inplace: write the result over the input.

    Source: Barron, 2017, https://arxiv.org/abs/1704.07483;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.CELU.html
    """

    _shown = ("alpha",)

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.celu(input, self.alpha, self.inplace)


class SELU(_InPlace):
    """`ELU` with the constants of self-normalising networks.

    Args:
        inplace: write the result over the input.

    Source: Klambauer et al., 2017, https://arxiv.org/abs/1706.02515;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.selu(input, self.inplace)


# --- Limits and thresholds --------------------------------------------------------------------------------------------


class Threshold(_Activation):
    """Elements above a threshold as they are, others replaced by a value.

    Args:
        threshold: what to be above of.
        value: the replacement.
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Threshold.html
    """

    _shown = ("threshold", "value")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.threshold(input, self.threshold, self.value, self.inplace)


class Hardtanh(_Activation):
    """The elements, with what is beyond two limits replaced by them.

    Args:
        min_val: the lower limit.
        max_val: the upper one.
        inplace: write the result over the input.
        min_value: the old name of `min_val`.
        max_value: the old name of `max_val`.

    Raises:
        ArgumentError: the upper limit is not above the lower one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardtanh.html
    """

    _shown: tuple[str, ...] = ("min_val", "max_val")

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        for old, given in (("min_val", min_value), ("max_val", max_value)):
            if given is not None:
                warnings.warn(f"keyword argument `{old}ue` is deprecated: pass `{old}`", FutureWarning, stacklevel=2)
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value
        self.inplace = inplace
        if self.max_val <= self.min_val:
            raise ArgumentError(f"max_val ({self.max_val}) must be greater than min_val ({self.min_val})")

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


class ReLU6(Hardtanh):
    """`min(max(input, 0), 6)`.

    Args:
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html
    """

    _shown = ()

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)


class Hardsigmoid(_InPlace):
    """`relu6(input + 3) / 6`.

    Args:
        inplace: write the result over the input.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        """Return nothing, as PyTorch does."""
        return ""


class Hardswish(_InPlace):
    """`input * relu6(input + 3) / 6`.

    Args:
        inplace: write the result over the input.

    Source: Howard et al., 2019, https://arxiv.org/abs/1905.02244;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.hardswish(input, self.inplace)

    def extra_repr(self) -> str:
        """Return nothing, as PyTorch does."""
        return ""


class _Shrink(Module):
    """What the two shrinking activations share.

    Args:
        lambd: how far from 0 an element has to be to count.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def extra_repr(self) -> str:
        """Return the layer's setting."""
        return str(self.lambd)


class Hardshrink(_Shrink):
    """The elements, with those from `-lambd` to `lambd` replaced by 0.

    Args:
        lambd: the limit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardshrink.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.hardshrink(input, self.lambd)


class Softshrink(_Shrink):
    """The elements, moved by `lambd` towards 0, and no further.

    Args:
        lambd: how far, not negative.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softshrink.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.softshrink(input, self.lambd)


# --- Smooth -----------------------------------------------------------------------------------------------------------


class Tanh(Module):
    """The hyperbolic tangent.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return input.tanh()


class Tanhshrink(Module):
    """`input - tanh(input)`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.tanhshrink(input)


class Sigmoid(Module):
    """`1 / (1 + exp(-input))`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return input.sigmoid()


class LogSigmoid(Module):
    """The logarithm of `sigmoid`, computed in one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.logsigmoid(input)


class GELU(Module):
    """The Gaussian error linear unit: `input` times the normal distribution function.

    Args:
        approximate: `none`, or `tanh` for Hendrycks and Gimpel's approximation.

    Source: Hendrycks and Gimpel, 2016, https://arxiv.org/abs/1606.08415;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GELU.html
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return f"approximate={self.approximate!r}"


class SiLU(_InPlace):
    """Each element times its sigmoid; also called swish.

    Args:
        inplace: write the result over the input.

    Source: Elfwing et al., 2017, https://arxiv.org/abs/1702.03118;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.silu(input, inplace=self.inplace)


class Mish(_InPlace):
    """`input * tanh(softplus(input))`.

    Args:
        inplace: write the result over the input.

    Source: Misra, 2019, https://arxiv.org/abs/1908.08681;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.mish(input, inplace=self.inplace)


class Softplus(_Activation):
    """`log(1 + exp(beta * input)) / beta`.

    Args:
        beta: how sharp the bend is.
        threshold: where `beta * input` is above it, the input is returned.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softplus.html
    """

    _shown = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.softplus(input, self.beta, self.threshold)


class Softsign(Module):
    """`input / (1 + abs(input))`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map each element; any shape."""
        return F.softsign(input)


# --- Along a dimension ------------------------------------------------------------------------------------------------


class GLU(_Activation):
    """The first half of a dimension times the sigmoid of the second.

    Args:
        dim: the dimension, of even size.

    Source: Dauphin et al., 2016, https://arxiv.org/abs/1612.08083;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.GLU.html
    """

    _shown = ("dim",)

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        """Gate one half by the other; any shape, of which the dimension is halved."""
        return F.glu(input, self.dim)


class _AlongDim(_Activation):
    """What softmax and its kin share.

    Args:
        dim: the dimension; leaving it out is deprecated, as in PyTorch.
    """

    _shown = ("dim",)

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim


class Softmax(_AlongDim):
    """Exponentials that add up to one along a dimension.

    Args:
        dim: the dimension; leaving it out is deprecated, as in PyTorch.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise along the dimension; any shape, kept."""
        return F.softmax(input, self.dim)


class Softmin(_AlongDim):
    """Softmax of the negative input.

    Args:
        dim: the dimension; leaving it out is deprecated, as in PyTorch.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmin.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise along the dimension; any shape, kept."""
        return F.softmin(input, self.dim)


class LogSoftmax(_AlongDim):
    """The logarithm of softmax, computed in one.

    Args:
        dim: the dimension; leaving it out is deprecated, as in PyTorch.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSoftmax.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise along the dimension; any shape, kept."""
        return F.log_softmax(input, self.dim)


class Softmax2d(Module):
    """Softmax over the channels of each place of an image.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Softmax2d.html
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise along the channels.

        Args:
            input: (batch, channels, height, width) or (channels, height, width).

        Returns:
            The same shape.

        Raises:
            ShapeError: the input has another number of dimensions.
        """
        if input.dim() not in (3, 4):
            raise ShapeError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3)
