"""Making tensors: from data, from nothing, and from random numbers."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from tensor import aliases, bases, devices, dtypes, interop, layouts, marks, modes
from tensor.bases import TensorBase, fresh
from tensor.devices import DeviceLike
from tensor.dtypes import Array, DtypeLike, Scalar, canonical
from tensor.errors import ArgumentError, DtypeError, InferenceModeError, ShapeError
from tensor.generators import Generator, random_of, uniform
from tensor.layouts import Placement
from tensor.marks import MARKED, Origin, combine
from tensor.ops.conversions import cast, detach
from tensor.ops.dims import extents
from tensor.ops.sampling import normal_of
from tensor.quiet import run
from tensor.scalars import number, whole

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _array(data: Any, dtype: DtypeLike | None, origins: list[Origin | None]) -> Array:
    """A new array of the dtype that PyTorch would choose for `data`; where what is marked in it came from is noted."""
    has_dtype = isinstance(data, TensorBase | np.ndarray | np.generic)
    plain = not has_dtype and _is_plain(data)
    try:
        array = np.array(data if plain else aliases.unwrapped(_with_scalars(data), origins))
    except ValueError as error:
        raise ShapeError(_unequal(data) or f"tensor: {error}") from error
    if dtype is not None:
        if array.dtype.kind not in "fiubV":
            dtypes.of(array.dtype)
        target = canonical(dtype).numpy_dtype
        if not has_dtype:
            _check_fits(array, target)
        return np.asarray(run(array.astype, target, copy=False))
    if array.dtype == np.float64 and (plain or not (has_dtype or np.float64 in _dtypes_in(data))):
        return np.asarray(run(array.astype, dtypes.get_default_dtype().numpy_dtype))
    dtypes.of(array.dtype)
    return array


def _is_plain(data: Any) -> builtins.bool:
    """Whether nested sequences hold Python's numbers only, which is soon seen."""
    if type(data) not in (list, tuple):
        return type(data) in _PLAIN
    return _PLAIN.issuperset(map(type, data)) or all(_is_plain(each) for each in data)


def _with_scalars(data: Any, depth: int = 0) -> Any:
    """Sequences in which tensors of one element, of whatever shape, are scalars, as PyTorch takes them."""
    if isinstance(data, list | tuple):
        return [_with_scalars(each, depth + 1) for each in data]
    if depth and isinstance(data, TensorBase) and data._data.size == 1:
        tensor: Any = data
        return detach(tensor).reshape(())
    return data


def _dtypes_in(data: Any) -> set[type[Any]]:
    """The types of NumPy scalars that the arrays, tensors and NumPy scalars in nested sequences are made of."""
    if isinstance(data, TensorBase):
        return {data._data.dtype.type}
    if isinstance(data, np.ndarray):
        return {data.dtype.type}
    if not isinstance(data, list | tuple):
        return {type(data)}
    return {kind for each in data for kind in _dtypes_in(each)}


_PLAIN = frozenset({builtins.bool, builtins.int, builtins.float})


def _check_fits(array: Array, target: np.dtype[Any]) -> None:
    """Raise ArgumentError if a number among those that a caller wrote down is out of an integer dtype's range."""
    if target.kind in "iu" and array.size and array.dtype.kind in "iuf":
        for extreme in (array.min(), array.max()):
            dtypes.fitting(extreme.item(), target)


def _unequal(data: Any, depth: int = 0) -> str:
    """Say which nested sequence has another length than its siblings, in PyTorch's words; nothing if none has."""
    if not isinstance(data, list | tuple) or not data or not isinstance(data[0], list | tuple):
        return ""
    length = len(data[0])
    for each in data:
        if not isinstance(each, list | tuple):
            return f"expected sequence of length {length} at dim {depth + 1} (got {type(each).__name__})"
        if len(each) != length:
            return (
                f"expected sequence of length {length} at dim {depth + 1} (got {len(each)}): tensors have equal lengths"
            )
        if said := _unequal(each, depth + 1):
            return said
    return ""


def tensor(
    data: Any,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    pin_memory: builtins.bool = False,
) -> Tensor:
    """Return a new leaf with a copy of `data`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tensor.html

    Args:
        data: Numbers, nested sequences of them, an array or a tensor. A mark in it marks the result.
        dtype: Inferred if not given: floats become the default dtype, arrays keep theirs.
        device: `"cpu"`.
        requires_grad: Whether to record what is computed from it.
        pin_memory: Ignored: there is no other device to copy to.

    Raises:
        ShapeError: The nested sequences differ in length.
        DtypeError: A tensor cannot hold the data.
        InferenceModeError: `requires_grad` inside inference mode.
        InferenceTensorError: `requires_grad` of marked data.
    """
    devices.check(device)
    origins: list[Origin | None] = []
    array = _array(data, dtype, origins)
    return made_of(origins, array, requires_grad)


def made_of(origins: Sequence[Origin | None], array: Array, requires_grad: builtins.bool) -> Tensor:
    """A new leaf over memory of its own, made of data of which the marked parts came from `origins`."""
    origin = combine(origins)
    if origins and requires_grad:
        bases.refuse_gradient(origin)
    return fresh(array, requires_grad=requires_grad, marked=bool(origins), origin=origin)


def as_tensor(data: Any, dtype: DtypeLike | None = None, device: DeviceLike = None) -> Tensor:
    """Return a tensor over `data`: itself if it is one, sharing memory if it is an array, else a copy.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.as_tensor.html
    """
    devices.check(device)
    if isinstance(data, TensorBase):
        same: Any = data
        return same if dtype is None else cast(same, dtype)
    if isinstance(data, np.ndarray):
        interop.check_layout(data)
        wrapped = aliases.adopt(data)
        return wrapped if dtype is None else cast(wrapped, dtype)
    return tensor(data, dtype=dtype)


def from_numpy(ndarray: Array) -> Tensor:
    """Return a tensor that shares an array's memory, which may be read-only.

    Memory that a marked tensor handed out gives a marked tensor.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.from_numpy.html

    Raises:
        DtypeError: It is no array, or a tensor cannot hold its dtype.
        ArgumentError: Its bytes are in the other order, or its elements are not whole strides apart.
    """
    if not isinstance(ndarray, np.ndarray):
        raise DtypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    interop.check_layout(ndarray)
    return aliases.adopt(ndarray)


def from_dlpack(ext_tensor: Any, *, device: DeviceLike = None, copy: builtins.bool | None = None) -> Tensor:
    """Return a tensor that shares the memory of whatever speaks DLPack.

    Memory that a marked tensor handed out gives a marked tensor; one of our tensors gives a tensor that shares its
    storage.
    Source: https://docs.pytorch.org/docs/stable/generated/torch.from_dlpack.html

    Args:
        ext_tensor: What has `__dlpack__`, or a capsule from it.
        device: `"cpu"`.
        copy: Whether to copy; `None` for where the other side has to, false for never.

    Raises:
        ExportError: It is one of our tensors, and requires a gradient.
    """
    devices.check(device)
    if isinstance(ext_tensor, TensorBase) and not ext_tensor._flags & MARKED:
        ours: Any = ext_tensor
        if ours.dtype is not dtypes.bfloat16:
            ours.__dlpack__()  # refuses what cannot be exported
        return detach(ours).clone() if copy else detach(ours)
    if type(ext_tensor).__name__ == "PyCapsule":
        ext_tensor = interop.Capsule(ext_tensor)
    array = np.from_dlpack(ext_tensor) if copy is None or copy else np.from_dlpack(ext_tensor, copy=False)
    made = aliases.adopt(array)
    return made.clone() if copy else made


def frombuffer(
    buffer: Any, *, dtype: DtypeLike, count: int = -1, offset: int = 0, requires_grad: builtins.bool = False
) -> Tensor:
    """Return a 1-d tensor over the memory of a buffer, which may be read-only.

    Args:
        buffer: Bytes, a memory map, or whatever else has the buffer protocol.
        dtype: What the bytes are.
        count: How many elements; -1 for all.
        offset: How many bytes to skip.
        requires_grad: Whether to record what is computed from it.

    Raises:
        ArgumentError: The buffer is empty, or does not hold so many whole elements.
    """
    wanted = canonical(dtype).numpy_dtype
    interop.check_buffer(interop.size_of(buffer), wanted.itemsize, count, offset)
    made = aliases.adopt(np.frombuffer(buffer, wanted, count, offset))
    return made.requires_grad_() if requires_grad else made


def _new(
    name: str,
    placement: Placement,
    array: Array,
    dtype: DtypeLike | None,
    device: DeviceLike,
    requires_grad: builtins.bool,
    origins: Sequence[Origin | None] = (),
) -> Tensor:
    devices.check(device)
    if placement:
        layouts.check_placement(name, placement)
    if dtype is not None:
        array = array.astype(canonical(dtype).numpy_dtype, copy=False)
    return made_of(origins, array, requires_grad)


def _numpy_dtype(dtype: DtypeLike | None) -> np.dtype[Any]:
    return (dtypes.get_default_dtype() if dtype is None else canonical(dtype)).numpy_dtype


class _Sized(Placement, total=False):
    """Besides, the size by its name: `zeros(size=(2, 3))`."""

    size: Sequence[builtins.int]


def _shape(sizes: tuple[Any, ...], given: _Sized) -> tuple[builtins.int, ...]:
    """The size that a factory got, as one argument, as several or by name."""
    return extents((given.pop("size"),) if "size" in given and not sizes else sizes)


def zeros(
    *sizes: Any,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[_Sized],
) -> Tensor:
    """Return zeros of a size."""
    return _new(
        "zeros", placement, np.zeros(_shape(sizes, placement), _numpy_dtype(dtype)), None, device, requires_grad
    )


def ones(
    *sizes: Any,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[_Sized],
) -> Tensor:
    """Return ones of a size."""
    return _new("ones", placement, np.ones(_shape(sizes, placement), _numpy_dtype(dtype)), None, device, requires_grad)


def empty(
    *sizes: Any,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[_Sized],
) -> Tensor:
    """Return a tensor of a size whose elements are whatever was in memory."""
    return _new(
        "empty", placement, np.empty(_shape(sizes, placement), _numpy_dtype(dtype)), None, device, requires_grad
    )


def full(
    size: Sequence[int],
    fill_value: Scalar | Tensor,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return one value in a size; its type gives the dtype. A 0-d tensor may give it, with its mark."""
    origins: list[Origin | None] = []
    value = number(fill_value, origins)
    if dtype is not None:
        wanted = canonical(dtype)
    elif isinstance(fill_value, TensorBase):
        wanted = dtypes.of(fill_value._data.dtype)
    else:
        wanted = dtypes.of_scalar(value)
    filled = np.full(extents((size,)), dtypes.fitting(value, wanted.numpy_dtype))
    return _new("full", placement, filled, None, device, requires_grad, origins)


def _like(
    name: str,
    placement: Placement,
    input: Tensor,
    make: Any,
    dtype: DtypeLike | None,
    device: DeviceLike,
    requires_grad: builtins.bool,
) -> Tensor:
    wanted = input._data.dtype if dtype is None else canonical(dtype).numpy_dtype
    return _new(name, placement, make(input._data.shape, wanted), None, device, requires_grad)


def zeros_like(
    input: Tensor,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return zeros in the shape and dtype of a tensor. Nothing of the tensor's data is in it, so no mark either."""
    return _like("zeros_like", placement, input, np.zeros, dtype, device, requires_grad)


def ones_like(
    input: Tensor,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return ones in the shape and dtype of a tensor."""
    return _like("ones_like", placement, input, np.ones, dtype, device, requires_grad)


def empty_like(
    input: Tensor,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return a tensor in the shape and dtype of another, not initialised."""
    return _like("empty_like", placement, input, np.empty, dtype, device, requires_grad)


def full_like(
    input: Tensor,
    fill_value: Scalar | Tensor,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return one value in the shape and dtype of a tensor. A 0-d tensor may give it, with its mark."""
    wanted = dtypes.of(input._data.dtype) if dtype is None else dtype
    return full(input._data.shape, fill_value, dtype=wanted, device=device, requires_grad=requires_grad, **placement)


def _drawn(draw: Any, size: tuple[int, ...], wanted: np.dtype[Any]) -> Array:
    # NumPy draws single and double precision only.
    direct = wanted if wanted in (np.float32, np.float64) else np.dtype(np.float32)
    return np.asarray(draw(size, dtype=direct)).astype(wanted, copy=False)


def rand(
    *sizes: Any,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[_Sized],
) -> Tensor:
    """Return random numbers, uniform from 0 up to but not 1."""
    drawn = uniform(random_of(generator), _shape(sizes, placement), _numpy_dtype(dtype))
    return _new("rand", placement, drawn, None, device, requires_grad)


def randn(
    *sizes: Any,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[_Sized],
) -> Tensor:
    """Return random numbers, normal with mean 0 and variance 1."""
    drawn = _drawn(random_of(generator).standard_normal, _shape(sizes, placement), _numpy_dtype(dtype))
    return _new("randn", placement, drawn, None, device, requires_grad)


def randint(
    low: int = 0,
    high: int | Sequence[int] | None = None,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return random integers from `low` (0 if only one bound is given) up to but not `high`.

    Raises:
        ShapeError: There is no integer between the bounds.
    """
    low, high = whole("randint", "low", low), whole("randint", "high", high)
    if size is None and isinstance(high, Sequence):
        first, last, shape = 0, low, tuple(high)
    elif size is not None and isinstance(high, builtins.int):
        first, last, shape = low, high, tuple(size)
    else:
        raise DtypeError(f"randint: expected (high, size) or (low, high, size), got ({low}, {high}, {size})")
    if first >= last:
        raise ShapeError(f"random_ expects 'from' to be less than 'to', but got from={first} >= to={last}")
    drawn = np.asarray(random_of(generator).integers(first, last, shape))
    return _new("randint", placement, drawn, dtypes.int64 if dtype is None else dtype, device, requires_grad)


def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return random integers in the shape and dtype of a tensor, from `low` (0 if left out) up to but not `high`.

    Raises:
        ShapeError: There is no integer between the bounds.
    """
    first, last = (0, low) if high is None else (low, high)
    return randint(
        first,
        last,
        input._data.shape,
        generator=generator,
        dtype=dtypes.of(input._data.dtype) if dtype is None else dtype,
        device=device,
        requires_grad=requires_grad,
        **placement,
    )


def randperm(
    n: int, *, generator: Generator | None = None, dtype: DtypeLike | None = None, device: DeviceLike = None
) -> Tensor:
    """Return the integers from 0 up to but not `n`, in random order.

    Raises:
        ArgumentError: `n` is negative.
    """
    n = whole("randperm", "n", n)
    if n < 0:
        raise ArgumentError(f"n must be non-negative, got {n}")
    return _new(
        "randperm", {}, random_of(generator).permutation(n), dtypes.int64 if dtype is None else dtype, device, False
    )


def rand_like(
    input: Tensor,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return uniform random numbers in the shape and dtype of a tensor."""
    return rand(
        input._data.shape,
        dtype=input._data.dtype if dtype is None else dtype,
        device=device,
        requires_grad=requires_grad,
        **placement,
    )


def randn_like(
    input: Tensor,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return normal random numbers in the shape and dtype of a tensor."""
    return randn(
        input._data.shape,
        dtype=input._data.dtype if dtype is None else dtype,
        device=device,
        requires_grad=requires_grad,
        **placement,
    )


def normal(
    mean: builtins.float | Tensor,
    std: builtins.float | Tensor = 1.0,
    size: Sequence[int] | None = None,
    *,
    generator: Generator | None = None,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
) -> Tensor:
    """Return normal random numbers: of the shape that means and standard deviations have together, or of a size.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.normal.html

    Args:
        mean: The means, or one number.
        std: The standard deviations, or one number.
        size: The shape where both are numbers, or 0-d tensors; needed then.
        generator: Where random numbers come from.
        dtype: With `size`: that of the result.
        device: With `size`: `"cpu"`.
        requires_grad: With `size`: whether to record what is computed from it.

    Raises:
        ArgumentError: A standard deviation is negative, or no size is given for numbers.
        DtypeError: A tensor is none of floats.
    """
    if size is None:
        if not isinstance(mean, TensorBase) and not isinstance(std, TensorBase):
            raise ArgumentError("normal: expected a size, as neither mean nor std is a tensor")
        return normal_of(mean, std, generator)
    origins: list[Origin | None] = []
    centre, spread = number(mean, origins), number(std, origins)
    if not spread >= 0:
        raise ArgumentError(f"normal expects std >= 0.0, but found std {spread}")
    devices.check(device)
    drawn = _drawn(random_of(generator).standard_normal, extents((size,)), _numpy_dtype(dtype))
    return made_of(origins, np.asarray(drawn * spread + centre, dtype=drawn.dtype), requires_grad=requires_grad)


def as_training_data(t: Tensor) -> Tensor:
    """Return a copy that is not inference-only: the one door out of the inference contract, and it is counted.

    Args:
        t: A tensor, marked or not.

    Returns:
        A new leaf with the same elements that does not require a gradient.

    Raises:
        InferenceModeError: Called inside inference mode.
    """
    if modes.current() is modes.INFERENCE:
        raise InferenceModeError(
            "as_training_data() was called inside inference_mode, where everything made is inference-only. "
            "Call it outside the block."
        )
    if t._flags & MARKED:
        marks.count_training_copy()
    return bases.wrap(t._data.copy())
