"""Every gradient rule in the registry, against finite differences in float64."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import tensor as T
from tensor.autograd import gradcheck
from tensor.graph import Node
from tensor.registry import OPS
from tests.samples import SAMPLES, Declared, Draw

SEEDS = range(4)
CHECKED = [each for each in SAMPLES if each.gradcheck]


@pytest.mark.parametrize("declared", CHECKED, ids=str)
def test_rules_agree_with_finite_differences(declared: Declared) -> None:
    for seed in SEEDS:
        sample = declared.make(Draw.seeded(seed, max_side=3))
        if not sample.gradients:
            continue
        inputs = [T.tensor(each, requires_grad=sample.wants_gradient(at)) for at, each in enumerate(sample.arrays)]
        if not any(each.requires_grad and each.numel() for each in inputs):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # PyTorch's advice, such as on broadcast targets
            assert gradcheck(lambda *given, sample=sample: sample.fn(T, *given), inputs)


def _recorded_rules(results: list[Any]) -> set[tuple[str, str]]:
    """The operations, and the operands whose rules would run, behind some results."""
    found: set[tuple[str, str]] = set()
    left = [each.grad_fn for each in results if isinstance(each, T.Tensor) and each.grad_fn is not None]
    seen = set()
    while left:
        node = left.pop()
        if id(node) in seen or not isinstance(node, Node):
            continue
        seen.add(id(node))
        left.extend(node.edges)
        for position in node.plan.positions:
            name = node.op.operand_name(position).partition("[")[0]  # one rule serves all of a list
            found.add((node.op.name, name))
    return found


def test_every_rule_is_checked() -> None:
    checked: set[tuple[str, str]] = set()
    for declared in CHECKED:
        for seed in SEEDS:
            sample = declared.make(Draw.seeded(seed, max_side=3))
            if not sample.gradients:
                continue
            inputs = [T.tensor(each, requires_grad=sample.wants_gradient(at)) for at, each in enumerate(sample.arrays)]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                result = sample.fn(T, *inputs)
                written = [] if sample.inplace is None else [sample.inplace(T, inputs[0].clone(), *inputs[1:])]
            checked |= _recorded_rules([*(result if isinstance(result, tuple | list) else [result]), *written])
    declared_rules = {(op.name, operand) for op in OPS.values() for operand in op.rules}
    assert sorted(declared_rules - checked) == []
