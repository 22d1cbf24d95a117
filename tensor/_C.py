"""PyTorch's compiled core, `torch._C`, as far as model files ask it something: nothing is traced or logged."""  # noqa: N999 - its name

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["_get_tracing_state", "_is_tracing", "_log_api_usage_once"]


def _is_tracing() -> bool:
    """Whether a call is being recorded: no."""
    return False


def _get_tracing_state() -> None:
    """Return what is being recorded: nothing."""
    return None


def _log_api_usage_once(event: str) -> None:
    """Do nothing: what is used is not counted."""


def __getattr__(name: str) -> Callable[..., Any]:
    """Return a switch of PyTorch's compiler of models, by its name: nothing is compiled, so it switches nothing."""
    if not name.startswith(("_jit_set_", "_jit_override_", "_debug_set_")):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return lambda *args, **options: False  # as it was before
