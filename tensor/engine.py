"""The backward pass: gradients from outputs to leaves, iteratively, so that depth does not matter."""

from __future__ import annotations

import operator
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from tensor import anomaly, bases, dtypes, modes
from tensor.bases import TensorBase, wrap
from tensor.dtypes import Array
from tensor.errors import DtypeError, GradientError, InferenceTensorError, ShapeError
from tensor.graph import Hooks, Node
from tensor.marks import HOOKED, MARKED, REQUIRES_GRAD
from tensor.messages import WAYS_OUT
from tensor.quiet import run

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
    summed = run(g.sum, axis=tuple(range(extra))) if extra > 0 else g
    axes = tuple(axis for axis, size in enumerate(shape) if size == 1 and summed.ndim == len(shape))
    summed = run(summed.sum, axis=axes, keepdims=True) if axes else summed
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
            run(operator.iadd, there, g)
        else:
            self._sums[edge] = run(operator.add, there, g)
            if isinstance(g, np.ndarray) and g.ndim:
                self._owned.add(edge)

    def take(self, edge: Edge) -> tuple[Any, bool]:
        """Remove and return the sum for `edge`, and whether it is owned."""
        return self._sums.pop(edge, None), edge in self._owned


# Takes the gradient of a target, and whether its memory is used nowhere else.
Receiver = Callable[[Edge, Array, bool], None]


def run_backward(
    roots: Sequence[tuple[Edge, Array]],
    *,
    retain_graph: bool,
    receive: Receiver,
    inputs: Sequence[Edge] | None = None,
) -> None:
    """Send gradients through the graph.

    Args:
        roots: Where to start, and the gradient there.
        retain_graph: Whether to keep what a second pass needs.
        receive: Called with each gradient that is wanted, as soon as it is complete: those of the leaves, or those of
            `inputs` that were reached.
        inputs: If given, whose gradients are wanted; what does not lead to them is not computed.
    """
    order = _postorder([edge for edge, _ in roots])
    targets: set[Edge] = {edge for edge in order if _is_wanted(edge)} if inputs is None else {*inputs}
    leading = _leading_to(targets, order)
    wanted = targets | leading
    checking = anomaly.enabled
    gradients = _Gradients()
    for edge, g in roots:
        gradients.add(edge, g, owned=False)
    block = modes.push(modes.NO_GRAD)
    try:
        for edge in reversed(order):
            g, owned = gradients.take(edge)
            if g is None:
                continue
            hooks = edge.hooks if isinstance(edge, Node) else edge._hooks if edge._flags & HOOKED else None
            if hooks is not None:
                g, owned = _before(hooks, g, owned)
            if edge in targets:
                receive(edge, g, owned and not isinstance(edge, Node))  # a node's rules will look at it again
            if edge in leading and isinstance(edge, Node):
                _step(edge, g, gradients, wanted, checking=checking)
                if not retain_graph:
                    edge.free()
    finally:
        modes.close(block)


def _is_wanted(edge: Edge) -> bool:
    """Whether an edge is a leaf whose gradient is asked for: it may have been frozen since."""
    return isinstance(edge, TensorBase) and bool(edge._flags & REQUIRES_GRAD)


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
    """Return the nodes through which a gradient reaches a target."""
    leading: set[Edge] = set()
    for edge in order:
        if isinstance(edge, Node) and any(each in leading or each in targets for each in edge.edges):
            leading.add(edge)
    return leading


def _step(node: Node, g: Any, gradients: _Gradients, wanted: set[Edge], *, checking: bool) -> None:
    """Run a node's rules, and pass the gradients on."""
    hooks = node.hooks
    if hooks is not None and hooks.before:
        g = run_prehooks(hooks.before, g)
    results = anomaly.gradients(node, g) if checking else node.gradients(g)
    fresh = node.gives_fresh
    if hooks is not None and hooks.after:
        results, fresh = _run_posthooks(node, hooks.after, results, g), False
    copies = Counter(map(id, results))
    for edge, result in zip(node.edges, results, strict=True):
        if result is None or edge not in wanted:
            continue
        if not isinstance(result, np.ndarray | np.generic):
            gradients.add(edge, result, owned=False)  # the gradients of several outputs at once
            continue
        fitted = _fit(np.asarray(result), edge)
        owned = fresh and fitted is not g and fitted.base is None and copies[id(result)] == 1
        gradients.add(edge, fitted, owned=owned)


def _fit(g: Array, edge: Edge) -> Array:
    """Undo the broadcasting and the promotion of an operand on its gradient."""
    if isinstance(edge, Node):
        shape, dtype = edge.shape, edge.dtype
    else:
        shape, dtype = edge._data.shape, edge._data.dtype
    if g.shape != shape:
        g = np.asarray(unbroadcast(g, shape))  # a full sum is a scalar, which `+=` would not change
    return g if g.dtype == dtype else run(g.astype, dtype)


def _before(hooks: Hooks, g: Any, owned: bool) -> tuple[Any, bool]:
    """Let the hooks of a tensor see its gradient, and keep it where `retain_grad` asked for it."""
    if hooks:
        for hook in list(hooks.values()):
            g = _replaced(hook, hook(_shown(g)), g)
        owned = False
    if (keeper := hooks.retained_by()) is not None:
        accumulate(keeper, np.array(g))
    return g, owned


def _shown(g: Any) -> Any:
    """What a hook sees of a gradient: a copy, which it may keep or write to."""
    return None if g is None else wrap(np.array(g))


def _replaced(hook: Callable[..., Any], returned: Any, g: Any) -> Any:
    """The gradient after a hook: what it returned, if anything."""
    if returned is None:
        return g
    name = getattr(hook, "__name__", type(hook).__name__)
    if not isinstance(returned, TensorBase):
        raise DtypeError(f"expected Variable, but hook {name!r} returned {type(returned).__name__!r}: return a Tensor")
    if g is None:
        return None
    array = np.asarray(returned._data)
    check_gradient(returned, array.shape, f"hook {name!r} returned a gradient that")
    if array.shape != g.shape:
        raise ShapeError(
            f"hook {name!r} has changed the size of value: the gradient has shape {list(g.shape)}, and it returned one "
            f"of {list(array.shape)}"
        )
    if array.dtype != g.dtype:
        raise DtypeError(
            f"hook {name!r} has changed the type of value (was {dtypes.of(g.dtype)} got {dtypes.of(array.dtype)})"
        )
    return array


def _all_replaced(hook: Callable[..., Any], returned: Any, gradients: Sequence[Any]) -> tuple[Any, ...]:
    """Several gradients after a hook: those in the tuple that it returned, if any."""
    if returned is None:
        return tuple(gradients)
    name = getattr(hook, "__name__", type(hook).__name__)
    if isinstance(returned, TensorBase):
        returned = (returned,)
    if not isinstance(returned, tuple | list):
        raise DtypeError(f"expected tuple, but hook {name!r} returned {type(returned).__name__!r}")
    if len(returned) != len(gradients):
        raise GradientError(
            f"hook {name!r} has returned an incorrect number of values (got {len(returned)}, but expected "
            f"{len(gradients)})"
        )
    return tuple([_replaced(hook, new, old) for new, old in zip(returned, gradients, strict=True)])


def _parts(g: Any) -> tuple[Any, ...]:
    """The gradients of all of a node's outputs."""
    return (g,) if isinstance(g, np.ndarray | np.generic) else g.gradients


def run_prehooks(hooks: dict[int, Callable[..., Any]], g: Any) -> Any:
    """Let the hooks before a node see the gradients of its outputs, and replace them."""
    for hook in list(hooks.values()):
        parts = _parts(g)
        replaced = _all_replaced(hook, hook(tuple([_shown(each) for each in parts])), parts)
        g = replaced[0] if isinstance(g, np.ndarray | np.generic) else type(g)(replaced)
    return g


def _run_posthooks(
    node: Node, hooks: dict[int, Callable[..., Any]], results: tuple[Any, ...], g: Any
) -> tuple[Any, ...]:
    """Let the hooks after a node see the gradients of its operands and of its outputs, and replace the former."""
    places = node.places()
    pairs = zip(node.edges, results, strict=True)
    given = [None if each is None else _fit(np.asarray(each), edge) for edge, each in pairs]
    spread: tuple[Any, ...] = tuple([None if place is None else given[place] for place in places])
    for hook in list(hooks.values()):
        shown = tuple([_shown(each) for each in spread]), tuple([_shown(each) for each in _parts(g)])
        returned = hook(*shown)
        spread = _all_replaced(hook, returned, spread)
    changed = {place: each for place, each in zip(places, spread, strict=True) if place is not None}
    return tuple([changed[at] for at in range(len(results))])


def check_gradient(gradient: Any, shape: tuple[int, ...], what: str) -> None:
    """Raise unless `gradient` is an unmarked tensor of the given shape.

    Args:
        gradient: What was passed or returned as one.
        shape: The shape of what it is the gradient of.
        what: The subject of the message, as in "a hook returned a gradient that".

    Raises:
        DtypeError: It is no tensor.
        InferenceTensorError: It is marked.
        ShapeError: Its shape is another.
    """
    if not isinstance(gradient, TensorBase):
        raise DtypeError(f"{what} is no tensor: {gradient!r} of type {type(gradient).__name__}")
    if gradient._flags & MARKED:
        raise InferenceTensorError(
            f"{what} is inference-only ({bases.describe(gradient)}): it would reach training. "
            f"{bases.whence_of(gradient)} {WAYS_OUT}"
        )
    if gradient._data.shape != shape:
        raise ShapeError(f"{what} has shape {list(gradient._data.shape)}; expected {list(shape)}")


_accumulating = threading.RLock()  # reentrant: a finaliser may run a backward pass of its own


def accumulate(leaf: Any, g: Array) -> None:
    """Add a gradient to a tensor's `.grad`; several threads may do so at once.

    Args:
        leaf: The tensor.
        g: Its gradient, in memory that is used nowhere else.
    """
    with _accumulating:
        there = leaf._grad
        if there is None:
            leaf._grad = wrap(g)
        elif there._data.flags.writeable:
            run(operator.iadd, there._data, g)
            bases.storage_of(there).version += 1
        else:
            leaf._grad = wrap(np.asarray(run(operator.add, there._data, g)))


def finish(leaf: Any, g: Array, owned: bool) -> None:
    """Add a gradient to a leaf's `.grad`, with the hooks before and after that.

    Args:
        leaf: A leaf, or another tensor that is to have a `.grad`.
        g: Its gradient.
        owned: Whether its memory is used nowhere else.
    """
    hooks = leaf._hooks if leaf._flags & HOOKED else None
    if hooks is not None and hooks.before:
        g, owned = run_prehooks(hooks.before, g), False
    if hooks is None:
        accumulate(leaf, g if owned else np.array(g))
        return
    accumulate(leaf, np.array(g))
    for hook in list(hooks.after_accumulating.values()):
        if (returned := hook(leaf)) is not None:
            raise DtypeError(
                f"expected None, but a hook after accumulating returned {type(returned).__name__!r}: change the "
                "tensor's .grad instead"
            )
    for hook in list(hooks.after.values()):
        hook((), (_shown(g),))
