"""Linear maps."""

from __future__ import annotations

import math
from typing import Any

from tensor.dtypes import DtypeLike
from tensor.errors import ArgumentError
from tensor.factories import empty
from tensor.nn import functional as F
from tensor.nn import init
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.tensors import Tensor


class Identity(Module):
    """Return the input; takes, and ignores, any arguments.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        """Return `input`, of any shape."""
        return input


class Linear(Module):
    """`input @ weight.T + bias`.

    Args:
        in_features: size of the input's last dimension.
        out_features: size of the output's.
        bias: whether there is a bias.
        device: the CPU.
        dtype: of the parameters.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values: uniform, within one over the root of `in_features`."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        """Map the last dimension.

        Args:
            input: (..., in_features).

        Returns:
            (..., out_features).
        """
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the layer\'s settings."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """`input1 @ weight[k] @ input2 + bias[k]` for each k.

    Args:
        in1_features: size of the first input's last dimension.
        in2_features: size of the second's.
        out_features: size of the output's.
        bias: whether there is a bias.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: `in1_features` is not positive.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        if in1_features <= 0:
            raise ArgumentError(f"in1_features must be > 0, but got (in1_features={in1_features})")
        self.weight = Parameter(empty(out_features, in1_features, in2_features, device=device, dtype=dtype))
        self.register_parameter("bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values: uniform, within one over the root of `in1_features`."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        """Map both last dimensions.

        Args:
            input1: (..., in1_features).
            input2: (..., in2_features).

        Returns:
            (..., out_features).
        """
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class NonDynamicallyQuantizableLinear(Linear):
    """A `Linear` under another name, which PyTorch gives to the last projection of `MultiheadAttention`."""
