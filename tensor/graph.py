"""The recorded graph: one node for each operation that was recorded, and how many were recorded here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakKeyDictionary

import numpy as np

from tensor import modes
from tensor.dtypes import HALF, Array
from tensor.errors import GradientError, InferenceModeError
from tensor.halves import widened
from tensor.handles import Hook, RemovableHandle
from tensor.marks import HOOKED
from tensor.quiet import run
from tensor.registry import Key, Op, Plan
from tensor.storages import Storage

if TYPE_CHECKING:
    from tensor.bases import TensorBase

# A kept operand: its storage, the version that was kept, and its position.
Watch = tuple[Storage, int, int]


SECOND_BACKWARD = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)


HINT = (
    "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
    "autograd.set_detect_anomaly(True)."
)


def _nobody() -> None:
    return None


class Hooks(dict[int, Hook]):
    """The functions to call with one gradient, by their ids, and what else is to happen around it.

    In this order: these functions see the gradient, then `retained_by` keeps it in its `.grad`, then `before` sees it;
    then a node's rules run, or a leaf adds it to its `.grad`; then come `after_accumulating`, of a leaf, and `after`.
    """

    __slots__ = ("after", "after_accumulating", "before", "retained_by")

    retained_by: Callable[[], TensorBase | None]  # a weak reference
    before: dict[int, Hook]
    after: dict[int, Hook]
    after_accumulating: dict[int, Hook]

    def __init__(self) -> None:
        self.retained_by = _nobody
        self.before = {}
        self.after = {}
        self.after_accumulating = {}


# What users attach to nodes; a field of every node would cost time and memory where there is nothing.
_metadata: WeakKeyDictionary[Node, dict[str, Any]] = WeakKeyDictionary()


class Node:
    """A recorded operation, as PyTorch's `grad_fn`.

    It has no `__init__`: whoever makes one sets all fields, which halves what recording costs. `start` does it too.
    """

    __slots__ = (
        "__weakref__",
        "dtype",  # of the (first) result
        "edges",  # where the gradients go: the nodes that computed the operands, or leaves
        "hooks",  # what to do with the result's gradient, or None
        "op",  # what was computed
        "plan",  # the rules to run, one for each edge
        "saved",  # what the rules need; None if nothing, or if it was freed
        "shape",  # of the (first) result
        "watched",  # the storages of what was saved, with their versions
    )

    dtype: np.dtype[Any]
    edges: list[Node | TensorBase]
    hooks: Hooks | None
    op: Op
    plan: Plan
    saved: dict[Key, Any] | None
    shape: tuple[int, ...]
    watched: tuple[Watch, ...]

    # Whether gradients other than `g` and its views are arrays that nobody else holds.
    gives_fresh = True

    def start(self, op: Op, plan: Plan, edges: list[Node | TensorBase], out: Array) -> Self:
        """Set the fields of a node that has saved nothing yet, and return it.

        Args:
            op: What was computed.
            plan: The rules to run, one for each edge.
            edges: Where the gradients go.
            out: The (first) result; its shape and dtype are kept, it itself is not.
        """
        self.op = op
        self.plan = plan
        self.edges = edges
        self.shape = out.shape
        self.dtype = out.dtype
        self.saved = None
        self.watched = ()
        self.hooks = None
        return self

    def name(self) -> str:
        """Return what PyTorch calls this kind of node, such as `MulBackward0`."""
        return self.op.grad_name

    @property
    def next_functions(self) -> tuple[tuple[Node | AccumulateGrad | None, int], ...]:
        """Where the gradients go: for each operand a node, a leaf's `AccumulateGrad`, or `None` if none is wanted."""
        return tuple((None if place is None else following(self.edges[place]), 0) for place in self.places())

    @property
    def metadata(self) -> dict[str, Any]:
        """What was attached to this node; anomaly mode leaves the forward call's stack here, under `"traceback_"`."""
        found = _metadata.get(self)
        return _metadata.setdefault(self, {}) if found is None else found

    def places(self) -> tuple[int | None, ...]:
        """For each operand that can have a gradient, which of the edges is its, `None` if it wants none."""
        op, positions = self.op, self.plan.positions
        if not positions:
            return tuple(range(len(self.edges)))
        count = max(len(op.operands) if op.variadic is None else 0, positions[-1] + 1)
        edge_of = {position: index for index, position in enumerate(positions)}
        able = [
            position
            for position in range(count)
            if op.joint or position >= len(op.operands) or op.operands[position] in op.rules
        ]
        return tuple([edge_of.get(position) for position in able])

    def register_hook(self, fn: Hook) -> RemovableHandle:
        """Call `fn(grad_inputs, grad_outputs)` after this node's rules ran; a tuple returned replaces `grad_inputs`.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_hook.html
        """
        check_mode("register_hook() was called")
        return RemovableHandle(hooks_of(self).after, fn)

    def register_prehook(self, fn: Hook) -> RemovableHandle:
        """Call `fn(grad_outputs)` before this node's rules run; a tuple returned replaces `grad_outputs`.

        Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.register_prehook.html
        """
        check_mode("register_prehook() was called")
        return RemovableHandle(hooks_of(self).before, fn)

    def gradients(self, g: Array) -> tuple[Any, ...]:
        """Return the gradient for each edge, given that of the result.

        Raises:
            GradientError: What the rules need was freed, or written to since.
        """
        plan, saved = self.plan, self.saved
        if self.dtype in HALF:
            g = widened(g)
        if saved is None:
            if plan.keys:
                raise GradientError(SECOND_BACKWARD)
            return tuple([run(rule, g) for rule, _ in plan.rules])
        self._check_versions()
        if self.dtype in HALF:
            saved = {key: widened(value) for key, value in saved.items()}
        results = [run(rule, g, *[saved[key] for key in keys]) for rule, keys in plan.rules]
        return tuple([results[0][index] for index in plan.positions]) if plan.joint else tuple(results)

    def _check_versions(self) -> None:
        for storage, version, index in self.watched:
            if storage.version != version:
                kept = "its result" if index < 0 else f"its operand {self.op.operand_name(index)!r}"
                raise GradientError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"{self.name()} kept {kept}, which is at version {storage.version}; expected version {version} "
                    f"instead. Write to a clone() of it, or after backward(). {HINT}"
                )

    def free(self) -> None:
        """Let go of the kept arrays; running backward through here again then raises."""
        if self.plan.keeps_arrays:
            self.saved = None
            self.watched = ()

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class AccumulateGrad:
    """Where a leaf's gradient ends up, as PyTorch shows it in `next_functions`. Equal to others of the same leaf.

    Args:
        variable: The leaf.
    """

    __slots__ = ("variable",)

    def __init__(self, variable: TensorBase) -> None:
        self.variable = variable

    def name(self) -> str:
        """Return what PyTorch calls this kind of node."""
        return "torch::autograd::AccumulateGrad"

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """Nothing: gradients end here."""
        return ()

    def register_hook(self, fn: Hook) -> RemovableHandle:
        """Call `fn((), grad_outputs)` after the gradient was added to the leaf's."""
        check_mode("register_hook() was called")
        return RemovableHandle(hooks_of(self.variable).after, fn)

    def register_prehook(self, fn: Hook) -> RemovableHandle:
        """Call `fn(grad_outputs)` before the gradient is added to the leaf's; a tuple returned replaces it."""
        check_mode("register_prehook() was called")
        return RemovableHandle(hooks_of(self.variable).before, fn)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccumulateGrad) and self.variable is other.variable

    def __hash__(self) -> int:
        return hash((AccumulateGrad, id(self.variable)))

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self.variable):#x}>"


def check_mode(what: str) -> None:
    """Raise inside inference mode, where there are no gradients.

    Args:
        what: What was done, as in "backward() was called".
    """
    if modes.current() is modes.INFERENCE:
        raise InferenceModeError(
            f"{what} inside inference_mode: nothing is recorded there, so there are no gradients. "
            "Call it after leaving the block; if gradients are needed within, do not enter inference_mode."
        )


def following(edge: Node | TensorBase) -> Node | AccumulateGrad:
    """Return what users see of where a gradient goes."""
    return edge if isinstance(edge, Node) else AccumulateGrad(edge)


def hooks_of(edge: Node | TensorBase) -> Hooks:
    """Return the hooks of a node or of a leaf, to add to them."""
    if isinstance(edge, Node):
        if edge.hooks is None:
            edge.hooks = Hooks()
        return edge.hooks
    if not edge._flags & HOOKED:
        edge._hooks = Hooks()
        edge._flags |= HOOKED
    return edge._hooks


class Counter:
    """How many nodes were recorded in a context."""

    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes = 0


_COUNTER: ContextVar[Counter | None] = ContextVar("tensor_graph_counter", default=None)


def count_node() -> None:
    """Count a node that was recorded here."""
    (_COUNTER.get() or _start_counting()).nodes += 1


def _start_counting() -> Counter:
    counter = Counter()
    _COUNTER.set(counter)
    return counter


@dataclass(frozen=True, slots=True)
class GraphStats:
    """What was recorded in this context so far.

    Args:
        nodes: How many graph nodes were created, whether or not they still exist.
    """

    nodes: int


def graph_stats() -> GraphStats:
    """Return how many graph nodes were created in this context: this thread, or this asyncio task and its parent.

    A task shares the count of the context that started it, if that has asked for it or recorded something;
    `counting_nodes` gives it one of its own.
    """
    # Asking starts the count, so that tasks started from here on share it.
    return GraphStats(nodes=(_COUNTER.get() or _start_counting()).nodes)


@contextmanager
def counting_nodes() -> Iterator[Counter]:
    """Count the graph nodes created in the block, and in tasks started inside it, apart from all others.

    Yields:
        A counter whose `nodes` can be read at any time. At the block's end the enclosing context's count includes it.
    """
    outer, inner = _COUNTER.get(), Counter()
    _COUNTER.set(inner)
    try:
        yield inner
    finally:
        if outer is not None:
            outer.nodes += inner.nodes
        _COUNTER.set(outer or inner)
