"""PyTorch's `torch.xpu`: Intel's GPUs, of which none is used."""

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "manual_seed_all", "synchronize"]


def is_available() -> bool:
    """Whether such a GPU can be used: no."""
    return False


def device_count() -> int:
    """Return 0, the number of such GPUs that can be used."""
    return 0


def manual_seed(seed: int) -> None:
    """Do nothing: no GPU draws random numbers."""


def manual_seed_all(seed: int) -> None:
    """Do nothing: no GPU draws random numbers."""


def empty_cache() -> None:
    """Do nothing: no memory of a GPU is held."""


def synchronize() -> None:
    """Do nothing: there is nothing to wait for."""
