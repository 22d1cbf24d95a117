"""Samples as calls of `apply`: each operation's operands and static arguments, found out by running its samples."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

import tensor as T
from tensor import dispatch, quiet
from tensor.registry import OPS, Op
from tests.samples.declaring import SAMPLES
from tests.samples.drawing import Draw

DTYPES = {"f": "float32", "i": "int64", "b": "bool"}


@dataclass(frozen=True)
class Call:
    """One call of an operation.

    Args:
        op: the operation.
        operands: arrays, numbers and `None`.
        static: the keyword arguments.
        inplace: whether it wrote into the first operand.
    """

    op: Op
    operands: tuple[Any, ...]
    static: dict[str, Any]
    inplace: bool

    @property
    def arrays(self) -> list[int]:
        """Which operands are arrays."""
        return [at for at, each in enumerate(self.operands) if isinstance(each, np.ndarray)]


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


@contextmanager
def _recorded() -> Iterator[list[Call]]:
    """Note which kernels run in the block, and with what."""
    calls: list[Call] = []
    known: dict[int, list[tuple[Op, bool]]] = {}  # operations may share a kernel
    for op in OPS.values():
        for fn, inplace in ((op.ufunc, False), (op.kernel, False), (op.inplace, True)):
            if fn is not None:
                known.setdefault(id(fn), []).append((op, inplace))

    def run(fn: Any, *operands: Any, **static: Any) -> Any:
        before = tuple(map(_copied, operands))
        result = quiet.run(fn, *operands, **static)
        calls.extend(Call(op, before, static, inplace) for op, inplace in known.get(id(fn), []))
        return result

    with mock.patch.object(dispatch, "quiet", mock.Mock(run=run)), mock.patch.object(dispatch, "run", run):
        yield calls


def _is_whole(call: Call) -> bool:
    arrays = [call.operands[at] for at in call.arrays]
    return bool(arrays) and all(each.size for each in arrays)


def calls_of(name: str, seeds: Sequence[int] = range(8)) -> list[Call]:
    """Return calls of one operation: one of each of its samples, with no empty operand."""
    found = []
    for declared in SAMPLES:
        if declared.op != name:
            continue
        for kind, seed in itertools.product(declared.kinds, seeds):
            sample = declared.make(Draw.seeded(seed, DTYPES[kind], max_side=3))
            with warnings.catch_warnings(), _recorded() as calls, suppress(T.TensorError, ValueError):
                warnings.simplefilter("ignore")
                sample.fn(T, *[T.tensor(each) for each in sample.arrays])
            fitting = [call for call in calls if call.op.name == name and _is_whole(call)]
            if fitting:
                found.append(fitting[0])
                break
    return found
