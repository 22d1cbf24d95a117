"""PyTorch's `torch.accelerator`: whatever computes beside the CPU, which is nothing.

Source: https://docs.pytorch.org/docs/stable/accelerator.html
"""

from __future__ import annotations

from typing import Any

__all__ = ["current_accelerator", "device_count", "empty_cache", "is_available", "synchronize"]


def is_available() -> bool:
    """Whether there is an accelerator: no."""
    return False


def current_accelerator(check_available: bool = False) -> None:
    """Return the accelerator, of which there is none: `None`."""
    return None


def device_count() -> int:
    """Return 0, the number of accelerators."""
    return 0


def synchronize(device: Any = None) -> None:
    """Do nothing: there is nothing to wait for."""


def empty_cache() -> None:
    """Do nothing: no memory of an accelerator is held."""
