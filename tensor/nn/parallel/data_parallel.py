"""`DataParallel`: a module on several GPUs, of which there are none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensor.nn.modules.module import Module


class DataParallel(Module):
    """A module that is called as it is, as PyTorch's wrapper calls it where there is no GPU.

    The keys of its `state_dict` begin with `module.`, as PyTorch's do.

    Args:
        module: what to call.
        device_ids: ignored, as there is no GPU.
        output_device: ignored too.
        dim: along which PyTorch would split the inputs.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.DataParallel.html
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.dim = dim
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """Call the module."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence[Any] | None = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """Call a module, as PyTorch does where there is no GPU.

    Args:
        module: what to call.
        inputs: a tuple of arguments, or one.
        device_ids: ignored, as there is no GPU.
        output_device: ignored too.
        dim: along which PyTorch would split the inputs.
        module_kwargs: arguments by name.

    Returns:
        What the module returns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.data_parallel.html
    """
    given = inputs if isinstance(inputs, tuple) else () if inputs is None else (inputs,)
    return module(*given, **module_kwargs or {})
