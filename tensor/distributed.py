"""PyTorch's `torch.distributed`: processes that train together. Code that asks is told that it runs alone.

For training on several cores or machines there is `cluster.TrainingPool`.
Source: https://docs.pytorch.org/docs/stable/distributed.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from tensor.errors import UnsupportedError

__all__ = [
    "ProcessGroup",
    "ReduceOp",
    "Work",
    "is_available",
    "is_gloo_available",
    "is_initialized",
    "is_mpi_available",
    "is_nccl_available",
    "is_torchelastic_launched",
]


class ReduceOp:
    """Ways to combine tensors of several processes, by name; nothing here is combined."""

    SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR, BXOR = "SUM", "AVG", "PRODUCT", "MIN", "MAX", "BAND", "BOR", "BXOR"


class ProcessGroup:
    """Processes that train together; nothing here is one."""


class Work:
    """A message under way between processes; nothing here is one."""


class group:  # noqa: N801 - PyTorch's name
    """Names of groups: all processes."""

    WORLD = None


_NEEDS_A_GROUP = frozenset(
    {
        *("all_gather", "all_gather_into_tensor", "all_gather_object", "all_reduce", "all_to_all", "barrier"),
        *("broadcast", "broadcast_object_list", "destroy_process_group", "gather", "get_backend", "get_rank"),
        *("get_world_size", "init_process_group", "irecv", "isend", "monitored_barrier", "new_group", "recv", "reduce"),
        *("reduce_scatter", "scatter", "send"),
    }
)


def __getattr__(name: str) -> Callable[..., NoReturn]:
    if name not in _NEEDS_A_GROUP:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def refuse(*args: Any, **options: Any) -> NoReturn:
        raise UnsupportedError(
            f"distributed.{name}: there is no process group. Ask tensor.distributed.is_initialized() first; "
            "cluster.TrainingPool trains on several cores or machines."
        )

    return refuse


def is_available() -> bool:
    """Whether processes can form a group: no."""
    return False


def is_initialized() -> bool:
    """Whether this process is in a group: no."""
    return False


def is_nccl_available() -> bool:
    """Whether processes can talk through NCCL: no."""
    return False


def is_gloo_available() -> bool:
    """Whether processes can talk through Gloo: no."""
    return False


def is_mpi_available() -> bool:
    """Whether processes can talk through MPI: no."""
    return False


def is_torchelastic_launched() -> bool:
    """Whether PyTorch's launcher started this process: no."""
    return False
