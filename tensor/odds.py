"""Small functions that model files call on the way: checks, names, other spellings."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tensor import anomaly, dtypes, factories
from tensor.bases import TensorBase
from tensor.devices import DeviceLike
from tensor.dtypes import DtypeLike, Scalar, canonical, dtype
from tensor.errors import ArgumentError, UnsupportedError
from tensor.marks import REQUIRES_GRAD
from tensor.ops import conversions

if TYPE_CHECKING:
    from tensor.tensors import Tensor

OutOfMemoryError = MemoryError  # what NumPy raises, so that code that catches it does


def asarray(
    obj: Any,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    copy: builtins.bool | None = None,
    requires_grad: builtins.bool = False,
) -> Tensor:
    """Return a tensor of whatever holds numbers, over the same memory where that can be.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.asarray.html

    Args:
        obj: A tensor, an array, a number, or nested sequences of them.
        dtype: That of the result.
        device: `"cpu"`.
        copy: Whether to copy; `None` for where it has to be, false for never.
        requires_grad: Whether to record what is computed from it; if not, it has no history.

    Raises:
        ArgumentError: `copy` is false, and the memory cannot be shared.
    """
    shared = factories.as_tensor(obj, device=device)
    result = shared if dtype is None else conversions.cast(shared, dtype)
    shares = isinstance(obj, TensorBase | np.ndarray) and result is shared
    if copy is False and not shares:
        raise ArgumentError("asarray: can't alias memory with copy=False: the data has to be converted")
    if result._flags & REQUIRES_GRAD and not requires_grad:
        result = conversions.detach(result)
    if copy and shares:
        result = conversions.clone(result)
    return result.requires_grad_() if requires_grad else result


def scalar_tensor(
    s: Scalar, *, dtype: DtypeLike | None = None, device: DeviceLike = None, requires_grad: builtins.bool = False
) -> Tensor:
    """Return a number as a 0-d tensor, of the default dtype unless another is given."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtype
    return factories.full((), s, dtype=wanted, device=device, requires_grad=requires_grad)


def typename(obj: Any) -> str:
    """Return the name of a tensor's type, such as `tensor.FloatTensor`, or of another object's class.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.typename.html
    """
    if isinstance(obj, TensorBase):
        tensor: Any = obj
        return str(tensor.type())
    cls = obj if isinstance(obj, type) else type(obj)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def can_cast(from_: dtype, to: dtype) -> builtins.bool:
    """Whether results of one dtype may be written into tensors of another: bool < int < float.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.can_cast.html

    Args:
        from_: The dtype of the results.
        to: The dtype of the tensors.
    """
    return dtypes.can_cast(canonical(from_), canonical(to))


def is_storage(obj: Any) -> builtins.bool:
    """Whether something is one of PyTorch's storages: never, a tensor's memory is no object of its own."""
    return False


def _assert(condition: Any, message: str) -> None:
    """Raise `AssertionError` unless a condition holds."""
    if not condition:
        raise AssertionError(message)


def _assert_async(input: Tensor, assert_msg: str = "Expected Tensor with single nonzero value") -> None:
    """Raise `AssertionError` unless a tensor's only element is not zero."""
    _assert(bool(input), assert_msg)


def _check(cond: Any, message: Callable[[], str] | str | None = None) -> None:
    """Raise `RuntimeError` unless a condition holds.

    Args:
        cond: The condition.
        message: What to say, or what returns that.
    """
    if not cond:
        raise RuntimeError(message() if callable(message) else message or "Expected cond to be True, but got False.")


def vmap(func: Callable[..., Any], *args: Any, **options: Any) -> NoReturn:
    """Raise: functions are not vectorised.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError("vmap: functions are not vectorised; give tensors a batch dimension, or write a loop")


def set_anomaly_enabled(mode: builtins.bool, check_nan: builtins.bool = True) -> None:
    """Say whether backward passes report what recorded the operation that failed; see `autograd.detect_anomaly`."""
    anomaly.switch(mode, check_nan)
