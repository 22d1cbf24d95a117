"""`Conversion`: what `Module.to` and its like do to all tensors of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tensor.errors import InferenceTensorError
from tensor.modes import is_inference_mode_enabled
from tensor.nn.parameter import Parameter
from tensor.scopes import no_grad
from tensor.tensors import Tensor


class Conversion:
    """A function of tensors on its way through the parts of a module; a parameter of several parts stays one.

    Args:
        fn: returns a converted tensor, or the same where there is nothing to convert.
    """

    def __init__(self, fn: Callable[[Tensor], Tensor]) -> None:
        self._fn = fn
        self._done: dict[int, tuple[Parameter, Parameter]] = {}  # the old ones too, so that no other gets their id

    def __call__(self, tensor: Tensor) -> Tensor:
        """Convert a tensor that is no parameter."""
        return self._fn(tensor)

    def check(self, named: Iterable[tuple[str, Tensor]]) -> None:
        """Raise InferenceTensorError if inference mode would mark what was made outside of it."""
        if not is_inference_mode_enabled():
            return
        for name, tensor in named:
            if not tensor.is_inference() and self._fn(tensor) is not tensor:
                raise InferenceTensorError(
                    f"{name} cannot be converted inside inference_mode: it would become inference-only, and the "
                    "module, which was built outside, could not be trained any more. Convert it outside the block."
                )

    def of(self, parameter: Parameter) -> Parameter:
        """Convert a parameter: itself, unless its value can only be put in another."""
        if id(parameter) not in self._done:
            self._done[id(parameter)] = parameter, self._converted(parameter)
        return self._done[id(parameter)][1]

    def _converted(self, parameter: Parameter) -> Parameter:
        with no_grad():
            value = self._fn(parameter)
            if value is parameter:
                return parameter
            if value.is_inference():  # a marked value can only be put in a parameter of its own
                return Parameter(value, requires_grad=parameter.requires_grad)
            parameter.data = value
            if parameter.grad is not None:
                parameter.grad = self._fn(parameter.grad)
        return parameter
