"""Further results, such as indices, that users get and gradient rules keep: a write to one is noticed by backward."""

from __future__ import annotations

import inspect
import warnings
from contextlib import nullcontext

import pytest

import tensor as T
from tensor.dispatch import apply
from tensor.registry import OPS
from tests.samples.calls import calls_of

# Operations whose rules ask for a result that users have, too.
KEEPING = sorted(
    name
    for name, op in OPS.items()
    if op.outputs > 1
    for shared in [set(op.extras[: op.outputs - 1])]
    if any(shared & set(inspect.signature(rule).parameters) for rule in op.rules.values())
)


def test_there_are_some() -> None:
    assert {"max", "min", "sort", "topk"} <= set(KEEPING)


@pytest.mark.parametrize("mode", [nullcontext, T.no_grad, T.inference_mode])
@pytest.mark.parametrize("name", KEEPING)
def test_a_write_to_what_a_rule_kept_is_refused(name: str, mode: type) -> None:
    for call in calls_of(name):
        operands = [
            T.tensor(each, requires_grad=each.dtype.kind == "f") if at in call.arrays else each
            for at, each in enumerate(call.operands)
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first, *others = apply(call.op, *operands, **call.static)
        if not first.requires_grad:
            continue
        first.sum().backward(retain_graph=True)
        with mode():
            for each in others:
                each.zero_()
        with pytest.raises(T.GradientError, match="modified by an inplace operation"):
            first.sum().backward()
