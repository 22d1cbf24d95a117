"""What hooks of a module see on the way back: identities around its inputs and outputs, which tell the gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensor.autograd.function import Function
from tensor.bases import TensorBase
from tensor.errors import ArgumentError
from tensor.modes import is_grad_enabled

Gradients = tuple[Any, ...]


class _Identity(Function):
    """Passes tensors through, and on the way back their gradients to a listener, which may replace them."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> tuple[Any, ...]:
        ctx.listen, zeros, *tensors = args
        ctx.set_materialize_grads(zeros)
        passed = [each.view_as(each) for each in tensors]
        constant = [out for each, out in zip(tensors, passed, strict=True) if not each.requires_grad]
        ctx.mark_non_differentiable(*constant)
        return tuple(passed)

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> tuple[Any, ...]:
        return (None, None, *ctx.listen(grad_outputs))


class BackwardHooks:
    """One call of a module with hooks that run in backward.

    Args:
        module: whose call it is; what the hooks are given first.
        pre_hooks: called with the gradients of the outputs, once they are known; may replace them.
        hooks: called with the gradients of the inputs and of the outputs, once both are known; may replace the first.
    """

    def __init__(
        self, module: Any, pre_hooks: Sequence[Callable[..., Any]], hooks: Sequence[Callable[..., Any]]
    ) -> None:
        self._module = module
        self._pre_hooks = pre_hooks
        self._hooks = hooks
        self._grad_output: Gradients = ()
        self._inputs_tell = False

    def around_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the arguments, of which the tensors tell their gradients."""
        if not self._hooks:
            return args
        args, self._inputs_tell = _through(args, self._tell_input, zeros=True)
        return args

    def around_output(self, output: Any) -> Any:
        """Return the module's output, a tensor or a tuple of them, whose gradients are told."""
        outputs = output if isinstance(output, tuple) else (output,)
        outputs, _ = _through(outputs, self._tell_output, zeros=False)
        return outputs if isinstance(output, tuple) else outputs[0]

    def _tell_output(self, gradients: Gradients) -> Gradients:
        for hook in self._pre_hooks:
            gradients = _replaced(gradients, hook(self._module, gradients), "grad_output")
        self._grad_output = gradients
        if not self._inputs_tell:  # none of them needs a gradient
            for hook in self._hooks:
                hook(self._module, (None,), gradients)
        return gradients

    def _tell_input(self, gradients: Gradients) -> Gradients:
        for hook in self._hooks:
            gradients = _replaced(gradients, hook(self._module, gradients, self._grad_output), "grad_input")
        return gradients


def _through(
    values: tuple[Any, ...], listen: Callable[[Gradients], Gradients], *, zeros: bool
) -> tuple[tuple[Any, ...], bool]:
    """Pass the tensors among some values through an identity; say whether one of them is part of a graph.

    Args:
        values: tensors, and other values, which stay as they are.
        listen: is told a gradient for each value.
        zeros: whether it is told zeros, not None, for a tensor that has no gradient.
    """
    places = [place for place, value in enumerate(values) if isinstance(value, TensorBase)]
    if not (is_grad_enabled() and any(values[place].requires_grad for place in places)):
        return values, False

    def listen_at_places(gradients: Gradients) -> Gradients:
        spread = [None] * len(values)
        for place, gradient in zip(places, gradients, strict=True):
            spread[place] = gradient
        told = listen(tuple(spread))
        return tuple([told[place] for place in places])

    passed = list(values)
    for place, value in zip(
        places, _Identity.apply(listen_at_places, zeros, *[values[place] for place in places]), strict=True
    ):
        passed[place] = value
    return tuple(passed), True


def _replaced(gradients: Gradients, changed: Any, what: str) -> Gradients:
    if changed is None:
        return gradients
    replaced: Gradients = changed if isinstance(changed, tuple) else (changed,)
    if len(replaced) != len(gradients):
        raise ArgumentError(
            f"Backward hook returned an invalid number of {what}, got {len(replaced)}, but expected {len(gradients)}"
        )
    return replaced
