"""GPUs, of which there are none: PyTorch's `torch.cuda`, as in a build of PyTorch for CPUs.

Questions are answered, what would do nothing without a GPU does nothing, and what needs one is refused.
Source: https://docs.pytorch.org/docs/stable/cuda.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from tensor.cuda import amp
from tensor.errors import UnsupportedError
from tensor.odds import OutOfMemoryError

__all__ = [
    "OutOfMemoryError",
    "amp",
    "device_count",
    "empty_cache",
    "get_rng_state_all",
    "ipc_collect",
    "is_available",
    "is_bf16_supported",
    "is_current_stream_capturing",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_reserved",
    "memory_allocated",
    "memory_reserved",
    "reset_max_memory_allocated",
    "reset_peak_memory_stats",
    "seed",
    "seed_all",
    "set_rng_state_all",
    "synchronize",
]

_initialized = False

# What PyTorch has here that is for GPUs only.
_NEEDS_A_GPU = frozenset(
    {
        *("CUDAGraph", "Event", "Stream", "StreamContext", "current_stream", "default_stream", "graph", "stream"),
        *("current_device", "device", "device_of", "get_device_capability", "get_device_name", "get_device_properties"),
        *("get_rng_state", "init", "initial_seed", "make_graphed_callables", "mem_get_info", "memory_stats"),
        *("memory_summary", "set_device", "set_per_process_memory_fraction"),
        *("set_rng_state", "set_stream", "utilization"),
    }
)


_TENSORS = frozenset(
    {
        *("BFloat16Tensor", "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor"),
        *("IntTensor", "LongTensor", "ShortTensor"),
    }
)


class _TensorOfAGpu:
    """What no tensor is an instance of, and cannot be made."""

    def __init__(self, *data: Any, **options: Any) -> None:
        raise UnsupportedError(f"cuda.{type(self).__name__}: there is no GPU. Ask tensor.cuda.is_available() first.")


def __getattr__(name: str) -> Callable[..., Any]:
    if name in _TENSORS:
        return type(name, (_TensorOfAGpu,), {"__module__": __name__})
    if name not in _NEEDS_A_GPU:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def refuse(*args: Any, **options: Any) -> NoReturn:
        raise UnsupportedError(f"cuda.{name}: there is no GPU. Ask tensor.cuda.is_available() first.")

    return refuse


def is_available() -> bool:
    """Whether a GPU can be used: no."""
    return False


def is_current_stream_capturing() -> bool:
    """Whether a GPU's work is being recorded: no."""
    return False


def is_initialized() -> bool:
    """Whether a GPU is in use: no."""
    return False


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether a GPU computes in bfloat16: no."""
    return False


def device_count() -> int:
    """Return 0, the number of GPUs that can be used."""
    return 0


def manual_seed(seed: int) -> None:
    """Do nothing: no GPU draws random numbers."""


def manual_seed_all(seed: int) -> None:
    """Do nothing: no GPU draws random numbers."""


def seed() -> None:
    """Do nothing: no GPU draws random numbers."""


def seed_all() -> None:
    """Do nothing: no GPU draws random numbers."""


def get_rng_state_all() -> list[Any]:
    """Return the state of each GPU's random numbers: an empty list."""
    return []


def set_rng_state_all(new_states: Iterable[Any]) -> None:
    """Set the state of each GPU's random numbers.

    Raises:
        UnsupportedError: There is a state, and so there was a GPU.
    """
    for _ in new_states:
        raise UnsupportedError("cuda.set_rng_state_all: got the state of a GPU, and there is none")


def empty_cache() -> None:
    """Do nothing: no memory of a GPU is held."""


def ipc_collect() -> None:
    """Do nothing: no memory of a GPU is shared."""


def synchronize(device: Any = None) -> None:
    """Do nothing: there is nothing to wait for."""


def memory_allocated(device: Any = None) -> int:
    """Return how many bytes of a GPU tensors hold: 0."""
    return 0


def max_memory_allocated(device: Any = None) -> int:
    """Return how many bytes of a GPU tensors held at most: 0."""
    return 0


def memory_reserved(device: Any = None) -> int:
    """Return how many bytes of a GPU are held: 0."""
    return 0


def max_memory_reserved(device: Any = None) -> int:
    """Return how many bytes of a GPU were held at most: 0."""
    return 0


def reset_peak_memory_stats(device: Any = None) -> None:
    """Do nothing: no memory of a GPU is counted."""


reset_max_memory_allocated = reset_peak_memory_stats
