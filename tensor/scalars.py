"""Arguments that are numbers, where a caller may pass a tensor: its mark is seen, or it is refused.

Operands of an operation may be numbers or tensors alike, and `apply` looks at their marks. Whatever else is a number,
such as an epsilon or a probability, is passed on as it is; a marked tensor there would lose its mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tensor import modes, writes
from tensor.aliases import unwrapped
from tensor.bases import TensorBase, describe
from tensor.errors import DtypeError, ShapeError
from tensor.marks import MARKED, Origin


def check_numbers(name: str, values: Mapping[str, Any]) -> None:
    """Raise DtypeError if one of a function's arguments that must be numbers is a tensor."""
    for argument, value in values.items():
        if isinstance(value, TensorBase):
            raise DtypeError(
                f"{name}: expected a Python number as {argument}, got a tensor ({describe(value)}); "
                "pass its item(), which leaves the inference contract if the tensor is inference-only"
            )


def whole(name: str, argument: str, value: Any) -> Any:
    """Return a size, a count or a place that may be an integer tensor of one element, as PyTorch takes it.

    A marked one is taken where whatever is made of it is marked, which is inside `inference_mode` only.

    Raises:
        DtypeError: It is another tensor.
    """
    if not isinstance(value, TensorBase):
        return value
    if value._data.dtype.kind not in "iub" or value._data.size != 1:
        raise DtypeError(
            f"{name}: expected an integer, or a tensor of one integer, as {argument}, got a tensor ({describe(value)})"
        )
    if value._flags & MARKED and modes.current() is not modes.INFERENCE:
        check_numbers(name, {argument: value})
    return int(value._data.item())


def number(value: Any, origins: list[Origin | None]) -> Any:
    """Return an argument as a Python number, and note where it came from if it is marked.

    Raises:
        ShapeError: It is a tensor of several elements.
    """
    if not isinstance(value, TensorBase):
        return value
    array = unwrapped(value, origins)
    if array.size != 1:
        raise ShapeError(f"expected a number, or a tensor of one element; got a tensor of {describe(value)}")
    return array.item()


def numbers_into(name: str, target: TensorBase, *values: Any) -> list[Any]:
    """Return arguments as Python numbers, which are to be written into a tensor.

    Raises:
        InferenceTensorError: One is marked, and the tensor's memory is not.
        ShapeError: One is a tensor of several elements.
    """
    if any(isinstance(each, TensorBase) for each in values):
        writes.check(name, target, values, modes.current())
    return [number(each, []) for each in values]
