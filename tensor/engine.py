"""The backward pass: gradients from outputs to leaves, iteratively, so that depth does not matter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tensor import bases, modes
from tensor.bases import TensorBase, wrap
from tensor.dtypes import Array
from tensor.errors import InferenceTensorError, ShapeError
from tensor.graph import Node
from tensor.marks import HOOKED, MARKED
from tensor.messages import WAYS_OUT

Edge = Node | TensorBase


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient down to the shape of an operand that was broadcast.

    Args:
        g: The gradient of the broadcast operand.
        shape: The operand's own shape.

    Raises:
        ShapeError: The operand cannot have been broadcast to the gradient's shape.
    """
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    summed = g.sum(axis=tuple(range(extra))) if extra > 0 else g
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1 and summed.ndim == len(shape))
    summed = summed.sum(axis=axes, keepdims=True) if axes else summed
    if summed.shape != shape:
        raise ShapeError(f"a gradient has shape {list(g.shape)}, which is no broadcast of its operand's {list(shape)}")
    return summed


class _Gradients:
    """Gradients on their way, summed where several arrive; knows which arrays nobody else can see."""

    def __init__(self) -> None:
        self._sums: dict[Edge, Any] = {}
        self._owned: set[Edge] = set()

    def add(self, edge: Edge, g: Any, *, owned: bool) -> None:
        """Add a gradient for `edge`; `owned` if its memory is not used elsewhere."""
        there = self._sums.get(edge)
        if there is None:
            self._sums[edge] = g
            if owned:
                self._owned.add(edge)
        elif edge in self._owned:
            there += g
        else:
            self._sums[edge] = there + g
            if isinstance(g, np.ndarray) and g.ndim:
                self._owned.add(edge)

    def take(self, edge: Edge) -> tuple[Any, bool]:
        """Remove and return the sum for `edge`, and whether it is owned."""
        return self._sums.pop(edge, None), edge in self._owned


def run_backward(
    roots: Sequence[tuple[Edge, Array]], *, retain_graph: bool, inputs: Sequence[Edge] | None = None
) -> dict[Edge, Array]:
    """Send gradients through the graph.

    Args:
        roots: Where to start, and the gradient there.
        retain_graph: Whether to keep what a second pass needs.
        inputs: If given, whose gradients are wanted; what does not lead to them is not computed.

    Returns:
        The gradients of the leaves, or of those of `inputs` that were reached, in memory of their own.
    """
    order = _postorder([edge for edge, _ in roots])
    targets: set[Edge] = {edge for edge in order if isinstance(edge, TensorBase)} if inputs is None else {*inputs}
    useful = _leading_to(targets, order)
    gradients = _Gradients()
    for edge, g in roots:
        gradients.add(edge, g, owned=False)
    results: dict[Edge, Array] = {}
    block = modes.push(modes.NO_GRAD)
    try:
        for edge in reversed(order):
            g, owned = gradients.take(edge)
            if g is None:
                continue
            hooks = edge.hooks if isinstance(edge, Node) else edge._hooks if edge._flags & HOOKED else None
            if hooks is not None:
                if hooks:
                    g, owned = _run_hooks(list(hooks.values()), g), False
                if (keeper := hooks.retained_by()) is not None:
                    accumulate(keeper, np.array(g))
            if edge in targets:
                results[edge] = g if owned else np.array(g)
            if isinstance(edge, Node):
                if edge in useful:
                    _step(edge, g, gradients, useful)
                if not retain_graph:
                    edge.free()
    finally:
        modes.close(block)
    return results


def _postorder(roots: Iterable[Edge]) -> list[Edge]:
    """Return everything that can be reached, each edge after all that its gradient goes to."""
    order: list[Edge] = []
    seen: set[Edge] = set()
    for root in roots:
        stack: list[tuple[Edge, bool]] = [(root, False)]
        while stack:
            edge, expanded = stack.pop()
            if expanded:
                order.append(edge)
            elif edge not in seen:
                seen.add(edge)
                stack.append((edge, True))
                if isinstance(edge, Node):
                    stack.extend((each, False) for each in edge.edges if each not in seen)
    return order


def _leading_to(targets: set[Edge], order: Sequence[Edge]) -> set[Edge]:
    """Return the nodes from which a gradient can reach a target, and the targets."""
    useful = set(targets)
    for edge in order:
        if isinstance(edge, Node) and any(each in useful for each in edge.edges):
            useful.add(edge)
    return useful


def _step(node: Node, g: Any, gradients: _Gradients, useful: set[Edge]) -> None:
    """Run a node's rules, and pass the gradients on."""
    results = node.gradients(g)
    for edge, result in zip(node.edges, results, strict=True):
        if result is None or edge not in useful:
            continue
        if not isinstance(result, np.ndarray | np.generic):
            gradients.add(edge, result, owned=False)  # the gradients of several outputs at once
            continue
        fitted = _fit(np.asarray(result), edge)
        owned = (
            node.gives_fresh
            and fitted is not g
            and fitted.base is None
            and sum(each is result for each in results) == 1
        )
        gradients.add(edge, fitted, owned=owned)


def _fit(g: Array, edge: Edge) -> Array:
    """Undo the broadcasting and the promotion of an operand on its gradient."""
    if isinstance(edge, Node):
        shape, dtype = edge.shape, edge.dtype
    else:
        shape, dtype = edge._data.shape, edge._data.dtype
    if g.shape != shape:
        g = np.asarray(unbroadcast(g, shape))  # a full sum is a scalar, which `+=` would not change
    return g if g.dtype == dtype else g.astype(dtype)


def _run_hooks(hooks: Sequence[Callable[[Any], Any]], g: Array) -> Array:
    """Let each hook see the gradient, and replace it."""
    for hook in hooks:
        replaced = hook(wrap(np.array(g)))  # a copy: the hook may keep it, or write to it
        if replaced is None:
            continue
        check_gradient(replaced, g.shape, "a hook returned a gradient that")
        g = np.asarray(replaced._data).astype(g.dtype, copy=False)
    return g


def check_gradient(gradient: Any, shape: tuple[int, ...], what: str) -> None:
    """Raise unless `gradient` is an unmarked tensor of the given shape.

    Args:
        gradient: What was passed or returned as one.
        shape: The shape of what it is the gradient of.
        what: The subject of the message, as in "a hook returned a gradient that".

    Raises:
        TypeError: It is no tensor.
        InferenceTensorError: It is marked.
        ShapeError: Its shape is another.
    """
    if not isinstance(gradient, TensorBase):
        raise TypeError(f"{what} is no tensor: {gradient!r} of type {type(gradient).__name__}")
    if gradient._flags & MARKED:
        raise InferenceTensorError(
            f"{what} is inference-only ({bases.describe(gradient)}): it would reach training. "
            f"{bases.whence_of(gradient)} {WAYS_OUT}"
        )
    if gradient._data.shape != shape:
        raise ShapeError(f"{what} has shape {list(gradient._data.shape)}; expected {list(shape)}")


_accumulating = threading.RLock()  # reentrant: a finaliser may run a backward pass of its own


def accumulate(leaf: Any, g: Array) -> None:
    """Add a gradient to a leaf's `.grad`; several threads may do so at once."""
    with _accumulating:
        there = leaf._grad
        if there is None:
            leaf._grad = wrap(g)
        elif there._data.flags.writeable:
            there._data += g
            bases.storage_of(there).version += 1
        else:
            leaf._grad = wrap(there._data + g)
