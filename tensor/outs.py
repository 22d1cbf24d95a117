"""`out=`: the result of a top-level function goes into a tensor that is given.

The functions themselves know nothing of it, and methods and operators, which PyTorch has without it too, pay nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from tensor import modes
from tensor.errors import DtypeError, GradientError, ShapeError
from tensor.tensors import Tensor

FUNCTIONS = frozenset(
    [
        "abs",
        "acos",
        "acosh",
        "add",
        "addbmm",
        "addcdiv",
        "addcmul",
        "addmm",
        "addmv",
        "addr",
        "all",
        "amax",
        "amin",
        "any",
        "arange",
        "argmax",
        "argmin",
        "argsort",
        "asin",
        "asinh",
        "atan",
        "atan2",
        "atanh",
        "baddbmm",
        "bitwise_and",
        "bitwise_left_shift",
        "bitwise_not",
        "bitwise_or",
        "bitwise_right_shift",
        "bitwise_xor",
        "bmm",
        "bucketize",
        "cat",
        "ceil",
        "cholesky",
        "clamp",
        "clip",
        "column_stack",
        "concat",
        "concatenate",
        "copysign",
        "cos",
        "cosh",
        "cross",
        "cummax",
        "cummin",
        "cumprod",
        "cumsum",
        "deg2rad",
        "diag",
        "digamma",
        "div",
        "divide",
        "dot",
        "dstack",
        "empty",
        "empty_like",
        "eq",
        "erf",
        "erfc",
        "erfinv",
        "exp",
        "exp2",
        "expm1",
        "eye",
        "fix",
        "float_power",
        "floor",
        "floor_divide",
        "fmax",
        "fmin",
        "fmod",
        "frac",
        "full",
        "gather",
        "gcd",
        "ge",
        "ger",
        "greater",
        "greater_equal",
        "gt",
        "heaviside",
        "hstack",
        "hypot",
        "index_select",
        "inner",
        "inverse",
        "isneginf",
        "isposinf",
        "kron",
        "kthvalue",
        "lcm",
        "ldexp",
        "le",
        "lerp",
        "less",
        "less_equal",
        "lgamma",
        "linspace",
        "log",
        "log10",
        "log1p",
        "log2",
        "logaddexp",
        "logaddexp2",
        "logcumsumexp",
        "logical_and",
        "logical_not",
        "logical_or",
        "logical_xor",
        "logit",
        "logspace",
        "logsumexp",
        "lt",
        "masked_select",
        "matmul",
        "matrix_power",
        "max",
        "maximum",
        "mean",
        "median",
        "min",
        "minimum",
        "mm",
        "mul",
        "multinomial",
        "multiply",
        "mv",
        "nan_to_num",
        "nanmean",
        "nanmedian",
        "nanquantile",
        "ne",
        "neg",
        "negative",
        "nextafter",
        "nonzero",
        "norm",
        "normal",
        "not_equal",
        "ones",
        "outer",
        "pow",
        "prod",
        "quantile",
        "rad2deg",
        "rand",
        "randint",
        "randn",
        "randperm",
        "range",
        "reciprocal",
        "remainder",
        "renorm",
        "round",
        "row_stack",
        "rsqrt",
        "searchsorted",
        "sgn",
        "sigmoid",
        "sign",
        "signbit",
        "sin",
        "sinc",
        "sinh",
        "sort",
        "sqrt",
        "square",
        "stack",
        "std",
        "sub",
        "subtract",
        "sum",
        "take_along_dim",
        "tan",
        "tanh",
        "topk",
        "tril",
        "triu",
        "true_divide",
        "trunc",
        "var",
        "vdot",
        "vstack",
        "where",
        "xlogy",
        "zeros",
    ]
)


def install(namespace: dict[str, Any]) -> None:
    """Let the functions of a namespace take `out=`: a tensor, or a tuple of them where there are several results."""
    made: dict[Callable[..., Any], Callable[..., Any]] = {}  # two names of one function stay so
    for name in sorted(FUNCTIONS, key=lambda each: each != namespace[each].__name__):
        fn = namespace[name]
        if fn not in made:
            made[fn] = _taking_out(name, fn)
        namespace[name] = made[fn]


def _taking_out(name: str, fn: Callable[..., Any]) -> Callable[..., Any]:

    @functools.wraps(fn)
    def with_out(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        result = fn(*args, **kwargs)
        return result if out is None else _written(name, result, out)

    with_out.__module__, with_out.__qualname__ = "tensor", name  # where pickle finds it
    return with_out


def _written(name: str, result: Any, out: Any) -> Any:
    if not isinstance(result, tuple):
        write(name, result, out)
        return out
    if not isinstance(out, tuple | list) or len(out) != len(result):
        raise DtypeError(f"{name}(): expected {len(result)} tensors in a tuple as out, got {type(out).__name__}")
    for each, place in zip(result, out, strict=True):
        write(name, each, place)
    return type(result)(out) if type(result) is tuple else type(result)(*out)


def write(name: str, result: Any, out: Any) -> None:
    """Write a result into the tensor that was given for it.

    Args:
        name: The function, for messages.
        result: What it computed.
        out: A tensor of the result's shape.

    Raises:
        DtypeError: `out` is no tensor, or one of a dtype that cannot hold the result.
        GradientError: One of the two requires grad.
        ShapeError: The shapes differ.
    """
    if not isinstance(out, Tensor):
        raise DtypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if modes.current() is modes.GRAD and (result.requires_grad or out.requires_grad):
        raise GradientError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad. Leave out= away, or call it under no_grad."
        )
    if out.shape != result.shape:
        raise ShapeError(
            f"{name}(): out has the shape {tuple(out.shape)}, the result {tuple(result.shape)}; a tensor keeps the "
            "shape that it was made with, so pass one of the result's shape, or leave out= away"
        )
    if not np.can_cast(result._data.dtype, out._data.dtype, "same_kind"):
        raise DtypeError(f"{name}(): result type {result.dtype} can't be cast to the desired output type {out.dtype}")
    out.copy_(result)
