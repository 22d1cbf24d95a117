"""The mode that tensors are computed in, and the stack of blocks that set it.

There are three modes. GRAD records a graph, NO_GRAD does not, and INFERENCE also marks what it makes as
inference-only. The mode is the top of a linked stack of entries, held in one `ContextVar`, so each thread and each
asyncio task has its own. An entry belongs to a block (one `with`, one call of a decorated function).

A block ends by being *closed*, not by restoring a saved value: a saved value, or `ContextVar.reset`, goes wrong when
blocks do not nest, and when a generator is finalised in another context than the one that opened its block. Closed
entries are popped by their owner, on exit or at the next look. Who is not the owner but sees a closed entry has
inherited a copy of the stack: a task that was started inside the block, which keeps the mode after the block ends.
"""

from __future__ import annotations

import sys
import threading
import weakref
from contextvars import ContextVar
from enum import Enum
from typing import Any

# A thread, and the asyncio task running in it if there is one.
Owner = tuple[int, "weakref.ref[Any] | None"]


class Mode(Enum):
    """What happens to the graph, and to the mark, when an operation runs."""

    GRAD = "grad"
    NO_GRAD = "no_grad"
    INFERENCE = "inference"


GRAD, NO_GRAD, INFERENCE = Mode


class Block:
    """One `with` statement, or one call of a decorated function."""

    __slots__ = ("closed", "owner")

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.closed = False


class Entry:
    """One level of the stack. Never changed once made: other contexts may hold it too."""

    __slots__ = ("block", "mode", "parent")

    def __init__(self, mode: Mode, block: Block, parent: Entry | None) -> None:
        self.mode = mode
        self.block = block
        self.parent = parent


_ROOT = Entry(GRAD, Block((0, None)), None)  # its block is never closed
TOP: ContextVar[Entry] = ContextVar("tensor_mode", default=_ROOT)


def me() -> Owner:
    """Return who runs now. Does not import asyncio: where nobody did, there is no task."""
    asyncio = sys.modules.get("asyncio")
    running = getattr(asyncio, "_get_running_loop", None)
    if asyncio is None or running is None or running() is None:
        return threading.get_ident(), None
    task = asyncio.current_task()
    return threading.get_ident(), None if task is None else weakref.ref(task)


def top() -> Entry:
    """Return the entry in force, after popping closed entries that are mine."""
    entry = TOP.get()
    if not entry.block.closed:
        return entry
    owner, live = me(), entry
    while live.block.closed and live.block.owner == owner and live.parent is not None:
        live = live.parent
    if live is not entry:
        TOP.set(live)
    return live


def current() -> Mode:
    """Return the mode in force in this thread and task."""
    entry = TOP.get()
    return top().mode if entry.block.closed else entry.mode


def push(mode: Mode) -> Block:
    """Open a block in which `mode` is in force."""
    block = Block(me())
    TOP.set(Entry(mode, block, top()))
    return block


def close(block: Block) -> None:
    """End a block. Never raises, whatever the order of exits and whichever context this is."""
    block.closed = True
    top()


def revise(mode: Mode) -> Entry:
    """Change the mode of the innermost block, until that block ends; return the entry that says so."""
    before = top()
    entry = Entry(mode, before.block, before.parent)
    TOP.set(entry)
    return entry


def is_grad_enabled() -> bool:
    """Whether operations are recorded for `backward` here."""
    return current() is GRAD


def is_inference_mode_enabled() -> bool:
    """Whether tensors made here are inference-only."""
    return current() is INFERENCE
