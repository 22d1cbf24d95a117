"""`Buffer`: a tensor that a module registers as a buffer when it becomes an attribute."""

from __future__ import annotations

from tensor.bases import origin_of, storage_of
from tensor.errors import DtypeError
from tensor.factories import empty
from tensor.marks import MARKED
from tensor.modes import is_inference_mode_enabled
from tensor.tensors import Tensor


class Buffer(Tensor):
    """Another's memory, to be assigned to a module's attribute: short for `register_buffer`.

    The module keeps a plain tensor of the same memory.

    Args:
        data: the tensor, of any shape; by default an empty one.
        persistent: whether the module's `state_dict` covers it.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Buffer.html
    """

    __slots__ = ("persistent",)

    persistent: bool

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Buffer:
        """Return a new one; see the class."""
        data = empty(0) if data is None else data
        if not isinstance(data, Tensor):
            raise DtypeError(f"a Buffer is made of a tensor, got a {type(data).__name__}")
        marked = data.is_inference() or is_inference_mode_enabled()
        made = cls._wrap(data._data, MARKED if marked else 0, storage=storage_of(data), origin=origin_of(data))
        made.persistent = persistent
        return made

    def __init__(self, data: Tensor | None = None, *, persistent: bool = True) -> None:
        pass  # all is done in __new__, where the memory is known
