"""The contract for every operation: which operands are marked × the mode × how it is called.

The cells come from the registry, so an operation is in the matrix from the day on which it is declared. What each cell
expects follows from the rules alone:

- R1, R2: a result is marked if it is made in INFERENCE, or of anything marked.
- R3: in GRAD, marked operands do not meet those that require a gradient; nothing is computed.
- R4: marked data is not written into unmarked memory. R5: marked memory is written in INFERENCE only.
- R6: unmarked data may be written into unmarked memory in every mode, which counts as a version.
- R7: a view taken in INFERENCE is marked; its base is what it was.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pytest

import tensor as T
from tensor import dispatch
from tensor.bases import storage_of
from tensor.dispatch import apply, write
from tensor.registry import OPS, Op
from tests.samples.calls import Call, calls_of

MODES: dict[str, Callable[[], Any]] = {"GRAD": nullcontext, "NO_GRAD": T.no_grad, "INFERENCE": T.inference_mode}
MARKED = ("none", "one", "all")
FORMS = ("functional", "inplace", "view", "list")


class Cell(NamedTuple):
    op: str
    marked: str
    mode: str
    form: str


CELLS = [Cell(*each) for each in itertools.product(sorted(OPS), MARKED, MODES, FORMS)]


@cache
def _calls(name: str) -> list[Call]:
    return calls_of(name)


def test_the_matrix_has_no_hole() -> None:
    assert len(set(CELLS)) == len(CELLS) == len(OPS) * len(MARKED) * len(MODES) * len(FORMS)
    assert [name for name in sorted(OPS) if not _calls(name)] == []


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_cell_obeys_the_rules(name: str) -> None:
    for cell in CELLS:
        if cell.op != name:
            continue
        for call in _calls(name):
            for marked in _choices(call, cell.marked):
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        _CHECKS[cell.form](call, marked, cell.mode)
                except BaseException as error:
                    error.add_note(f"in the cell {cell}, operands {marked} marked, static {call.static}")
                    raise


def _choices(call: Call, marked: str) -> list[set[int]]:
    """Which operands to mark: each alone in turn where one is."""
    arrays = call.arrays
    return {"none": [set()], "one": [{at} for at in arrays], "all": [set(arrays)]}[marked]


def _tensor(value: Any, *, marked: bool, wanting: bool) -> Any:
    """An operand as a tensor: marked, or requiring a gradient where it can."""
    if not isinstance(value, np.ndarray):
        return value
    if marked:
        with T.inference_mode():
            return T.tensor(value)
    return T.tensor(value, requires_grad=wanting and value.dtype.kind == "f")


def _operands(call: Call, marked: set[int]) -> list[Any]:
    return [_tensor(each, marked=at in marked, wanting=_may_want(call.op, at)) for at, each in enumerate(call.operands)]


def _may_want(op: Op, at: int) -> bool:
    """Whether an operand may require a gradient: all may where there are no gradients at all."""
    return not op.rules or op.operand_name(at).partition("[")[0] in op.rules


def _tensors(values: Sequence[Any]) -> list[Any]:
    return [each for each in values if isinstance(each, T.Tensor)]


def _meets_gradient(operands: Sequence[Any]) -> bool:
    tensors = _tensors(operands)
    return any(each.is_inference() for each in tensors) and any(each.requires_grad for each in tensors)


def _check_result(result: Any, operands: Sequence[Any], mode: str) -> None:
    marked = mode == "INFERENCE" or any(each.is_inference() for each in _tensors(operands))
    recorded = mode == "GRAD" and not marked and any(each.requires_grad for each in _tensors(operands))
    for each in result if isinstance(result, tuple) else (result,):
        assert each.is_inference() == marked
        if marked:
            assert not each.requires_grad
            assert each.is_leaf
            assert each.grad_fn is None
        elif not recorded:
            assert not each.requires_grad


def _raises_before_computing(compute: Callable[[], Any]) -> None:
    no_kernel_runs = mock.patch.multiple(dispatch, quiet=None, run=None)
    with no_kernel_runs, pytest.raises(T.InferenceTensorError, match="inference"):
        compute()


def _is_inplace_only(call: Call) -> bool:
    return call.op.inplace is not None


def _check_functional(call: Call, marked: set[int], mode: str) -> None:
    if _is_inplace_only(call):
        return _check_inplace(call, marked, mode)
    operands = _operands(call, marked)
    before = [each.is_inference() for each in _tensors(operands)]
    with MODES[mode]():
        if mode == "GRAD" and _meets_gradient(operands):
            _raises_before_computing(lambda: apply(call.op, *operands, **call.static))
        else:
            _check_result(apply(call.op, *operands, **call.static), operands, mode)
    assert [each.is_inference() for each in _tensors(operands)] == before
    return None


def _check_view(call: Call, marked: set[int], mode: str) -> None:
    """The operands are views taken in the mode; a view operation shares its base's memory and leaves its mark alone."""
    bases = _operands(call, marked)
    with MODES[mode]():
        operands = [each[...] if isinstance(each, T.Tensor) else each for each in bases]
        if _is_inplace_only(call):
            return _check_written(call, operands, mode)
        if mode == "GRAD" and _meets_gradient(operands):
            _raises_before_computing(lambda: apply(call.op, *operands, **call.static))
        else:
            result = apply(call.op, *operands, **call.static)
            _check_result(result, operands, mode)
            if call.op.view:
                assert storage_of(result) is storage_of(bases[0])
    for at, base in enumerate(bases):
        if isinstance(base, T.Tensor):
            assert base.is_inference() == (at in marked)
    return None


def _check_inplace(call: Call, marked: set[int], mode: str) -> None:
    operands = _operands(call, marked)
    target = operands[0]
    if not isinstance(target, T.Tensor):
        return
    if not target.is_inference():
        operands[0] = target.clone()  # no leaf, as PyTorch demands of what is written
    with MODES[mode]():
        _check_written(call, operands, mode)


def _check_written(call: Call, operands: list[Any], mode: str) -> None:
    """Compute into the first operand, inside the mode: done, or refused for what the rules say."""
    op, (target, *others) = call.op, operands
    storage, was_marked, version = storage_of(target), target.is_inference(), target._version
    content = np.array(target._data)
    foreign = any(each.is_inference() for each in _tensors(others))
    # In INFERENCE a view of an unmarked tensor is marked, its memory is not.
    refused = (
        (was_marked and mode != "INFERENCE")
        or (foreign and not (mode == "INFERENCE" and storage.marked))
        or (mode == "GRAD" and _meets_gradient(operands))
    )
    if refused:
        _raises_before_computing(lambda: write(op, target, *others, **call.static))
        unchanged = True
    else:
        try:
            result = write(op, target, *others, **call.static)
            unchanged = False
        except (T.ShapeError, T.DtypeError, T.GradientError, T.UnsupportedError):
            unchanged = True  # not every result fits into its operand, not every target may be written in GRAD
        else:
            assert result is target
            assert target._version == version + 1
    if unchanged:
        assert target._version == version
        np.testing.assert_array_equal(target._data, content)
    assert target.is_inference() == was_marked
    assert not (was_marked and target.requires_grad)


def _check_list(call: Call, marked: set[int], mode: str) -> None:
    """Operations of many operands take them as a list, as `cat` does; others refuse one, so nothing hides in it."""
    if call.op.variadic is not None:
        return _check_functional(call, marked, mode)
    first, *others = _operands(call, marked)
    compute = write if _is_inplace_only(call) else apply
    given = [first, *[[each] for each in others or [1.0]]] if compute is write else [[first], *others]
    with MODES[mode](), pytest.raises(T.DtypeError):
        compute(call.op, *given, **call.static)
    return None


_CHECKS = {
    "functional": _check_functional,
    "inplace": _check_inplace,
    "view": _check_view,
    "list": _check_list,
}
