"""The mode that tensors are computed in, and the stack of blocks that set it.

There are three modes. GRAD records a graph, NO_GRAD does not, and INFERENCE also marks what it makes as
inference-only. The mode is the top of a linked stack of entries, held in one `ContextVar`, so each thread and each
asyncio task has its own. An entry belongs to a block (one `with`, one call of a decorated function).

A block ends by being *closed*, not by restoring a saved value: a saved value, or `ContextVar.reset`, goes wrong when
blocks do not nest, and when a generator is finalised in another context than the one that opened its block. Closed
entries are popped in the context that opened their block, on exit or at the next look. Whichever other context sees a
closed entry has inherited a copy of the stack: a task, a callback of the event loop or a thread that was started inside
the block. It keeps the mode for good.

Contexts have no identity that Python code can read, and a value kept in one is copied with it. But a token of
`ContextVar.set` is accepted only in the very context that made it, so each block keeps one and asks with it.

What remains: a block that is opened by one context and left by another, as a decorated generator does that is stepped
in several tasks, does not end for the one that leaves it. In doubt the mode stays, since falling back to GRAD is what
inference mode must never do.
"""

from __future__ import annotations

from contextvars import ContextVar
from enum import Enum

from tensor.marks import MARKED, REQUIRES_GRAD

# What an operation on marked operands and on operands that require gradients would have to be, and must not.
REFUSED = MARKED | REQUIRES_GRAD


class Mode(Enum):
    """What happens to the graph, and to the mark, when an operation runs.

    Args:
        text: the mode's name.
        fates: what the result is (nothing special, `MARKED`, `REQUIRES_GRAD`, or `REFUSED`) for each union of these
            two flags over the operands: neither, marked, requiring a gradient, both.
    """

    GRAD = "grad", (0, MARKED, REQUIRES_GRAD, REFUSED)
    NO_GRAD = "no_grad", (0, MARKED, 0, MARKED)
    INFERENCE = "inference", (MARKED, MARKED, MARKED, MARKED)

    def __init__(self, text: str, fates: tuple[int, int, int, int]) -> None:
        self.text = text
        self.fates = fates


GRAD, NO_GRAD, INFERENCE = Mode


_HERE: ContextVar[None] = ContextVar("tensor_here")


class Block:
    """One `with` statement, or one call of a decorated function."""

    __slots__ = ("_token", "closed")

    def __init__(self) -> None:
        self._token = _HERE.set(None)
        self.closed = False

    def is_mine(self) -> bool | None:
        """Whether this context opened the block; None while somebody else is asking, be it a finaliser's caller."""
        renewed = _HERE.set(None)  # a token is good for one question
        try:
            _HERE.reset(self._token)
        except ValueError:
            return False  # made in another context
        except RuntimeError:
            return None  # used already, and not renewed yet
        self._token = renewed
        return True


class Entry:
    """One level of the stack. Never changed once made: other contexts may hold it too."""

    __slots__ = ("block", "mode", "parent")

    def __init__(self, mode: Mode, block: Block, parent: Entry | None) -> None:
        self.mode = mode
        self.block = block
        self.parent = parent


_FOR_GOOD = Block()  # never closed
_ROOT = Entry(GRAD, _FOR_GOOD, None)
TOP: ContextVar[Entry] = ContextVar("tensor_mode", default=_ROOT)


def top() -> Entry:
    """Return the entry in force, after popping closed entries whose blocks this context opened."""
    entry = live = TOP.get()
    while live.block.closed and live.parent is not None:
        mine = live.block.is_mine()
        if mine:
            live = live.parent
            continue
        if mine is False:
            live = Entry(live.mode, _FOR_GOOD, None)  # inherited; so nobody need ask again
        break
    if live is not entry:
        TOP.set(live)
    return live


def current() -> Mode:
    """Return the mode in force in this thread and task."""
    entry = TOP.get()
    return top().mode if entry.block.closed else entry.mode


def push(mode: Mode) -> Block:
    """Open a block in which `mode` is in force."""
    block = Block()
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
