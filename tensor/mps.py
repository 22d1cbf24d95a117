"""PyTorch's `torch.mps`: GPUs of Apple's machines, of which none is used."""

from tensor.backends.mps import is_available

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "synchronize"]


def device_count() -> int:
    """Return 0, the number of such GPUs that can be used."""
    return 0


def manual_seed(seed: int) -> None:
    """Do nothing: no GPU draws random numbers."""


def empty_cache() -> None:
    """Do nothing: no memory of a GPU is held."""


def synchronize() -> None:
    """Do nothing: there is nothing to wait for."""
