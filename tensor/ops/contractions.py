"""Einstein summation, and what is built on it.

Several operands are contracted two at a time. Before that each one is rid of what concerns it alone: a label that it
has twice is a diagonal, a label that nobody else wants is summed. What remains is a batch of matrix products.
"""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import dtypes
from tensor.bases import TensorBase
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.ops.conversions import cast
from tensor.ops.dims import normal_dims
from tensor.registry import op

if TYPE_CHECKING:
    from tensor.tensors import Tensor

_LETTERS = string.ascii_uppercase + string.ascii_lowercase  # in the order of the integers that may stand for them
Labels = tuple[Any, ...]  # a label is a letter, or a number for each dimension that an ellipsis stands for


def _contracted(input: Array, other: Array, *, first: Labels, second: Labels, out: Labels) -> Any:
    """Multiply two arrays and sum over the labels that `out` lacks; each of these is a label of both."""
    if input.dtype != other.dtype:
        raise DtypeError(f"expected operands of one dtype, got {input.dtype} and {other.dtype}")
    sizes = dict(zip(first, input.shape, strict=True))
    for label, size in zip(second, other.shape, strict=True):
        sizes[label] = size if sizes.get(label, 1) == 1 else sizes[label]
    input = np.broadcast_to(input, [sizes[label] for label in first])
    other = np.broadcast_to(other, [sizes[label] for label in second])
    batch = [label for label in first if label in second and label in out]
    summed = [label for label in first if label in second and label not in out]
    left = [label for label in first if label not in second]
    right = [label for label in second if label not in first]

    def extent(labels: Sequence[Any]) -> int:
        return math.prod(sizes[label] for label in labels)

    a = input.transpose([first.index(label) for label in (*batch, *left, *summed)])
    b = other.transpose([second.index(label) for label in (*batch, *summed, *right)])
    a = a.reshape(extent(batch), extent(left), extent(summed))
    b = b.reshape(extent(batch), extent(summed), extent(right))
    made = (*batch, *left, *right)
    product: Array = np.matmul(a, b).reshape([sizes[label] for label in made])
    return product.transpose([made.index(label) for label in out])


def _contracted_vjp(
    g: Array, other: Array, shape: tuple[int, ...], *, out: Labels, second: Labels, first: Labels
) -> Array:
    """The gradient of the operand with the labels `first`; where only the other was broadcast, it is so too."""
    gradient = _contracted(g, other, first=out, second=second, out=first)
    return np.broadcast_to(gradient, [b if a == 1 else a for a, b in zip(gradient.shape, shape, strict=True)])


EINSUM = op(
    "einsum",
    _contracted,
    input=lambda g, other, shape, first, second, out: _contracted_vjp(
        g, other, shape, out=out, second=second, first=first
    ),
    other=lambda g, input, shape, first, second, out: _contracted_vjp(
        g, input, shape, out=out, second=first, first=second
    ),
)


def _own_axes(equation: str) -> tuple[list[list[str]], list[str] | None]:
    """The labels of each operand and of the result, `...` among them; no result if the equation has no arrow."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    parts = [_labels(part) for part in left.split(",")]
    return parts, _labels(right) if arrow else None


def _labels(text: str) -> list[str]:
    before, dots, after = text.partition("...")
    labels = [*before, *(["..."] if dots else []), *after]
    for label in labels:
        if label != "..." and label not in string.ascii_letters:
            raise ArgumentError(f"einsum(): invalid subscript given: {label!r}, subscripts must be in [a-zA-Z] or ...")
    return labels


def _sublists(operands: Sequence[Any]) -> tuple[list[list[Any]], list[Any] | None, list[Any]]:
    """The form with lists of integers for labels: `einsum(a, [0, 1], b, [1, 2], [0, 2])`."""
    tensors = list(operands[0 : len(operands) // 2 * 2 : 2])
    lists = list(operands[1 : len(operands) // 2 * 2 : 2])
    out = operands[-1] if len(operands) % 2 else None

    def named(labels: Sequence[Any]) -> list[Any]:
        for label in labels:
            if label is not Ellipsis and not 0 <= label < len(_LETTERS):
                raise ArgumentError(f"einsum(): the subscript {label} is not within the valid range [0, 52)")
        return ["..." if label is Ellipsis else _LETTERS[label] for label in labels]

    return [named(each) for each in lists], None if out is None else named(out), tensors


def _spelled(labels: list[Any], ndim: int) -> Labels:
    """Labels with a number for each dimension that `...` stands for, counted from the last."""
    named = sum(label != "..." for label in labels)
    if "..." not in labels:
        if named != ndim:
            raise ShapeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
                f"({ndim}) for an operand and no ellipsis was given"
            )
        return tuple(labels)
    if named > ndim:
        raise ShapeError(
            f"einsum(): the number of subscripts in the equation ({named}) is more than the number of dimensions "
            f"({ndim}) for an operand"
        )
    at = labels.index("...")
    return (*labels[:at], *range(ndim - named - 1, -1, -1), *labels[at + 1 :])


def _result(given: list[Labels], out: list[Any] | None) -> Labels:
    """The labels of the result; without an arrow, those of `...`, then the labels that occur once."""
    dots = max((label for each in given for label in each if isinstance(label, int)), default=-1)
    spelled = range(dots, -1, -1)
    every = [label for each in given for label in each]
    if out is None:
        once = sorted({label for label in every if isinstance(label, str) and every.count(label) == 1})
        return (*spelled, *once)
    for label in out:
        if out.count(label) > 1:
            raise ArgumentError(f"einsum(): output subscript {label} appears more than once in the output")
        if label != "..." and label not in every:
            raise ArgumentError(f"einsum(): output subscript {label} does not appear in the equation for any input")
    return tuple(each for label in out for each in (spelled if label == "..." else [label]))


def _alone(tensor: Tensor, labels: Labels, wanted: set[Any]) -> tuple[Tensor, Labels]:
    """An operand without labels that it has twice, or that nobody else wants."""
    while (twice := next((label for label in labels if labels.count(label) > 1), None)) is not None:
        one = labels.index(twice)
        other = labels.index(twice, one + 1)
        sizes = tensor._data.shape
        if sizes[one] != sizes[other]:
            raise ShapeError(
                f"einsum(): subscript {twice} is repeated for an operand but the sizes don't match, "
                f"{sizes[one]} != {sizes[other]}"
            )
        tensor = tensor.diagonal(0, one, other)
        labels = (*[label for at, label in enumerate(labels) if at not in (one, other)], twice)
    summed = [at for at, label in enumerate(labels) if label not in wanted]
    if summed:
        tensor = tensor.sum(summed)
        labels = tuple(label for label in labels if label in wanted)
    return tensor, labels


def _check_sizes(tensors: Sequence[Tensor], given: Sequence[Labels]) -> None:
    sizes: dict[Any, int] = {}
    for tensor, labels in zip(tensors, given, strict=True):
        for label, size in zip(labels, tensor._data.shape, strict=True):
            known = sizes.setdefault(label, size)
            if known != size and 1 not in (known, size):
                raise ShapeError(
                    f"einsum(): operands do not broadcast with remapped shapes: subscript {label} has sizes {known} "
                    f"and {size}"
                )
            sizes[label] = max(known, size) if known and size else 0


def einsum(equation: Any, *operands: Any) -> Tensor:
    """Multiply tensors and sum over dimensions, as an equation of labels says.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.einsum.html

    Args:
        equation: Such as `"bij,bjk->bik"`; `...` stands for any dimensions, which broadcast. Without `->` the result
            has the labels that occur once, in alphabetical order. Or a tensor: then tensors and lists of integers, one
            for each, take turns, perhaps with a last list for the result.
        operands: The tensors, also as one list.

    Raises:
        ArgumentError: The equation is none, or does not have a part for each operand.
        ShapeError: The sizes of a label differ.
    """
    if isinstance(equation, TensorBase):
        parts, out, tensors = _sublists([equation, *operands])
    else:
        parts, out = _own_axes(equation)
        tensors = list(operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands)
    if len(parts) != len(tensors):
        raise ArgumentError(
            f"einsum(): {'more' if len(tensors) > len(parts) else 'fewer'} operands were provided than specified in "
            f"the equation: {len(tensors)} for {len(parts)}"
        )
    if len({tensor._data.dtype for tensor in tensors}) > 1:
        common = functools.reduce(dtypes.promote_types, [dtypes.of(tensor._data.dtype) for tensor in tensors])
        tensors = [cast(tensor, common) for tensor in tensors]
    given = [_spelled(labels, tensor._data.ndim) for labels, tensor in zip(parts, tensors, strict=True)]
    result = _result(given, out)
    _check_sizes(tensors, given)
    left = list(zip(tensors, given, strict=True))
    for first, second in _pairs(tensors, given, result):
        others = [each for at, each in enumerate(left) if at not in (first, second)]
        elsewhere = {*result, *(label for _, labels in others for label in labels)}
        left = [*others, _product(left[first], left[second], elsewhere)]
    tensor, labels = _alone(*left[0], {*result})
    return tensor.permute([labels.index(label) for label in result])


def _product(one: tuple[Tensor, Labels], other: tuple[Tensor, Labels], elsewhere: set[Any]) -> tuple[Tensor, Labels]:
    """Contract two operands over what is wanted nowhere else."""
    (a, first), (b, second) = one, other
    a, first = _alone(a, first, elsewhere | {*second})
    b, second = _alone(b, second, elsewhere | {*first})
    out = tuple(dict.fromkeys(label for label in (*first, *second) if label in elsewhere))
    return apply(EINSUM, a, b, first=first, second=second, out=out), out


def _pairs(tensors: Sequence[Tensor], given: Sequence[Labels], result: Labels) -> list[tuple[int, int]]:
    """Which two of the operands that are left to contract next; what they give goes to the end."""
    if len(tensors) < 3:
        return [(0, 1)][: len(tensors) - 1]
    letters = dict(zip(dict.fromkeys(label for each in given for label in each), string.ascii_letters, strict=False))
    spelled = ["".join(letters[label] for label in labels) for labels in given]
    equation = ",".join(spelled) + "->" + "".join(letters[label] for label in result)
    path, _ = np.einsum_path(equation, *[each._data for each in tensors], optimize="greedy")
    steps = []
    for chosen in path[1:]:
        # A step of the path may name more than two.
        first, *rest = sorted(chosen)
        for done, second in enumerate(rest):
            steps.append((second - 1 - done, -1) if done else (first, second))
    return [
        (first, second) if second >= 0 else (first, len(tensors) - 1 - at) for at, (first, second) in enumerate(steps)
    ]


def _over(dims: Sequence[int], tensor: Tensor) -> list[int]:
    """The dimensions to sum over, from the front, each once."""
    ndim = tensor._data.ndim
    if dims and not ndim:
        raise DimensionError(f"tensordot: Dimension specified as {dims[0]} but tensor has no dimensions")
    return list(normal_dims(dims, ndim)) if dims else []


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Multiply two tensors and sum over dimensions of both.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.tensordot.html

    Args:
        a: Any shape.
        b: Any shape.
        dims: How many of the last dimensions of `a` and the first of `b`; or two lists of dimensions.

    Raises:
        ShapeError: The sizes of these dimensions differ.
    """
    if isinstance(dims, TensorBase):
        dims = dims._data.tolist()
    if isinstance(dims, int):
        if not 0 <= dims <= min(a._data.ndim, b._data.ndim):
            raise ShapeError(
                f"tensordot expects dims from 0 to the number of dimensions, but got dims={dims} for tensors of "
                f"{a._data.ndim} and {b._data.ndim}"
            )
        over = list(range(a._data.ndim - dims, a._data.ndim)), list(range(dims))
    else:
        over = tuple([[each] if isinstance(each, int) else list(each) for each in dims])  # type: ignore[assignment]
    first, second = _over(over[0], a), _over(over[1], b)
    pairs = zip([a._data.shape[i] for i in first], [b._data.shape[j] for j in second], strict=False)
    if len(first) != len(second) or any(m != n and 1 not in (m, n) for m, n in pairs):
        raise ShapeError(
            f"tensordot: contracted dimensions need to match, but {list(a._data.shape)} at {first} and "
            f"{list(b._data.shape)} at {second} do not"
        )
    labels = [("a", at) for at in range(a._data.ndim)]
    others = [labels[first[second.index(at)]] if at in second else ("b", at) for at in range(b._data.ndim)]
    out = (*[each for at, each in enumerate(labels) if at not in first], *[each for each in others if each[0] == "b"])
    return apply(EINSUM, a, b, first=tuple(labels), second=tuple(others), out=out)
