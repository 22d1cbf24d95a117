"""PyTorch's `torch.utils.checkpoint`: there it keeps less for the backward pass, and computes it again when needed.

Here a function is called once, and what its backward pass needs is kept: the same results and gradients, random numbers
included, for the memory that it takes without a checkpoint.
Source: https://docs.pytorch.org/docs/stable/checkpoint.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

R = TypeVar("R")

__all__ = ["checkpoint", "checkpoint_sequential", "get_device_states", "noop_context_fn", "set_device_states"]


def noop_context_fn() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """Return two blocks that do nothing, for the first and for the second run."""
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable[..., R],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[AbstractContextManager[Any], AbstractContextManager[Any]]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> R:
    """Return what a function returns.

    Args:
        function: Called with `args` and `kwargs`.
        args: Its positional arguments.
        use_reentrant: How PyTorch runs it a second time; accepted, as is what follows but for `context_fn`.
        context_fn: Returns two blocks, of which the first is around the call.
        determinism_check: How to compare both runs.
        debug: Whether to report differences.
        early_stop: Whether the second run ends early.
        preserve_rng_state: Whether the second run draws the same random numbers.
        kwargs: Its keyword arguments.
    """
    with context_fn()[0]:
        return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Iterable[Callable[..., Any]],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
) -> Any:
    """Return what functions make of an input, one after another.

    Args:
        functions: The functions, or a `Sequential`.
        segments: Into how many parts PyTorch would divide them.
        input: What the first one gets.
        use_reentrant: Accepted since PyTorch has it.
        preserve_rng_state: Accepted since PyTorch has it.
    """
    for function in functions:
        input = function(input)
    return input


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """Return the GPUs that arguments live on, and the state of their random numbers: none."""
    return [], []


def set_device_states(devices: Any, states: Any, *, device_type: str | None = None) -> None:
    """Do nothing: there is no GPU whose random numbers would have a state."""
