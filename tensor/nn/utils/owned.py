"""Whether what a module holds may be replaced: not by inference-only tensors, in a module that is to be trained."""

from __future__ import annotations

from tensor.errors import InferenceTensorError
from tensor.modes import is_inference_mode_enabled
from tensor.nn.modules.module import Module


def check_replaceable(what: str, module: Module) -> None:
    """Raise InferenceTensorError inside inference mode for a module that was built outside.

    Args:
        what: what is about to replace the module's parameters.
        module: the module.
    """
    if not is_inference_mode_enabled():
        return
    if not all(each.is_inference() for each in [*module.parameters(), *module.buffers()]):
        raise InferenceTensorError(
            f"{what} cannot be called inside inference_mode on this {type(module).__name__}: its parameters would "
            "become inference-only, and the module, which was built outside, could not be trained any more. "
            "Call it outside the block."
        )
