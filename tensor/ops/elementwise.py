"""How NumPy's ufuncs become kernels with PyTorch's type promotion, and in-place functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes
from tensor.dispatch import write
from tensor.dtypes import Array, is_floating, promoted
from tensor.errors import DtypeError
from tensor.registry import Kernel, Op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

_ndarray = np.ndarray


def binary(ufunc: Any, *, floating: bool = False) -> Kernel:
    """Return a kernel of two operands in their common dtype.

    Args:
        ufunc: Computes it.
        floating: Whether integers are computed in the default float dtype.
    """

    def kernel(input: Any, other: Any) -> Any:
        if type(input) is _ndarray:
            if type(other) is _ndarray:
                if input.dtype is other.dtype and not (floating and not is_floating(input.dtype)):
                    return ufunc(input, other)
            elif is_floating(input.dtype):
                return ufunc(input, other)  # a Python number takes the array's dtype in NumPy too
        elif is_floating(other.dtype):
            return ufunc(input, other)
        return ufunc(*promoted(input, other, floating=floating))

    # For two arrays of one dtype, of floats if it must be, `dispatch` skips the rest.
    kernel.ufunc, kernel.floating = ufunc, floating  # type: ignore[attr-defined]
    return kernel


def as_floating(input: Array) -> Array:
    """Return integers and booleans in the default float dtype, floats as they are."""
    return input if is_floating(input.dtype) else input.astype(dtypes.get_default_dtype().numpy_dtype)


def check_floating(name: str, input: Array) -> None:
    """Raise `DtypeError` unless an operation that computes with floats only gets them."""
    if not is_floating(input.dtype):
        raise DtypeError(f"{name}: expected floats, got {dtypes.of(input.dtype)}; convert them with .float()")


def unary(ufunc: Any, *, floating: bool = False) -> Kernel:
    """Return a kernel of one operand.

    Args:
        ufunc: Computes it.
        floating: Whether integers are computed in the default float dtype.
    """

    def kernel(input: Array) -> Any:
        return ufunc(as_floating(input) if floating else input)

    return kernel


def inplace(op: Op) -> Callable[..., Tensor]:
    """Return the function that computes an operation into its first operand, such as `add_` for `add`."""

    def function(input: Tensor, /, *operands: Any, **static: Any) -> Tensor:
        result: Tensor = write(op, input, *operands, **static)
        return result

    function.__name__ = function.__qualname__ = f"{op.name}_"
    function.__doc__ = f"Compute `{op.name}` into this tensor, and return it."
    return function
