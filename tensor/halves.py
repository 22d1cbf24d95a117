"""Half precision: float16 and bfloat16 are stored in two bytes, computed in float32 and rounded once, as in PyTorch.

So kernels and gradient rules never see them, except those that only move elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor.dtypes import HALF, Array, is_floating
from tensor.quiet import run

if TYPE_CHECKING:
    from tensor.registry import Op


def widened(value: Any) -> Any:
    """Return a half-precision array in float32, and whatever else as it is; also within a tuple."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float32) if value.dtype in HALF else value
    return tuple([widened(each) for each in value]) if type(value) is tuple else value


def _common(arrays: Sequence[Any]) -> np.dtype[Any] | None:
    """The one half-precision dtype of all that is a float among the operands, `None` where there are others."""
    floats = {each.dtype for each in arrays if isinstance(each, np.ndarray) and is_floating(each.dtype)}
    only = floats.pop() if len(floats) == 1 else None
    return only if only in HALF else None


def compute(op: Op, arrays: Sequence[Any], static: dict[str, Any]) -> Any:
    """Run a kernel in float32 where its operands are of one half-precision dtype, and round what users see of it."""
    dtype = _common(arrays)
    if dtype is None:  # kernels promote float16 with float32 by themselves
        return run(op.kernel, *arrays, **static)
    out = run(op.kernel, *[widened(each) for each in arrays], **static)
    if not op.extras:
        return _rounded(out, dtype)
    return (*[_rounded(each, dtype) for each in out[: op.outputs]], *out[op.outputs :])


def _rounded(out: Any, dtype: np.dtype[Any]) -> Array:
    array = np.asarray(out)
    rounded: Array = run(array.astype, dtype) if array.dtype == np.float32 else array  # which may overflow
    return rounded
