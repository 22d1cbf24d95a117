"""How elements lie in memory: PyTorch's layouts and memory formats, by name.

Here memory is dense and tensors are made in row-major order. A memory format changes no number, only where it lies, so
code that asks for one gets the same numbers; what it asks about strides is answered by the strides that there are.
"""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np

from tensor.errors import DtypeError, ShapeError, UnsupportedError


class layout:  # noqa: N801 - PyTorch's name
    """How memory stands for elements. Only `strided` can be used; the others can be named and compared.

    Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.layout
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"tensor.{self.name}"


class memory_format(layout):  # noqa: N801 - PyTorch's name
    """In which order dimensions lie in memory.

    Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.memory_format
    """

    __slots__ = ()


strided = layout("strided")
sparse_coo = layout("sparse_coo")
sparse_csr = layout("sparse_csr")
contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")

_RANKS = {channels_last: 4, channels_last_3d: 5}


class Placement(TypedDict, total=False):
    """What PyTorch's functions take about memory, and what changes nothing here."""

    layout: layout
    memory_format: memory_format | None
    pin_memory: bool


def check_format(value: Any, ndim: int | None = None) -> None:
    """Raise unless `value` names a memory format that tensors of so many dimensions can have, or is `None`.

    Raises:
        DtypeError: It is no memory format.
        ShapeError: It is for tensors of another number of dimensions.
    """
    if value is None:
        return
    if not isinstance(value, memory_format):
        raise DtypeError(f"memory_format: expected one such as tensor.channels_last, got {value!r}")
    if ndim is not None and _RANKS.get(value, ndim) != ndim:
        raise ShapeError(f"required rank {_RANKS[value]} tensor to use {value.name} format, got one of rank {ndim}")


def check_placement(name: str, given: Placement) -> None:
    """Raise unless a function's further keyword arguments are those that change nothing here.

    Raises:
        TypeError: There is no such argument.
        UnsupportedError: A layout other than dense memory.
    """
    for key, value in given.items():
        if key == "memory_format":
            check_format(value)
        elif key == "layout":
            if value not in (None, strided):
                raise UnsupportedError(f"{name}: memory is dense here, there is no layout {value}. Use tensor.strided.")
        elif key != "pin_memory":
            raise TypeError(f"{name}() got an unexpected keyword argument {key!r}")


def is_contiguous(array: np.ndarray[Any, Any], format: memory_format | None) -> bool:
    """Whether an array lies in memory in the order that a format names, row-major if none is given."""
    check_format(format)
    if format in _RANKS:
        last_first = (0, *range(2, array.ndim), 1)
        return array.ndim == _RANKS[format] and bool(array.transpose(last_first).flags.c_contiguous)
    return bool(array.flags.c_contiguous)
