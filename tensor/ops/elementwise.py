"""How NumPy's ufuncs become kernels with PyTorch's type promotion, and in-place functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
_BLOCK = 1 << 15  # elements: a few arrays of so many fit a core's cache


def binary(ufunc: Any, *, floating: bool = False) -> Kernel:
    """Return a kernel of two operands in their common dtype.

    Args:
        ufunc: Computes it; `dispatch.operator` calls it alone for two arrays of one dtype.
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
    kernel.ufunc, kernel.floating, kernel.numbers = ufunc, floating, True  # type: ignore[attr-defined]
    return kernel


def as_floating(input: Array) -> Array:
    """Return integers and booleans in the default float dtype, floats as they are."""
    return input if is_floating(input.dtype) else input.astype(dtypes.get_default_dtype().numpy_dtype)


def flat(g: Array) -> Array:
    """Return the gradient of a function with steps: zeros."""
    return np.zeros_like(g)


def in_blocks(compute: Callable[..., None], *arrays: Array) -> Array:
    """Compute an elementwise function block by block, so that what it keeps in between stays in the cache.

    Args:
        compute: Takes arrays of one dimension and the array to write the result to, which it may use before.
        arrays: Of one shape; the first has the result's dtype.
    """
    first = arrays[0]
    rows = [each.reshape(-1) for each in arrays]
    out = np.empty(first.size, first.dtype)
    if out.size <= _BLOCK:
        compute(*rows, out)
    else:
        for start in range(0, out.size, _BLOCK):
            part = slice(start, start + _BLOCK)
            compute(*[each[part] for each in rows], out[part])
    return out.reshape(first.shape)


def horner(x: Array, coefficients: Sequence[float], out: Array) -> Array:
    """Compute a polynomial into `out`, which is not `x`; coefficients come from the highest power down."""
    np.multiply(x, coefficients[0], out=out)
    for coefficient in coefficients[1:-1]:
        out += coefficient
        out *= x
    out += coefficients[-1]
    return out


def like_gradient(operand: Any, g: Array) -> Any:
    """Return an operand in the dtype of a gradient: rules must not compute in integers, which wrap around."""
    if not isinstance(operand, np.ndarray) or is_floating(operand.dtype):
        return operand
    return operand.astype(g.dtype)


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
