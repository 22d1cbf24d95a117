"""`backward`, `grad` and hooks: the checks and conventions around the engine."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import bases, modes
from tensor.bases import TensorBase, wrap
from tensor.dtypes import Array
from tensor.engine import Edge, accumulate, check_gradient, run_backward
from tensor.errors import GradientError, InferenceModeError, InferenceTensorError, ShapeError, UnsupportedError
from tensor.graph import Hooks, Node
from tensor.history import refresh
from tensor.marks import HOOKED, MARKED, REQUIRES_GRAD

if TYPE_CHECKING:
    from tensor.tensors import Tensor

Hook = Callable[[Any], Any]


def _check_mode(what: str) -> None:
    if modes.current() is modes.INFERENCE:
        raise InferenceModeError(
            f"{what} inside inference_mode: nothing is recorded there, so there are no gradients. "
            "Call it after leaving the block; if gradients are needed within, do not enter inference_mode."
        )


def _check_no_graph(create_graph: bool) -> None:
    if create_graph:
        raise UnsupportedError(
            "create_graph=True: gradients of gradients are not recorded. Use create_graph=False, and finite "
            "differences where second derivatives are needed."
        )


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, TensorBase) or value is None else list(value)


def _edge(tensor: TensorBase) -> Edge:
    return tensor._node or tensor


def _roots(tensors: Sequence[Any], gradients: Sequence[Any]) -> list[tuple[Edge, Array]]:
    """Where to start from, and with which gradients."""
    if len(gradients) != len(tensors):
        raise ShapeError(f"got {len(tensors)} tensors and {len(gradients)} gradients; there must be one for each")
    roots = []
    for index, (tensor, gradient) in enumerate(zip(tensors, gradients, strict=True)):
        if tensor._flags & MARKED:
            raise InferenceTensorError(
                f"element {index} of tensors ({bases.describe(tensor)}) is inference-only and has no gradient. "
                f"{bases.whence_of(tensor)} Compute the loss outside inference_mode."
            )
        refresh((tensor,))
        if not tensor._flags & REQUIRES_GRAD:
            raise GradientError(f"element {index} of tensors does not require grad and does not have a grad_fn")
        array = tensor._data
        if gradient is not None:
            check_gradient(gradient, array.shape, f"the gradient given for element {index}")
            roots.append((_edge(tensor), gradient._data.astype(array.dtype, copy=False)))
        elif array.size == 1:
            roots.append((_edge(tensor), np.ones_like(array)))
        else:
            raise GradientError("grad can be implicitly created only for scalar outputs")
    return roots


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Compute gradients, and add them to the `.grad` of the leaves.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.backward.html

    Args:
        tensors: A tensor or several, that require a gradient.
        grad_tensors: A gradient for each; may be missing for those with one element.
        retain_graph: Whether to keep what a second pass needs.
        create_graph: Not supported.
        inputs: If given, the leaves to compute gradients for; the others keep theirs.

    Raises:
        InferenceModeError: Called inside inference mode.
        InferenceTensorError: A tensor or a gradient is inference-only.
        GradientError: A tensor has no history, or what it needs is freed or overwritten.
    """
    _check_mode("backward() was called")
    _check_no_graph(create_graph)
    given = _listed(tensors)
    roots = _roots(given, [None] * len(given) if grad_tensors is None else _listed(grad_tensors))
    wanted = None if inputs is None else _listed(inputs)
    if wanted is not None:
        for index, each in enumerate(wanted):
            if not each._flags & REQUIRES_GRAD:
                raise GradientError(f"One of the differentiated Tensors does not require grad: inputs[{index}]")
            if each._node is not None:
                raise GradientError(f"inputs[{index}] is no leaf, so it has no .grad; use autograd.grad for it")
    for leaf, g in run_backward(roots, retain_graph=bool(retain_graph), inputs=wanted).items():
        accumulate(leaf, g)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """Compute and return gradients of `outputs` by `inputs`; no `.grad` changes.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html

    Args:
        outputs: A tensor or several, that require a gradient.
        inputs: Those to differentiate by, leaves or not.
        grad_outputs: A gradient for each output; may be missing for those with one element.
        retain_graph: Whether to keep what a second pass needs.
        create_graph: Not supported.
        allow_unused: Whether an input that was not used is fine; its gradient is `None`.
        is_grads_batched: Not supported.
        materialize_grads: Whether to return zeros in place of `None`.

    Raises:
        InferenceModeError: Called inside inference mode.
        InferenceTensorError: An output or a gradient is inference-only.
        GradientError: An output has no history, or an input was not used.
    """
    _check_mode("autograd.grad() was called")
    _check_no_graph(create_graph or is_grads_batched)
    given, wanted = _listed(outputs), _listed(inputs)
    roots = _roots(given, [None] * len(given) if grad_outputs is None else _listed(grad_outputs))
    refresh(wanted)
    for each in wanted:
        if not each._flags & REQUIRES_GRAD:
            raise GradientError("One of the differentiated Tensors does not require grad")
    found = run_backward(roots, retain_graph=bool(retain_graph), inputs=[_edge(each) for each in wanted])
    results: list[Tensor | None] = []
    for each in wanted:
        g = found.get(_edge(each))
        if g is None and materialize_grads:
            g = np.zeros_like(each._data)
        if g is None and not allow_unused:
            raise GradientError(
                "One of the differentiated Tensors appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior."
            )
        results.append(None if g is None else wrap(g))
    return tuple(results)


_hook_ids = itertools.count()


class RemovableHandle:
    """Removes a hook again; also a block at whose end it is removed."""

    def __init__(self, hooks: dict[int, Hook], hook: Hook) -> None:
        self._hooks = hooks
        self.id = next(_hook_ids)
        hooks[self.id] = hook

    def remove(self) -> None:
        """Take the hook off; more than once does no harm."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def register_hook(tensor: TensorBase, hook: Hook) -> RemovableHandle:
    """Call `hook` with the gradient of a tensor whenever it is computed; what it returns, if anything, replaces it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html

    Raises:
        InferenceModeError: Called inside inference mode.
        GradientError: The tensor does not require a gradient.
    """
    _check_mode("register_hook() was called")
    refresh((tensor,))
    if not tensor._flags & REQUIRES_GRAD:
        raise GradientError("cannot register a hook on a tensor that doesn't require gradient")
    if tensor._node is not None:
        return RemovableHandle(_hooks_of(tensor._node), hook)
    if not tensor._flags & HOOKED:
        tensor._hooks = Hooks()
        tensor._flags |= HOOKED
    return RemovableHandle(tensor._hooks, hook)


def _hooks_of(node: Node) -> Hooks:
    if node.hooks is None:
        node.hooks = Hooks()
    return node.hooks


def retain_grad(tensor: TensorBase) -> None:
    """Have `backward` leave the gradient of a tensor in its `.grad`, though it is no leaf.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.retain_grad.html

    Raises:
        InferenceModeError: Called inside inference mode, of a tensor that is no leaf.
        GradientError: The tensor does not require a gradient.
    """
    refresh((tensor,))
    if not tensor._flags & REQUIRES_GRAD:
        raise GradientError("can't retain_grad on Tensor that has requires_grad=False")
    if tensor._node is not None:
        _check_mode("retain_grad() was called")
        _hooks_of(tensor._node).retained_by = weakref.ref(tensor)


def retains_grad(tensor: TensorBase) -> bool:
    """Whether `retain_grad` was called on a tensor that is no leaf."""
    refresh((tensor,))
    node = tensor._node
    return node is not None and node.hooks is not None and node.hooks.retained_by() is tensor
