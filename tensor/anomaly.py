"""Anomaly mode: remembering where each operation was recorded, to name that line when its gradient goes wrong.

It costs nothing while it is off. `Node` has no `__init__`, which is what makes recording cheap; turning the mode on
gives it one, that notes the stack, and turning it off takes it away again.

Source: https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection
"""

from __future__ import annotations

import os
import sys
import threading
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from tensor.errors import GradientError
from tensor.graph import Node

_HERE = str(Path(__file__).parent) + os.sep
_KEY = "traceback_"

_switching = threading.Lock()
enabled = False  # for the whole process: backward may run in another thread than forward
check_nan = True


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on."""
    return enabled


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode, where it is on, looks for nan among the gradients."""
    return check_nan


def switch(on: bool, nan: bool) -> None:
    """Turn the mode on or off.

    Args:
        on: Whether operations recorded from now on note where they are called.
        nan: Whether `backward` raises where a gradient is nan.
    """
    global enabled, check_nan
    with _switching:
        if on and not enabled:
            Node.__init__ = _note_stack  # type: ignore[method-assign, assignment]
        elif enabled and not on:
            del Node.__init__
        enabled, check_nan = on, nan


def _note_stack(node: Node, *args: Any) -> None:
    """Keep the stack of whoever calls into this package, without the lines' text, which is looked up when needed."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
    stack = traceback.StackSummary.extract(traceback.walk_stack(frame), lookup_lines=False)
    stack.reverse()
    node.metadata[_KEY] = stack


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_HERE)


def where(node: Node) -> str:
    """Return where the operation was called, for messages: its line, and the whole stack below it."""
    stack = node.metadata.get(_KEY)
    if not stack:
        return (
            f"{node.name()} was recorded before anomaly mode was turned on: run forward inside detect_anomaly() to see "
            "where."
        )
    last = stack[-1]
    return (
        f"{node.name()} was recorded at {last.filename}:{last.lineno}, in {last.name}: {last.line}\n"
        f"Traceback of the forward call (most recent call last):\n{''.join(stack.format())}"
    ).rstrip()


def gradients(node: Node, g: Any) -> tuple[Any, ...]:
    """Run a node's rules; say where it was recorded if they raise, or if what they return is nan.

    Raises:
        GradientError: A gradient is nan, and looking for that is on.
    """
    try:
        results = node.gradients(g)
    except Exception as error:
        error.add_note(where(node))
        raise
    if check_nan:
        for index, result in enumerate(results):
            if isinstance(result, np.ndarray | np.generic) and np.isnan(result).any():
                place = node.places().index(index)
                raise GradientError(
                    f"Function '{node.name()}' returned nan values in its {place}th output. {where(node)}"
                )
    return results
