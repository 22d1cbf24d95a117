"""Anomaly mode: the line of the forward call is named, and nothing is paid while the mode is off."""

import inspect
import threading

import numpy as np
import pytest

import tensor as T
from tensor.autograd import Function, detect_anomaly, set_detect_anomaly
from tensor.graph import Node


@pytest.fixture(autouse=True)
def off_again():
    yield
    assert not T.autograd.is_anomaly_enabled()
    assert "__init__" not in vars(Node)


@pytest.fixture
def weight():
    return T.tensor([0.0, 1.0], requires_grad=True)


def line_of(fn, words):
    lines, first = inspect.getsourcelines(fn)
    return first + next(at for at, line in enumerate(lines) if words in line)


def bad(weight):
    positive = weight.abs()
    root = positive.sqrt()
    return (root * 0).sum()


def test_nan_names_the_line_that_was_recorded(weight):
    with detect_anomaly():
        loss = bad(weight)
        with pytest.raises(T.GradientError, match=r"Function 'SqrtBackward0' returned nan values in its 0th") as info:
            loss.backward()
    said = str(info.value)
    assert f"recorded at {__file__}:{line_of(bad, 'sqrt()')}, in bad: root = positive.sqrt()" in said
    assert "loss = bad(weight)" in said  # the stack below it
    assert "dispatch.py" not in said
    assert T.is_grad_enabled()


def test_without_it_nan_passes(weight):
    bad(weight).backward()
    assert np.isnan(weight.grad.numpy()).any()


def test_nan_may_be_let_pass(weight):
    with detect_anomaly(check_nan=False):
        assert not T.autograd.is_anomaly_check_nan_enabled()
        bad(weight).backward()
    assert np.isnan(weight.grad.numpy()).any()


def test_a_rule_that_raises_gets_a_note(weight):
    class Fails(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g / {}["nothing"]

    with detect_anomaly():
        loss = Fails.apply(weight).sum()
        with pytest.raises(KeyError) as info:
            loss.backward()
    (note,) = info.value.__notes__
    assert note.startswith("FailsBackward was recorded at ")
    assert "loss = Fails.apply(weight).sum()" in note


def test_a_tensor_that_was_written_to(weight):
    def run():
        saved = weight.exp()
        kept = saved * saved
        saved.add_(1)
        kept.sum().backward()

    with pytest.raises(T.GradientError, match="Hint: enable anomaly detection"):
        run()
    with detect_anomaly(), pytest.raises(T.GradientError) as info:
        run()
    assert "kept = saved * saved" in info.value.__notes__[0]


def test_what_was_recorded_before_has_no_line(weight):
    loss = bad(weight)
    with detect_anomaly(), pytest.raises(T.GradientError, match="recorded before anomaly mode was turned on"):
        loss.backward()


def test_writes_views_and_functions_of_several_results_are_remembered(weight):
    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1, x * 2

        @staticmethod
        def backward(ctx, first, second):
            return first + second

    with detect_anomaly():
        whole = weight * 1
        whole[:1].mul_(2)
        one, two = Two.apply(whole)
        result = one + two
    for each in (whole, one, result):
        assert each.grad_fn.metadata["traceback_"][-1].filename == __file__
    result.sum().backward()
    assert weight.grad.tolist() == [4, 2]


def test_forms(weight):
    set_detect_anomaly(True)
    assert T.autograd.is_anomaly_enabled()
    with set_detect_anomaly(False):
        assert not T.autograd.is_anomaly_enabled()
        with detect_anomaly():
            assert T.autograd.is_anomaly_enabled()
        assert not T.autograd.is_anomaly_enabled()
    assert T.autograd.is_anomaly_enabled()
    set_detect_anomaly(False)
    with pytest.raises(ZeroDivisionError), detect_anomaly():
        1 / 0


def test_forward_and_backward_may_be_in_other_threads(weight):
    said = []

    def work():
        try:
            loss.backward()
        except T.GradientError as error:
            said.append(str(error))

    with detect_anomaly():
        loss = bad(weight)
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    assert "root = positive.sqrt()" in said[0]


def test_it_costs_nothing_while_it_is_off():
    """`Node` has an `__init__` only while the mode is on."""
    assert Node.__init__ is object.__init__
    with detect_anomaly():
        assert Node.__init__ is not object.__init__
    assert Node.__init__ is object.__init__
