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
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if not tensor.is_inference():
            raise InferenceTensorError(
                f"{what}: {name} cannot be replaced inside inference_mode: what took its place would be "
                "inference-only, and the module, which was built outside, could not be trained any more. "
                f"Call {what} outside the block."
            )
