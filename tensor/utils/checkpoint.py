"""Keeping less for the backward pass, and computing it again when needed: PyTorch's `torch.utils.checkpoint`.

A function is called without keeping its graph; its backward pass calls it a second time, with the same random numbers,
and goes through the graph of that. So what else a function does, such as moving a batch norm's running mean, happens
twice, as in PyTorch. Where nothing is recorded it is called once.
Source: https://docs.pytorch.org/docs/stable/checkpoint.html
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from tensor import modes
from tensor.autograd.function import Function
from tensor.bases import TensorBase
from tensor.generators import default_generator, fork_rng
from tensor.gradients import grad
from tensor.graph import AccumulateGrad
from tensor.marks import REQUIRES_GRAD
from tensor.ops.conversions import detach
from tensor.scopes import enable_grad
from tensor.utils._pytree import TreeSpec, tree_flatten, tree_unflatten

R = TypeVar("R")
Contexts = Callable[[], tuple[AbstractContextManager[Any], AbstractContextManager[Any]]]

__all__ = ["checkpoint", "checkpoint_sequential", "get_device_states", "noop_context_fn", "set_device_states"]


def noop_context_fn() -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """Return two blocks that do nothing, for the first and for the second run."""
    return nullcontext(), nullcontext()


class _Call:
    """A call that can be made again.

    Args:
        function: What is called.
        args: Its arguments, positional and by name.
        context_fn: Returns the blocks around the first and the second run.
        keeps_random: Whether both runs draw the same random numbers.
    """

    def __init__(
        self, function: Callable[..., Any], args: tuple[Any, dict[str, Any]], context_fn: Contexts, keeps_random: bool
    ) -> None:
        self._function = function
        self._leaves, self._spec = tree_flatten(args)
        self._blocks = context_fn()
        self._random = default_generator.get_state() if keeps_random else None
        self.inputs = [each for each in self._leaves if _is_trained(each)]
        self.parameters: list[Any] = []
        self.outputs: list[Any] = []

    def first(self) -> tuple[list[Any], TreeSpec]:
        """Call it, and note which leaves its gradients go to besides the inputs; return the result, flat."""
        with self._blocks[0]:
            results, spec, inputs = self._run()
        self.outputs = [each for each in results if _is_trained(each)]
        known = {id(each) for each in inputs}
        self.parameters = [each for each in _leaves_of(self.outputs) if id(each) not in known]
        return results, spec

    def gradients(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """Call it again, and return the gradients of the inputs and of the other leaves for those of the outputs."""
        with enable_grad(), fork_rng(enabled=self._random is not None), self._blocks[1]:
            if self._random is not None:
                default_generator.set_state(self._random)
            results, _, inputs = self._run()
        outputs = [each for each in results if _is_trained(each)]
        # The graph of what the function took from around it is needed again: it belongs to others.
        return grad(outputs, [*inputs, *self.parameters], given, retain_graph=True, allow_unused=True)

    def _run(self) -> tuple[list[Any], TreeSpec, list[Any]]:
        copies = [detach(each).requires_grad_() if _is_trained(each) else each for each in self._leaves]
        args, kwargs = tree_unflatten(copies, self._spec)
        results, spec = tree_flatten(self._function(*args, **kwargs))
        return results, spec, [copy for copy, each in zip(copies, self._leaves, strict=True) if _is_trained(each)]


def _is_trained(value: Any) -> bool:
    return isinstance(value, TensorBase) and bool(value._flags & REQUIRES_GRAD)


def _leaves_of(outputs: list[Any]) -> list[Any]:
    """The leaves that gradients of outputs go to, each once."""
    found: dict[int, Any] = {}
    seen: set[int] = set()
    ahead: list[Any] = []
    for output in outputs:
        if output.grad_fn is None:
            found[id(output)] = output
        else:
            ahead.append(output.grad_fn)
    while ahead:
        node = ahead.pop()
        if isinstance(node, AccumulateGrad):
            found[id(node.variable)] = node.variable
        elif id(node) not in seen:
            seen.add(id(node))
            ahead += [each for each, _ in node.next_functions if each is not None]
    return list(found.values())


class _Checkpointed(Function):
    """A call whose graph is not kept."""

    @staticmethod
    def forward(ctx: Any, call: _Call, *leaves: Any) -> tuple[Any, ...]:
        ctx.call = call
        outputs, call.outputs = call.outputs, []
        return tuple(detach(each) for each in outputs)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return None, *ctx.call.gradients(grad_outputs)


def checkpoint(
    function: Callable[..., R],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Contexts = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    preserve_rng_state: bool = True,
    **kwargs: Any,
) -> R:
    """Return what a function returns, and keep of its graph only the arguments.

    Args:
        function: Called with `args` and `kwargs`, and again in the backward pass.
        args: Its positional arguments.
        use_reentrant: How PyTorch runs it a second time; there is one way here. With true the result has no gradient if
            no argument has one, whatever parameters the function uses, as in PyTorch.
        context_fn: Returns the blocks around the first and the second run.
        determinism_check: Accepted since PyTorch has it, as are the two that follow.
        debug: Whether to report differences between both runs.
        early_stop: Whether the second run ends when all is computed that is needed.
        preserve_rng_state: Whether the second run draws the same random numbers.
        kwargs: Its keyword arguments.
    """
    if not modes.is_grad_enabled():
        with context_fn()[0]:
            return function(*args, **kwargs)
    call = _Call(function, (args, kwargs), context_fn, preserve_rng_state)
    results, spec = call.first()
    if use_reentrant and not call.inputs and call.outputs:
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)
        results = [detach(each) if _is_trained(each) else each for each in results]
    elif call.outputs:
        recorded = iter(_Checkpointed.apply(call, *call.inputs, *call.parameters))
        results = [next(recorded) if _is_trained(each) else each for each in results]
    made: R = tree_unflatten(results, spec)
    return made


def checkpoint_sequential(
    functions: Iterable[Callable[..., Any]],
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
) -> Any:
    """Return what functions make of an input, one after another, and keep only what goes from one segment to the next.

    Args:
        functions: The functions, or a `Sequential`.
        segments: Into how many parts to divide them; the last one is kept, as in PyTorch.
        input: What the first one gets.
        use_reentrant: See `checkpoint`.
        preserve_rng_state: See `checkpoint`.
    """
    steps = list(functions)
    size = max(len(steps) // segments, 1)

    def run(start: int, stop: int) -> Callable[[Any], Any]:
        def segment(value: Any) -> Any:
            for step in steps[start:stop]:
                value = step(value)
            return value

        return segment

    last = size * (segments - 1)
    for start in range(0, last, size):
        input = checkpoint(
            run(start, start + size), input, use_reentrant=use_reentrant, preserve_rng_state=preserve_rng_state
        )
    return run(last, len(steps))(input)


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """Return the GPUs that arguments live on, and the state of their random numbers: none."""
    return [], []


def set_device_states(devices: Any, states: Any, *, device_type: str | None = None) -> None:
    """Do nothing: there is no GPU whose random numbers would have a state."""
