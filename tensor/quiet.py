"""Running NumPy without its floating-point warnings: PyTorch computes inf and nan silently.

`np.errstate` costs more than a small operation. NumPy keeps that state in a `ContextVar`, so running a kernel in a
context where it was set once costs a few nanoseconds, and changes nothing for the caller.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import Context
from typing import Any

import numpy as np


def _context() -> Context:
    context = Context()
    context.run(np.seterr, all="ignore")
    return context


class _Quiet(threading.local):
    """One context a thread: a context can be entered once at a time."""

    def __init__(self) -> None:
        self.run: Callable[..., Any] = _context().run


quiet = _Quiet()


def run(kernel: Callable[..., Any], *operands: Any, **static: Any) -> Any:
    """Call `kernel` without floating-point warnings."""
    try:
        return quiet.run(kernel, *operands, **static)
    except RuntimeError as error:
        return retry_nested(error, kernel, *operands, **static)


def retry_nested(error: RuntimeError, kernel: Callable[..., Any], /, *operands: Any, **static: Any) -> Any:
    """Call `kernel` again if it never ran: a finaliser interrupted another kernel, whose context is taken."""
    if not str(error).startswith("cannot enter context"):
        raise error
    return _context().run(kernel, *operands, **static)
