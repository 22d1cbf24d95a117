"""Settings of the process that PyTorch code makes on its way: remembered, and told to who asks.

Each chooses among ways to the same result in PyTorch, and there is one way here: full precision, the same numbers every
time, on the threads that NumPy's BLAS was started with. So none of them changes a number.
"""

from __future__ import annotations

import os
from typing import Any

from tensor.errors import ArgumentError

_PRECISIONS = ("highest", "high", "medium")
_DEBUG_MODES = {"default": 0, "warn": 1, "error": 2}

_settings: dict[str, Any] = {
    "threads": len(os.sched_getaffinity(0)),
    "interop_threads": 1,
    "matmul_precision": "highest",
    "deterministic": 0,  # as in `_DEBUG_MODES`
    "warn_always": False,
}


def _count(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ArgumentError(f"{name}: expected a positive integer, got {value!r}")
    return int(value)


def get_num_threads() -> int:
    """Return what `set_num_threads` was given, at first the number of cores that this process may use."""
    return int(_settings["threads"])


def set_num_threads(int: int) -> None:
    """Remember a number of threads. NumPy's BLAS keeps those that it was started with.

    Set `OPENBLAS_NUM_THREADS` before the process starts to choose their number.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_num_threads.html

    Args:
        int: The number, as PyTorch calls it.

    Raises:
        ArgumentError: It is not positive.
    """
    _settings["threads"] = _count("set_num_threads", int)


def get_num_interop_threads() -> int:
    """Return what `set_num_interop_threads` was given, at first 1: operations run one after another."""
    return int(_settings["interop_threads"])


def set_num_interop_threads(int: int) -> None:
    """Remember a number of threads for operations beside each other, of which there are none.

    Raises:
        ArgumentError: It is not positive.
    """
    _settings["interop_threads"] = _count("set_num_interop_threads", int)


def get_float32_matmul_precision() -> str:
    """Return what `set_float32_matmul_precision` was given, at first `"highest"`."""
    return str(_settings["matmul_precision"])


def set_float32_matmul_precision(precision: str) -> None:
    """Remember how precise products of float32 matrices may be. They have all of float32's precision always.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_float32_matmul_precision.html

    Args:
        precision: `"highest"`, `"high"` or `"medium"`.

    Raises:
        ArgumentError: It is none of these.
    """
    if precision not in _PRECISIONS:
        raise ArgumentError(f"float32 matmul precision: expected one of {_PRECISIONS}, got {precision!r}")
    _settings["matmul_precision"] = precision


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Remember whether operations must give the same numbers every time. They do.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.use_deterministic_algorithms.html

    Args:
        mode: Whether they must.
        warn_only: Whether one that does not is warned of rather than refused; there is none.
    """
    _settings["deterministic"] = (1 if warn_only else 2) if mode else 0


def are_deterministic_algorithms_enabled() -> bool:
    """Whether `use_deterministic_algorithms` is on."""
    return bool(_settings["deterministic"])


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Whether `use_deterministic_algorithms` is on with `warn_only`."""
    return bool(_settings["deterministic"] == 1)


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """Say by one value what `use_deterministic_algorithms` is told by two.

    Args:
        debug_mode: 0 or `"default"`, 1 or `"warn"`, 2 or `"error"`.

    Raises:
        ArgumentError: It is none of these.
    """
    mode = _DEBUG_MODES.get(debug_mode, debug_mode) if isinstance(debug_mode, str) else debug_mode
    if not isinstance(mode, int) or mode not in _DEBUG_MODES.values():
        raise ArgumentError(f"debug_mode: expected 0, 1 or 2, or one of {sorted(_DEBUG_MODES)}, got {debug_mode!r}")
    _settings["deterministic"] = mode


def get_deterministic_debug_mode() -> int:
    """Return 0, 1 or 2; see `set_deterministic_debug_mode`."""
    return int(_settings["deterministic"])


def set_flush_denormal(mode: bool) -> bool:
    """Leave numbers too small for full precision as they are, and return whether that was wanted.

    Args:
        mode: Whether to make them zero, which is not done: the result then is false, as in PyTorch on a machine that
            cannot.
    """
    return not mode


def set_warn_always(b: bool) -> None:
    """Remember whether PyTorch would repeat warnings. Here Python's `warnings` says how often each is shown."""
    _settings["warn_always"] = bool(b)


def is_warn_always_enabled() -> bool:
    """Whether `set_warn_always` is on."""
    return bool(_settings["warn_always"])
