"""Processes: PyTorch's `torch.multiprocessing`, which is Python's `multiprocessing` and some more.

Tensors travel to other processes as copies: `share_memory_()` is refused, and nothing that one process writes shows in
another. `cluster.Pool` and `cluster.TrainingPool` run models in several processes.
Source: https://docs.pytorch.org/docs/stable/multiprocessing.html
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
from collections.abc import Callable
from multiprocessing import *  # noqa: F403 - as PyTorch does
from typing import Any

from tensor.errors import ArgumentError

__all__ = [
    *multiprocessing.__all__,
    "get_all_sharing_strategies",
    "get_sharing_strategy",
    "set_sharing_strategy",
    "spawn",
]

_STRATEGY = "file_system"


def get_all_sharing_strategies() -> set[str]:
    """Return the names of ways in which PyTorch shares memory that may be asked for here, where none is shared."""
    return {"file_descriptor", "file_system"}


def get_sharing_strategy() -> str:
    """Return the name that `set_sharing_strategy` was given."""
    return _STRATEGY


def set_sharing_strategy(new_strategy: str) -> None:
    """Remember a way in which PyTorch would share memory; tensors travel as copies.

    Raises:
        ArgumentError: There is no such way.
    """
    global _STRATEGY
    if new_strategy not in get_all_sharing_strategies():
        raise ArgumentError(
            f"sharing strategy: expected one of {sorted(get_all_sharing_strategies())}, got {new_strategy!r}"
        )
    _STRATEGY = new_strategy


def spawn(
    fn: Callable[..., Any],
    args: tuple[Any, ...] = (),
    nprocs: int = 1,
    join: bool = True,
    daemon: bool = False,
    start_method: str = "spawn",
) -> list[Any] | None:
    """Start processes that call a function with their number and arguments.

    Source: https://docs.pytorch.org/docs/stable/multiprocessing.html#torch.multiprocessing.spawn.spawn

    Args:
        fn: The function, which can be imported.
        args: What follows the number.
        nprocs: How many processes.
        join: Whether to wait for all of them.
        daemon: Whether they end with this one.
        start_method: How they are started, as `multiprocessing.get_context` calls it.

    Returns:
        The processes if they are not waited for.

    Raises:
        RuntimeError: One of them failed.
    """
    context: Any = multiprocessing.get_context(start_method)
    processes = [context.Process(target=fn, args=(rank, *args), daemon=daemon) for rank in range(nprocs)]
    for process in processes:
        process.start()
    if not join:
        return processes
    for process in processes:
        process.join()
    if failed := [rank for rank, process in enumerate(processes) if process.exitcode]:
        raise RuntimeError(
            f"spawn: process {failed[0]} of {nprocs} ended with exit code {processes[failed[0]].exitcode}"
        )
    return None
