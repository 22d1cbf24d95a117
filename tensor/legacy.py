"""Constructors from before dtypes: `FloatTensor`, `LongTensor` and so on, and what else makes a tensor as they do.

Each is called with sizes, for memory that is not initialised, or with data; and is what tensors of its dtype on the CPU
are instances of. As in PyTorch relics: prefer `tensor.tensor`, `tensor.empty` and `x.dtype`.
Source: https://docs.pytorch.org/docs/stable/tensors.html
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes, factories
from tensor.bases import TensorBase
from tensor.devices import DeviceLike
from tensor.errors import DtypeError
from tensor.ops.conversions import cast, detach
from tensor.sizes import Size

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def is_sizes(data: tuple[Any, ...]) -> builtins.bool:
    """Whether the arguments of such a constructor are sizes rather than data."""
    if len(data) == 1 and isinstance(data[0], Size):
        return True
    return all(isinstance(each, builtins.int | np.integer) and not isinstance(each, builtins.bool) for each in data)


def make(name: str, dtype: dtypes.dtype, data: tuple[Any, ...], device: DeviceLike = None) -> Tensor:
    """Return what such a constructor makes.

    Args:
        name: Its name, for messages.
        dtype: The dtype of the result.
        data: Sizes; or a sequence, an array, or a tensor of that dtype, whose memory the result shares.
        device: `"cpu"`.

    Raises:
        DtypeError: The data is of another kind.
    """
    if is_sizes(data):
        return factories.empty(*data or (0,), dtype=dtype, device=device)
    if len(data) > 1 or not isinstance(data[0], TensorBase | np.ndarray | list | tuple | builtins.range):
        given = ", ".join(type(each).__name__ for each in data)
        raise DtypeError(f"{name}(): data must be sizes, a sequence, an array or a tensor, got ({given})")
    if isinstance(data[0], TensorBase):
        tensor: Any = data[0]
        if tensor.dtype is not dtype:
            raise DtypeError(f"{name}(): expected a tensor of {dtype}, got one of {tensor.dtype}; convert it with to()")
        return detach(tensor)
    return factories.tensor(np.asarray(data[0]) if isinstance(data[0], range) else data[0], dtype=dtype, device=device)


def new(input: Tensor, *data: Any, device: DeviceLike = None) -> Tensor:
    """Return a tensor in this one's dtype, of sizes or of data; prefer `new_empty` and `new_tensor`."""
    return make("new", input.dtype, data, device)


class _Legacy(type):
    """The type of these constructors, which make tensors rather than objects of their own."""

    dtype: dtypes.dtype

    def __call__(cls, *data: Any, size: Any = None, device: DeviceLike = None) -> Any:
        """Return a tensor of the constructor's dtype."""
        return make(cls.__name__, cls.dtype, data if size is None else (Size(size),), device)

    def __instancecheck__(cls, instance: object) -> builtins.bool:
        """Whether something is a tensor of the constructor's dtype."""
        return isinstance(instance, TensorBase) and dtypes.of(instance._data.dtype) is cls.dtype


def _legacy(name: str, dtype: dtypes.dtype) -> _Legacy:
    about = f"Tensors of `{dtype}`: makes one of sizes or of data, and says of any whether it is one."
    return _Legacy(f"{name}Tensor", (), {"dtype": dtype, "__doc__": about, "__module__": "tensor"})


BFloat16Tensor = _legacy("BFloat16", dtypes.bfloat16)
BoolTensor = _legacy("Bool", dtypes.bool)
ByteTensor = _legacy("Byte", dtypes.uint8)
CharTensor = _legacy("Char", dtypes.int8)
DoubleTensor = _legacy("Double", dtypes.float64)
FloatTensor = _legacy("Float", dtypes.float32)
HalfTensor = _legacy("Half", dtypes.float16)
IntTensor = _legacy("Int", dtypes.int32)
LongTensor = _legacy("Long", dtypes.int64)
ShortTensor = _legacy("Short", dtypes.int16)

_ALL = (
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
)


def dtype_of(value: Any) -> Any:
    """Return the dtype that one of these constructors, or its name such as `"tensor.FloatTensor"`, stands for.

    Returns:
        `value` itself where it is neither.

    Raises:
        DtypeError: It is text, and no such name.
    """
    if isinstance(value, _Legacy):
        return value.dtype
    if not isinstance(value, str):
        return value
    for each in _ALL:
        if value.rpartition(".")[2] == each.__name__ and "cuda" not in value:
            return each.dtype
    raise DtypeError(f"expected a dtype, or a name such as 'tensor.FloatTensor', got {value!r}")


def set_default_tensor_type(t: Any) -> None:
    """Set the dtype of tensors made from Python floats; prefer `set_default_dtype`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_default_tensor_type.html

    Args:
        t: One of these constructors, or its name.

    Raises:
        DtypeError: It is neither, or none of floats.
    """
    dtypes.set_default_dtype(dtype_of(t))


def type_of(input: Tensor, dtype: Any = None, non_blocking: builtins.bool = False) -> Any:
    """Return the tensor in another dtype; or without one the name of its constructor, `tensor.FloatTensor`.

    Args:
        input: The tensor.
        dtype: A dtype, one of these constructors, or its name.
        non_blocking: Ignored: there is nothing to wait for.

    Raises:
        DtypeError: It is none of these.
    """
    if dtype is not None:
        return cast(input, dtype_of(dtype))
    own = dtypes.of(input._data.dtype)
    named = [each.__name__ for each in _ALL if each.dtype is own]
    return f"tensor.{named[0] if named else own.name.replace('ui', 'UI') + 'Tensor'}"
