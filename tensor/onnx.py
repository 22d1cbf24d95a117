"""PyTorch's `torch.onnx`: models are not exported, and answer so when asked.

Source: https://docs.pytorch.org/docs/stable/onnx.html
"""

from __future__ import annotations

from typing import Any, NoReturn

from tensor.errors import UnsupportedError

__all__ = ["export", "is_in_onnx_export"]


def is_in_onnx_export() -> bool:
    """Whether the model that asks is being exported: no."""
    return False


def export(*args: Any, **options: Any) -> NoReturn:
    """Raise: models are not exported.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError("onnx.export: models are not exported. Save the weights with tensor.save, and export there.")
