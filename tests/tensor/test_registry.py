"""Declaring operations: what a rule may ask for, and what is kept for it."""

import inspect

import numpy as np
import pytest

import tensor as T
from tensor.dispatch import apply
from tensor.registry import OPS, op


@pytest.fixture
def declare():
    before = set(OPS)
    yield op
    for name in set(OPS) - before:
        del OPS[name]


def test_a_name_can_be_taken_once():
    with pytest.raises(ValueError, match="already is an op called add"):
        op("add", np.add)


def test_rules_ask_for_what_there_is(declare):
    with pytest.raises(ValueError, match=r"gradient rules for \['c'\]"):
        declare("bad", lambda a, b: a, c=lambda g: g)
    with pytest.raises(ValueError, match=r"a rule asks for \['sclae'\]"):
        declare("worse", lambda a, *, scale: a * scale, a=lambda g, sclae: g)


def test_only_what_rules_ask_for_is_kept(declare):
    scaled = declare("scaled", lambda a, b, *, scale: a * b * scale, a=lambda g, b, scale: g * b * scale, b=lambda g: g)
    a, b = T.ones(2, requires_grad=True), T.ones(2)
    assert set(apply(scaled, a, b, scale=2).grad_fn.saved) == {"b", "scale"}
    assert apply(scaled, b, a, scale=2).grad_fn.saved is None
    assert (a + b).grad_fn.saved is None
    assert set((a * b).grad_fn.saved) == {"other"}


def test_one_rule_for_all_operands(declare):
    def vjp(g, needs, a, b):
        return (g * b if needs[0] else None, g * a if needs[1] else None)

    joint = declare("joint", lambda a, b: a * b, vjp=vjp)
    a, b = T.full((2,), 2.0, requires_grad=True), T.full((2,), 3.0, requires_grad=True)
    apply(joint, a, b).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([3, 3], [2, 2])
    a.grad = b.grad = None
    apply(joint, a.detach(), b).sum().backward()
    assert (a.grad, b.grad.tolist()) == (None, [2, 2])


def test_extras_are_kept_for_the_rules(declare):
    def kernel(a):
        return a * 2, a > 0

    masked = declare("masked", kernel, extras=("mask",), a=lambda g, mask: g * mask)
    a = T.tensor([1.0, -1.0], requires_grad=True)
    result = apply(masked, a)
    assert isinstance(result, T.Tensor)
    result.sum().backward()
    assert a.grad.tolist() == [1, 0]


def test_an_operand_without_a_rule_is_refused(declare):
    half = declare("half_done", lambda a, b: a * b, a=lambda g, b: g * b)
    with pytest.raises(T.UnsupportedError, match="no gradient for b"):
        apply(half, T.ones(1), T.ones(1, requires_grad=True))


def test_kernels_take_operands_by_position_and_the_rest_by_name():
    kinds = inspect.Parameter
    for each in OPS.values():
        for parameter in inspect.signature(each.kernel).parameters.values():
            assert parameter.kind in (kinds.POSITIONAL_OR_KEYWORD, kinds.KEYWORD_ONLY, kinds.VAR_POSITIONAL), each
