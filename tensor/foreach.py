"""One operation on each tensor of a list: `_foreach_add_` and its kind, which optimisers written for PyTorch call.

They are loops over the methods of one tensor, to which modes, marks and gradients are what they always are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tensor.bases import TensorBase
from tensor.errors import ArgumentError
from tensor.marks import MARKED
from tensor.ops.vector_norms import vector_norm
from tensor.scalars import check_numbers
from tensor.tensors import Tensor

Function = Callable[..., Any]

_OF_ONE = (
    *("abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "erf", "erfc", "exp", "expm1", "floor", "frac", "lgamma"),
    *("log", "log10", "log1p", "log2", "neg", "reciprocal", "round", "rsqrt", "sigmoid", "sign", "sin", "sinh"),
    *("sqrt", "tan", "tanh", "trunc"),
)
_OF_SEVERAL = ("add", "clamp_max", "clamp_min", "div", "lerp", "mul", "pow", "sub")
_SCALED = ("addcdiv", "addcmul")


def _each(name: str, count: int, given: Any) -> Sequence[Any]:
    """Return what belongs to each of so many tensors: its own of a list, or the same for all.

    Raises:
        ArgumentError: There is not one for each.
    """
    if not isinstance(given, list | tuple):
        return [given] * count
    if len(given) != count:
        raise ArgumentError(f"{name}: expected lists of the same length, got {count} and {len(given)}")
    return given


def _one(name: str, compute: Function, tensors: Sequence[Any], *args: Any, **named: Any) -> list[Any]:
    return [compute(each, *args, **named) for each in tensors]


def _several(name: str, compute: Function, tensors: Sequence[Any], *others: Any, **named: Any) -> list[Any]:
    columns = [_each(name, len(tensors), each) for each in others]
    return [compute(*row, **named) for row in zip(tensors, *columns, strict=True)]


def _scaled(
    name: str, compute: Function, tensors: Sequence[Any], ones: Any, others: Any, value: Any = 1, *, scalars: Any = None
) -> list[Any]:
    factors = value if scalars is None else scalars
    if isinstance(factors, TensorBase):
        if factors._flags & MARKED:
            check_numbers(name, {"scalars": factors})
        factors = factors._data.tolist()
    columns = [_each(name, len(tensors), each) for each in (ones, others, factors)]
    return [compute(*row, value=factor) for *row, factor in zip(tensors, *columns, strict=True)]


def _looped(name: str, loop: Function, compute: Function) -> Function:
    """Return the loop over a function, by its public name; what works in place gives the list back."""
    public = f"_foreach_{name}"

    def called(tensors: Any, *args: Any, **named: Any) -> Any:
        if not isinstance(tensors, list | tuple) or not tensors:
            raise ArgumentError(f"{public}: expected a list of at least one tensor, got {tensors!r}")
        made = loop(public, compute, tensors, *args, **named)
        return tensors if name.endswith("_") else tuple(made)

    called.__module__, called.__name__, called.__qualname__ = "tensor", public, public
    called.__doc__ = f"Do `{name}` with each tensor of a list."
    return called


def _bounded(compute: Function) -> Function:
    """Return `maximum` or `minimum` in place, which tensors have not."""
    return lambda input, other: input.copy_(compute(input, other))


def _norm(input: Any, ord: Any = 2, dtype: Any = None) -> Any:
    return vector_norm(input, ord, dtype=dtype)


_LOOPS: dict[Function, dict[str, Function]] = {
    _one: {name: getattr(Tensor, name) for each in _OF_ONE for name in (each, f"{each}_")}
    | {"clone": Tensor.clone, "norm": _norm, "zero_": Tensor.zero_},
    _several: {name: getattr(Tensor, name) for each in _OF_SEVERAL for name in (each, f"{each}_")}
    | {"copy_": Tensor.copy_, "maximum": Tensor.maximum, "minimum": Tensor.minimum}
    | {"maximum_": _bounded(Tensor.maximum), "minimum_": _bounded(Tensor.minimum)},
    _scaled: {name: getattr(Tensor, name) for each in _SCALED for name in (each, f"{each}_")},
}

FUNCTIONS = {
    f"_foreach_{name}": _looped(name, loop, compute)
    for loop, functions in _LOOPS.items()
    for name, compute in functions.items()
}
