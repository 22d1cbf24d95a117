"""`backward`, `grad` and hooks: the checks and conventions around the engine."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import bases
from tensor.bases import TensorBase, wrap
from tensor.dtypes import Array
from tensor.engine import Edge, check_gradient, finish, run_backward
from tensor.errors import (
    ArgumentError,
    DtypeError,
    GradientError,
    InferenceTensorError,
    ShapeError,
    UnsupportedError,
)
from tensor.graph import check_mode, hooks_of
from tensor.handles import Hook, RemovableHandle
from tensor.history import refresh
from tensor.marks import MARKED, REQUIRES_GRAD

if TYPE_CHECKING:
    from tensor.tensors import Tensor


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
        if not isinstance(tensor, TensorBase):
            raise DtypeError(f"element {index} of tensors is a {type(tensor).__name__}; expected a Tensor")
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
            if not isinstance(gradient, TensorBase):
                raise DtypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
            check_gradient(gradient, gradient._data.shape, f"the gradient given for element {index}")
            if gradient._data.shape != array.shape:
                raise ShapeError(
                    f"Mismatch in shape: grad_output[{index}] has a shape of {list(gradient._data.shape)} and "
                    f"output[{index}] has a shape of {list(array.shape)}."
                )
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
        inputs: If given, the tensors to compute gradients for, leaves or not; all others keep theirs.

    Raises:
        InferenceModeError: Called inside inference mode.
        InferenceTensorError: A tensor or a gradient is inference-only.
        GradientError: A tensor has no history, or what it needs is freed or overwritten.
    """
    check_mode("backward() was called")
    _check_no_graph(create_graph)
    given = _listed(tensors)
    roots = _roots(given, [None] * len(given) if grad_tensors is None else _listed(grad_tensors))
    if inputs is None:
        run_backward(roots, retain_graph=bool(retain_graph), receive=finish)
        return
    wanted = _inputs(inputs, "backward()")
    tensors_of = {_edge(each): each for each in wanted}
    run_backward(
        roots,
        retain_graph=bool(retain_graph),
        receive=lambda edge, g, owned: finish(tensors_of[edge], g, owned),
        inputs=list(tensors_of),
    )


def _inputs(inputs: Any, what: str) -> list[Any]:
    """What to differentiate by, with its history up to date."""
    wanted = _listed(inputs)
    if not wanted:
        raise ArgumentError(f"`inputs` argument to `{what}` cannot be empty.")
    for index, each in enumerate(wanted):
        if not isinstance(each, TensorBase):
            raise DtypeError(f"inputs[{index}] is a {type(each).__name__}; expected a Tensor")
    refresh(wanted)
    for index, each in enumerate(wanted):
        if not each._flags & REQUIRES_GRAD:
            raise GradientError(f"One of the differentiated Tensors does not require grad: inputs[{index}]")
    return wanted


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
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
        only_inputs: No other gradients are computed; that this could be false is long past, in PyTorch too.
        allow_unused: Whether an input that was not used is fine; its gradient is `None`.
        is_grads_batched: Not supported.
        materialize_grads: Whether to return zeros in place of `None`.

    Raises:
        InferenceModeError: Called inside inference mode.
        InferenceTensorError: An output or a gradient is inference-only.
        GradientError: An output has no history, or an input was not used.
        ArgumentError: There are no inputs, or `allow_unused` and `materialize_grads` disagree.
    """
    check_mode("autograd.grad() was called")
    _check_no_graph(create_graph)
    if not only_inputs:
        raise UnsupportedError("only_inputs=False: call backward(), which fills the `.grad` of all leaves")
    if is_grads_batched:
        raise UnsupportedError(
            "is_grads_batched=True: there is no vmap. Call grad() once for each row of grad_outputs."
        )
    if materialize_grads and allow_unused is False:
        raise ArgumentError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    given = _listed(outputs)
    roots = _roots(given, [None] * len(given) if grad_outputs is None else _listed(grad_outputs))
    wanted = _inputs(inputs, "grad()")
    found: dict[Edge, Array] = {}

    def receive(edge: Edge, g: Array, owned: bool) -> None:
        found[edge] = g if owned else np.array(g)

    edges = [_edge(each) for each in wanted]
    run_backward(roots, retain_graph=bool(retain_graph), receive=receive, inputs=edges)
    results: list[Tensor | None] = []
    for index, (edge, each) in enumerate(zip(edges, wanted, strict=True)):
        g = found.get(edge)
        if g is None and materialize_grads:
            g = np.zeros_like(each._data)
        if g is None and not allow_unused:
            raise GradientError(
                f"The differentiated Tensor at index {index} appears to not have been used in the graph. "
                "Set allow_unused=True if this is the desired behavior."
            )
        again = any(edge is before for before in edges[:index])
        results.append(None if g is None else wrap(np.array(g) if again else g))
    return tuple(results)


def register_hook(tensor: TensorBase, hook: Hook) -> RemovableHandle:
    """Call `hook` with the gradient of a tensor whenever it is computed; what it returns, if anything, replaces it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_hook.html

    Raises:
        InferenceModeError: Called inside inference mode.
        GradientError: The tensor does not require a gradient.
    """
    check_mode("register_hook() was called")
    refresh((tensor,))
    if not tensor._flags & REQUIRES_GRAD:
        raise GradientError("cannot register a hook on a tensor that doesn't require gradient")
    return RemovableHandle(hooks_of(_edge(tensor)), hook)


def register_post_accumulate_grad_hook(tensor: TensorBase, hook: Hook) -> RemovableHandle:
    """Call `hook` with a leaf whenever `backward` has added to its `.grad`, which the hook may use and clear.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.register_post_accumulate_grad_hook.html

    Raises:
        InferenceModeError: Called inside inference mode.
        GradientError: The tensor does not require a gradient, or is no leaf.
    """
    check_mode("register_post_accumulate_grad_hook() was called")
    refresh((tensor,))
    if not tensor._flags & REQUIRES_GRAD:
        raise GradientError("cannot register a hook on a tensor that doesn't require gradient")
    if tensor._node is not None:
        raise GradientError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    return RemovableHandle(hooks_of(tensor).after_accumulating, hook)


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
        check_mode("retain_grad() was called")
        hooks_of(tensor._node).retained_by = weakref.ref(tensor)


def retains_grad(tensor: TensorBase) -> bool:
    """Whether `retain_grad` was called on a tensor that is no leaf."""
    refresh((tensor,))
    node = tensor._node
    return node is not None and node.hooks is not None and node.hooks.retained_by() is tensor
