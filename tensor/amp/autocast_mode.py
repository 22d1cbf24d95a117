"""Mixed precision as a block: `autocast`, which can only be off; see `tensor.amp`."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, overload

from tensor import devices, dtypes
from tensor.dtypes import dtype
from tensor.errors import UnsupportedError

P = ParamSpec("P")
R = TypeVar("R")

__all__ = [
    "autocast",
    "custom_bwd",
    "custom_fwd",
    "get_autocast_dtype",
    "is_autocast_available",
    "is_autocast_enabled",
]


class autocast:  # noqa: N801 - PyTorch's name
    """A block, or a decorator, that computes as without it: mixed precision is off.

    Args:
        device_type: The kind of device that the block is for; for another than the CPU, enabling it warns.
        dtype: What would be computed in.
        enabled: Whether mixed precision is wanted.
        cache_enabled: Accepted since PyTorch has it.

    Raises:
        UnsupportedError: It is wanted on the CPU, where PyTorch would compute products of matrices in `dtype`.
    """

    def __init__(
        self,
        device_type: str,
        dtype: dtype | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        self.device = devices.device(device_type).type
        self.fast_dtype = get_autocast_dtype(self.device) if dtype is None else dtype
        self._enabled = False
        if not enabled or self.fast_dtype is dtypes.float32:
            return
        if self.device == "cpu":
            raise UnsupportedError(
                f"autocast: on the CPU PyTorch would compute products of matrices in {self.fast_dtype}, and here "
                "tensors are computed in their own dtype. Pass enabled=False for full precision, or convert the model "
                f"with .to({self.fast_dtype})."
            )
        warnings.warn(
            f"User provided device_type of {self.device!r}, but it is not available. Disabling autocast", stacklevel=2
        )

    def __enter__(self) -> Self:
        """Begin the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the block."""

    def __call__(self, func: Callable[P, R]) -> Callable[P, R]:
        """Return a function that computes as `func` does."""
        return func


def is_autocast_available(device_type: str) -> bool:
    """Whether mixed precision can be used: no.

    Args:
        device_type: The kind of device.
    """
    return False


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Whether mixed precision is on here: no.

    Args:
        device_type: The kind of device.
    """
    return False


def get_autocast_dtype(device_type: str) -> dtype:
    """Return the dtype that mixed precision would compute in.

    Args:
        device_type: The kind of device.
    """
    return dtypes.bfloat16 if devices.device(device_type).type in ("cpu", "xla", "hpu") else dtypes.float16


@overload
def custom_fwd(fwd: Callable[P, R], *, device_type: str = ..., cast_inputs: dtype | None = ...) -> Callable[P, R]: ...
@overload
def custom_fwd(
    fwd: None = None, *, device_type: str = ..., cast_inputs: dtype | None = ...
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def custom_fwd(fwd: Any = None, *, device_type: str = "cuda", cast_inputs: dtype | None = None) -> Any:
    """Return the `forward` of a custom function as it is: outside mixed precision nothing is cast.

    Source: https://docs.pytorch.org/docs/stable/amp.html#torch.amp.custom_fwd

    Args:
        fwd: The function; left out where this is used with arguments.
        device_type: The kind of device that it is for.
        cast_inputs: What its arguments would be cast to.
    """
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)
    return fwd


@overload
def custom_bwd(bwd: Callable[P, R], *, device_type: str = ...) -> Callable[P, R]: ...
@overload
def custom_bwd(bwd: None = None, *, device_type: str = ...) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def custom_bwd(bwd: Any = None, *, device_type: str = "cuda") -> Any:
    """Return the `backward` of a custom function as it is.

    Args:
        bwd: The function; left out where this is used with arguments.
        device_type: The kind of device that it is for.
    """
    return functools.partial(custom_bwd, device_type=device_type) if bwd is None else bwd
