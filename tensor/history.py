"""Recording writes: what happens to the history of a tensor, of its base and of its views when one is written to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tensor.bases import Steps, TensorBase, storage_of
from tensor.dtypes import Array
from tensor.graph import Hooks, Node, count_node
from tensor.marks import REQUIRES_GRAD, VIEW
from tensor.registry import Op, Plan


def _in_order(steps: Steps) -> list[tuple[Any, dict[str, Any]]]:
    """The operations that lead from a base to a view, with their arguments, the first one first."""
    found = []
    each: Steps | None = steps
    while each is not None:
        each, step, static = each
        found.append((step, static))
    found.reverse()
    return found


def refresh(operands: Sequence[Any]) -> int:
    """Bring the history of views up to date; return the flags that this added.

    A recorded write changes the history of the base, or of another view, and so that of every view.
    """
    flags = 0
    for operand in operands:
        if isinstance(operand, TensorBase) and operand._flags & VIEW:
            refresh_view(operand)
            flags |= operand._flags
    return flags


def refresh_view(tensor: TensorBase) -> None:
    """Look the history of one view up again, if it is out of date."""
    view = tensor._view
    storage = storage_of(tensor)
    if view.generation == storage.generation:
        return
    view.generation = storage.generation
    base = view.base
    if not (view.recorded and base._flags & REQUIRES_GRAD):
        return
    edge: Node | TensorBase = base._node or base
    array = base._data
    for step, static in _in_order(view.steps):
        source = array
        array = step.kernel(source, **static)
        plan = step.plan(1)
        node = Node().start(step, plan, [edge], array)
        if plan.keys:
            node.saved = {
                key: (source.shape if key[0] == "shape" else key[1]) if isinstance(key, tuple) else static[key]
                for key in plan.keys
            }
        count_node()
        edge = node
    assert isinstance(edge, Node)
    computed_by(tensor, edge)


def rebase(target: TensorBase, node: Node) -> None:
    """Make `node` what computed `target`, after a recorded write into it."""
    storage = storage_of(target)
    storage.generation += 1
    if not target._flags & VIEW:
        computed_by(target, node)
        return
    view = target._view
    base = view.base
    edges: list[Node | TensorBase] = [node]
    if base._node is not None:
        edges.append(base._node)
    computed_by(base, _Slices(edges, base._data, view.steps))
    count_node()
    refresh_view(target)


def computed_by(tensor: TensorBase, node: Node) -> None:
    """Make `node` what computed a tensor. Whose gradient is kept is the tensor, not what computed it before."""
    before = tensor._node
    if before is not None and before.hooks is not None and before.hooks.retained_by() is tensor:
        node.hooks = Hooks()
        node.hooks.retained_by, before.hooks.retained_by = before.hooks.retained_by, lambda: None
    tensor._node = node
    tensor._flags |= REQUIRES_GRAD


_COPY_SLICES = Op("copy_slices", lambda: None, {})  # a name in the graph, nothing that anybody applies
_NO_PLAN = Plan((), (), joint=False, arrays=set())


class _Slices(Node):
    """A write into a part of a tensor: that part's gradient goes to what was written, the rest to what was before."""

    __slots__ = ("_axes", "_steps")

    def __init__(self, edges: list[Node | TensorBase], base: Array, steps: Steps) -> None:
        super().__init__()
        self.start(_COPY_SLICES, _NO_PLAN, edges, base)
        self._steps = steps
        # The steps are views only over memory laid out as the base's is.
        self._axes = tuple(int(axis) for axis in np.argsort([-abs(stride) for stride in base.strides], kind="stable"))

    def gradients(self, g: Array) -> tuple[Any, ...]:
        rest = np.empty([g.shape[axis] for axis in self._axes], g.dtype).transpose(np.argsort(self._axes))
        rest[...] = g
        part = rest
        for step, static in _in_order(self._steps):
            part = step.kernel(part, **static)
        written = part.copy()
        part[...] = 0
        return (written, rest)[: len(self.edges)]
