"""`Variable`, what tensors with a gradient were called before tensors had one."""

from __future__ import annotations

from typing import Any

from tensor.bases import TensorBase
from tensor.errors import DtypeError
from tensor.factories import empty
from tensor.ops.conversions import detach


class _VariableType(type):
    """The type of `Variable`, which makes tensors, and which tensors are instances of."""

    def __call__(cls, data: Any = None, requires_grad: bool = False, volatile: bool | None = None) -> Any:
        """Return a leaf over the memory of a tensor.

        Args:
            data: The tensor.
            requires_grad: Whether to record what is computed from it.
            volatile: Accepted from old code; it has had no effect in PyTorch for long. Use `no_grad`.

        Raises:
            DtypeError: The data is no tensor.
        """
        if data is not None and not isinstance(data, TensorBase):
            raise DtypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        tensor: Any = data
        made = empty(0) if tensor is None else detach(tensor)
        return made.requires_grad_() if requires_grad else made

    def __instancecheck__(cls, instance: object) -> bool:
        """Whether something is a tensor."""
        return isinstance(instance, TensorBase)


class Variable(metaclass=_VariableType):
    """A tensor, as code from before 2018 makes it: use the tensor itself.

    Source: https://docs.pytorch.org/docs/stable/autograd.html#variable-deprecated
    """
