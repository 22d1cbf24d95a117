"""Copies, casts and fills: what changes a tensor's dtype, memory or whole content."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import devices, dtypes, layouts
from tensor.bases import TensorBase, storage_of
from tensor.dispatch import apply, write
from tensor.dtypes import Array, DtypeLike, Scalar, canonical, fitting
from tensor.errors import DtypeError, GradientError, ShapeError
from tensor.marks import REQUIRES_GRAD, VIEW
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _cloned(input: Array, *, keeps_order: builtins.bool) -> Array:
    if not keeps_order or input.flags.c_contiguous:
        return input.copy()
    # As every elementwise operation does, here and in PyTorch: the dimensions stay in the order of their strides.
    made: Array = np.nditer([input, None], ["zerosize_ok"], [["readonly"], ["writeonly", "allocate"]]).operands[1]
    np.copyto(made, input)
    return made


def _copy_into(input: Array, src: Any) -> None:
    if np.ndim(src) > input.ndim:
        raise ShapeError(
            f"copy_: output with shape {list(input.shape)} doesn't match the broadcast shape {list(np.shape(src))}"
        )
    np.copyto(input, src if isinstance(src, np.ndarray) else fitting(src, input.dtype), casting="unsafe")


def _fill_with(input: Array, value: Any) -> None:
    if np.ndim(value):
        raise ShapeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {np.ndim(value)} dimensions"
        )
    np.copyto(input, value if isinstance(value, np.ndarray) else fitting(value, input.dtype), casting="unsafe")


CLONE = op("clone", _cloned, moves=True, input=lambda g: g)
TO = op("to_copy", lambda input, *, dtype: input.astype(dtype), moves=True, input=lambda g: g)
COPY = op("copy", lambda input, src: src, inplace=_copy_into, input=lambda g: np.zeros_like(g), src=lambda g: g)
FILL = op("fill", lambda input, value: value, inplace=_fill_with, input=lambda g: np.zeros_like(g), value=lambda g: g)
ZERO = op("zero", lambda input: 0, inplace=lambda input: input.fill(0), input=lambda g: np.zeros_like(g))
DETACH = op("detach", lambda input: input.view(), moves=True)


def cast(input: Tensor, dtype: DtypeLike, *, copy: builtins.bool = False) -> Tensor:
    """Return the tensor in another dtype; itself if it has that already and no copy is asked for."""
    wanted = canonical(dtype).numpy_dtype
    if input._data.dtype == wanted and not copy:
        return input
    return apply(TO, input, dtype=wanted)


def clone(input: Tensor, *, memory_format: Any = None) -> Tensor:
    """Return a copy, its dimensions in memory in the order that they have; gradients flow through it.

    Args:
        input: The tensor.
        memory_format: `contiguous_format` for row-major order; others change nothing.

    Raises:
        DtypeError: That is no memory format.
    """
    layouts.check_format(memory_format, input._data.ndim)
    return apply(CLONE, input, keeps_order=memory_format is not layouts.contiguous_format)


def contiguous(input: Tensor, memory_format: Any = None) -> Tensor:
    """Return the tensor itself if its memory is in row-major order, else a copy that is.

    Args:
        input: The tensor.
        memory_format: Changes nothing: there is only row-major order.

    Raises:
        DtypeError: That is no memory format.
    """
    layouts.check_format(memory_format, input._data.ndim)
    return input if input._data.flags.c_contiguous else apply(CLONE, input, keeps_order=False)


def to(
    input: Tensor,
    *args: Any,
    dtype: DtypeLike | None = None,
    device: Any = None,
    other: Tensor | None = None,
    non_blocking: builtins.bool = False,
    copy: builtins.bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Return the tensor in another dtype. A device may be named too, and is the CPU.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.to.html

    Args:
        input: The tensor.
        args: A dtype, a device, a device and a dtype, or a tensor that has the dtype wanted; then `non_blocking` and
            `copy`.
        dtype: The dtype wanted.
        device: `"cpu"`.
        other: A tensor that has the dtype wanted.
        non_blocking: Ignored: there is nothing to wait for.
        copy: Whether to copy even where nothing changes.
        memory_format: Changes nothing: there is only row-major order.

    Raises:
        UnsupportedError: The device is not the CPU.
        DtypeError: What is given is neither.
    """
    devices.check(device)
    layouts.check_format(memory_format)
    flags = [each for each in args if isinstance(each, builtins.bool)]
    copy = copy or (len(flags) > 1 and flags[1])
    for each in (*args, other):
        if isinstance(each, TensorBase):
            dtype = dtypes.of(each._data.dtype)
        elif isinstance(each, builtins.bool):
            continue
        elif isinstance(each, str | builtins.int | devices.device):
            if each in dtypes.NAMES:
                raise DtypeError(f"expected a dtype or a device, got the text {each!r}; the dtype is tensor.{each}")
            devices.check(each)
        elif each is not None:
            dtype = canonical(each)
    return cast(input, dtype if dtype is not None else dtypes.of(input._data.dtype), copy=copy)


def type_as(input: Tensor, other: Tensor) -> Tensor:
    """Return the tensor in the dtype of another."""
    return cast(input, dtypes.of(other._data.dtype))


def detach(input: Tensor) -> Tensor:
    """Return a tensor over the same memory without a history; a mark stays."""
    result = apply(DETACH, input)
    result._storage = storage_of(input)
    return result


def detach_(input: Tensor) -> Tensor:
    """Take this tensor out of the graph: it becomes a leaf that does not require a gradient.

    Raises:
        GradientError: It is a view: its history is that of its base.
    """
    if input._flags & VIEW:
        raise GradientError("Can't detach views in-place. Use detach() instead.")
    input._node = None
    input._flags &= ~REQUIRES_GRAD
    return input


def copy_(input: Tensor, src: Tensor, non_blocking: builtins.bool = False) -> Tensor:
    """Write the elements of `src`, broadcast and cast, into this tensor."""
    return write(COPY, input, src)


def fill(input: Tensor, value: Tensor | Scalar) -> Tensor:
    """Return a tensor of the same shape and dtype with one value everywhere."""
    return write(FILL, clone(input), value)


def fill_(input: Tensor, value: Tensor | Scalar) -> Tensor:
    """Write one value everywhere."""
    return write(FILL, input, value)


def zero_(input: Tensor) -> Tensor:
    """Write zeros everywhere."""
    return write(ZERO, input)


def double(input: Tensor) -> Tensor:
    """Return the tensor as float64."""
    return cast(input, dtypes.float64)


def float(input: Tensor) -> Tensor:
    """Return the tensor as float32."""
    return cast(input, dtypes.float32)


def half(input: Tensor) -> Tensor:
    """Return the tensor as float16."""
    return cast(input, dtypes.float16)


def bfloat16(input: Tensor) -> Tensor:
    """Return the tensor as bfloat16: the range of float32 in half its size, with 8 bits of precision."""
    return cast(input, dtypes.bfloat16)


def long(input: Tensor) -> Tensor:
    """Return the tensor as int64."""
    return cast(input, dtypes.int64)


def short(input: Tensor) -> Tensor:
    """Return the tensor as int16."""
    return cast(input, dtypes.int16)


def char(input: Tensor) -> Tensor:
    """Return the tensor as int8."""
    return cast(input, dtypes.int8)


def byte(input: Tensor) -> Tensor:
    """Return the tensor as uint8."""
    return cast(input, dtypes.uint8)


def int(input: Tensor) -> Tensor:
    """Return the tensor as int32."""
    return cast(input, dtypes.int32)


def bool(input: Tensor) -> Tensor:
    """Return the tensor as booleans: what is not zero is true."""
    return cast(input, dtypes.bool)
