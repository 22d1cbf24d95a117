"""Operations as modules, for models that PyTorch could convert to 8-bit numbers: with floats they are what they say.

Source: https://docs.pytorch.org/docs/stable/quantization.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensor.errors import UnsupportedError
from tensor.nn.functional import relu
from tensor.nn.modules.linear import Identity
from tensor.nn.modules.module import Module
from tensor.ops.joining import cat
from tensor.tensors import Tensor

__all__ = ["FloatFunctional"]


class FloatFunctional(Module):
    """Operations that a converted model would watch: `self.skip_add.add(x, y)` is `x + y`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.ao.nn.quantized.FloatFunctional.html
    """

    def __init__(self) -> None:
        super().__init__()
        self.activation_post_process = Identity()

    def forward(self, x: Any) -> Any:
        """Refuse: one of the methods is called.

        Raises:
            UnsupportedError: always.
        """
        raise UnsupportedError("FloatFunctional is not intended to use the 'forward'. Please use a method such as add")

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the sum of two tensors."""
        return self._watched(x + y)

    def add_scalar(self, x: Tensor, y: float) -> Tensor:
        """Return a tensor plus a number."""
        return x + y

    def mul(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the product of two tensors, element by element."""
        return self._watched(x * y)

    def mul_scalar(self, x: Tensor, y: float) -> Tensor:
        """Return a tensor times a number."""
        return x * y

    def cat(self, x: Sequence[Tensor], dim: int = 0) -> Tensor:
        """Return tensors joined along a dimension."""
        return self._watched(cat(x, dim=dim))

    def add_relu(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the sum of two tensors, or 0 where that is negative."""
        return self._watched(relu(x + y))

    def matmul(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the matrix product of two tensors."""
        return self._watched(x @ y)

    def _watched(self, out: Any) -> Tensor:
        watched: Tensor = self.activation_post_process(out)
        return watched
