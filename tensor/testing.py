"""Comparing results: PyTorch's `torch.testing`.

Source: https://docs.pytorch.org/docs/stable/testing.html
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tensor import dtypes
from tensor.bases import TensorBase
from tensor.errors import ArgumentError, DtypeError
from tensor.factories import as_tensor

__all__ = ["assert_allclose", "assert_close"]

# For each dtype how far apart elements may be: relative to the expected one, and at all. Others must be equal.
_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raise unless two results are nearly the same: `|actual - expected| <= atol + rtol * |expected|` everywhere.

    Args:
        actual: Tensors, arrays or numbers, or sequences and mappings of them.
        expected: The same in structure.
        allow_subclasses: Whether both may be of different classes, if one derives from the other.
        rtol: The relative tolerance; if not given, both are as the dtypes ask for: 1.3e-6 and 1e-5 for float32.
        atol: The absolute tolerance.
        equal_nan: Whether two nan are the same.
        check_device: Accepted since PyTorch has it.
        check_dtype: Whether the dtypes must be the same.
        check_layout: Accepted since PyTorch has it.
        check_stride: Whether the strides must be the same.
        msg: What to say instead, or what makes that of what would be said.

    Raises:
        AssertionError: They are not.
        DtypeError: They are of different kinds, such as a tensor and a number.
        ArgumentError: Only one of the tolerances is given.
    """
    if (rtol is None) != (atol is None):
        raise ArgumentError(f"rtol and atol must both be given, or neither; got rtol={rtol} and atol={atol}")
    tolerances = None if rtol is None or atol is None else (rtol, atol)
    for where, mine, yours in _pairs(actual, expected, ""):
        said = _difference(mine, yours, tolerances, equal_nan, check_dtype, check_stride, allow_subclasses)
        if said:
            said = f"{said} (at {where})" if where else said
            raise AssertionError(msg(said) if callable(msg) else msg or said)


def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """Call `assert_close`, as it was before it: dtypes may differ, and two nan are the same; deprecated.

    Args:
        actual: Tensors, arrays or numbers, or sequences and mappings of them.
        expected: The same in structure; its parts are made tensors of.
        rtol: The relative tolerance.
        atol: The absolute tolerance.
        equal_nan: Whether two nan are the same.
        msg: What to say instead.

    Raises:
        AssertionError: They are not nearly the same.
    """
    warnings.warn(
        "`testing.assert_allclose` is deprecated: call `testing.assert_close`, which checks more.",
        FutureWarning,
        stacklevel=2,
    )
    as_given = [each if isinstance(each, TensorBase) else as_tensor(each) for each in (actual, expected)]
    assert_close(*as_given, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None)


def _pairs(actual: Any, expected: Any, where: str) -> list[tuple[str, Any, Any]]:
    """The parts of two structures side by side, and where they are."""
    if isinstance(actual, Mapping) and isinstance(expected, Mapping):
        if actual.keys() != expected.keys():
            raise AssertionError(f"The keys of the mappings do not match: {sorted(actual)} != {sorted(expected)}")
        return [pair for key in actual for pair in _pairs(actual[key], expected[key], f"{where}[{key!r}]")]
    if _is_sequence(actual) and _is_sequence(expected):
        if len(actual) != len(expected):
            raise AssertionError(f"The length of the sequences mismatch: {len(actual)} != {len(expected)}")
        both = enumerate(zip(actual, expected, strict=True))
        return [pair for at, (mine, yours) in both for pair in _pairs(mine, yours, f"{where}[{at}]")]
    return [(where, actual, expected)]


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _difference(
    actual: Any,
    expected: Any,
    tolerances: tuple[float, float] | None,
    equal_nan: bool,
    check_dtype: bool,
    check_stride: bool,
    allow_subclasses: bool,
) -> str:
    """Say what is different, or nothing."""
    related = isinstance(actual, type(expected)) or isinstance(expected, type(actual))
    numbers = all(isinstance(each, bool | int | float) for each in (actual, expected))
    if not numbers and (not related or (not allow_subclasses and type(actual) is not type(expected))):
        raise DtypeError(f"assert_close: cannot compare a {type(actual).__name__} with a {type(expected).__name__}")
    if not isinstance(actual, TensorBase | np.ndarray | np.generic | bool | int | float):
        return "" if actual == expected else f"{actual!r} is not equal to {expected!r}"
    mine, yours = [each._data if isinstance(each, TensorBase) else np.asarray(each) for each in (actual, expected)]
    if mine.shape != yours.shape:
        return f"The values for attribute 'shape' do not match: {mine.shape} != {yours.shape}"
    if check_dtype and not numbers and mine.dtype != yours.dtype:
        return f"The values for attribute 'dtype' do not match: {dtypes.of(mine.dtype)} != {dtypes.of(yours.dtype)}"
    if check_stride and mine.strides != yours.strides:
        return "The values for attribute 'stride()' do not match"
    chosen = tolerances or max(_TOLERANCES.get(each.dtype.name, (0.0, 0.0)) for each in (mine, yours))
    return _unlike(mine, yours, *chosen, equal_nan=equal_nan)


def _unlike(mine: Any, yours: Any, rtol: float, atol: float, *, equal_nan: bool) -> str:
    """Say how many elements are too far apart, and by how much, or nothing."""
    wide = np.float64 if dtypes.is_floating(mine.dtype) or dtypes.is_floating(yours.dtype) else object
    a, b = mine.astype(wide), yours.astype(wide)
    with np.errstate(invalid="ignore"):
        apart = np.where(a == b, 0, abs(a - b)).astype(np.float64)
        limit = (atol + rtol * abs(b)).astype(np.float64)
        close = (a == b) | ((apart <= limit) & np.isfinite(limit))
    if wide is np.float64 and equal_nan:
        close |= np.isnan(a) & np.isnan(b)
    if np.all(close):
        return ""
    largest = float(np.nanmax(np.where(close, 0.0, apart))) if not np.all(np.isnan(apart)) else float("nan")
    return (
        f"{'Scalars' if not mine.ndim else 'Tensor-likes'} are not close! Mismatched elements: "
        f"{int(np.sum(~close))} / {mine.size}; greatest absolute difference: {largest} (up to atol={atol}, rtol={rtol} "
        "allowed)"
    )
