"""Normalisation: running statistics under the inference contract, and what is refused."""

import numpy as np
import pytest

import tensor as T
from tensor.nn import functional as F

NORMS = [F.batch_norm, F.instance_norm]
X = T.arange(24.0).reshape(3, 2, 4)


def _statistics():
    return T.zeros(2), T.ones(2)


@pytest.mark.parametrize("norm", NORMS)
def test_running_statistics_are_written_in_place(norm):
    mean, var = _statistics()
    view, version = mean.view(2), mean._version
    norm(X, mean, var, None, None, True, 1.0)
    assert view.tolist() == mean.tolist() != [0, 0]
    assert mean._version > version
    assert not mean.requires_grad


@pytest.mark.parametrize("norm", NORMS)
def test_training_inside_inference_mode_is_refused(norm):
    mean, var = _statistics()
    with T.inference_mode(), pytest.raises(T.InferenceModeError, match=r"eval\(\)"):
        norm(X, mean, var, None, None, True)
    assert (mean.tolist(), var.tolist()) == ([0, 0], [1, 1])
    assert mean._version == var._version == 0


@pytest.mark.parametrize("norm", NORMS)
def test_inside_inference_mode_eval_and_untracked_statistics_are_fine(norm):
    mean, var = _statistics()
    with T.inference_mode():
        assert norm(X, mean, var, None, None, False).is_inference()
        assert norm(X, None, None, None, None, True).is_inference()


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("mode", [T.enable_grad, T.no_grad])
def test_inference_data_never_gets_into_running_statistics(norm, mode):
    with T.inference_mode():
        marked = X * 2
    mean, var = _statistics()
    with mode(), pytest.raises(T.InferenceTensorError, match="input"):
        norm(marked, mean, var, None, None, True)
    assert (mean.tolist(), var.tolist()) == ([0, 0], [1, 1])
    with mode():
        assert norm(marked, mean, var, None, None, False).is_inference()


@pytest.mark.parametrize("norm", NORMS)
def test_marked_weights_neither(norm):
    with T.inference_mode():
        weight = T.ones(2)
    mean, var = _statistics()
    with T.no_grad(), pytest.raises(T.InferenceTensorError):
        norm(X, mean, var, weight, None, True)
    assert (mean.tolist(), var.tolist()) == ([0, 0], [1, 1])


@pytest.mark.parametrize("norm", NORMS)
def test_marked_running_statistics_are_not_written_outside(norm):
    with T.inference_mode():
        mean, var = _statistics()
    with T.no_grad(), pytest.raises(T.InferenceTensorError, match="outside inference_mode"):
        norm(X, mean, var, None, None, True)


def test_no_examples_leave_running_statistics_as_they_are():
    mean, var = _statistics()
    weight = T.ones(2, requires_grad=True)
    F.batch_norm(T.zeros(0, 2, 3), mean, var, weight, None, True).sum().backward()
    assert (mean.tolist(), var.tolist(), weight.grad.tolist()) == ([0, 0], [1, 1], [0, 0])


ERRORS = {
    "one value": (
        lambda: F.batch_norm(T.zeros(1, 2), None, None, training=True),
        "Expected more than 1 value per channel",
    ),
    "no statistics": (lambda: F.batch_norm(X, None, None), "running_mean must be defined in evaluation mode"),
    "statistics": (lambda: F.batch_norm(X, T.zeros(3), T.zeros(3)), "running_mean should contain 2 elements.* not 3"),
    "weight": (lambda: F.batch_norm(X, T.zeros(2), T.zeros(2), T.zeros(3)), "weight should contain 2 elements"),
    "dims": (lambda: F.batch_norm(T.zeros(2), T.zeros(2), T.zeros(2)), "at least 2 dimensions"),
    "momentum": (lambda: F.batch_norm(X, None, None, training=True, momentum=None), "'momentum' must be float"),
    "dtype": (lambda: F.batch_norm(X, T.zeros(2).double(), T.zeros(2).double()), "mixed dtype"),
    "integers": (lambda: F.batch_norm(X.long(), None, None, training=True), "expected floats"),
    "one element": (lambda: F.instance_norm(T.zeros(2, 2, 1)), "Expected more than 1 spatial element"),
    "instances' statistics": (
        lambda: F.instance_norm(X, use_input_stats=False),
        "to be defined when use_input_stats is false",
    ),
    "groups": (lambda: F.group_norm(X, 3), "divisible by num_groups"),
    "no groups": (lambda: F.group_norm(X, 0), "num groups to be greater than 0"),
    "group's dims": (lambda: F.group_norm(T.zeros(4), 2), "at least 2 dimensions"),
    "group's weight": (
        lambda: F.group_norm(X, 2, T.zeros(3)),
        "weight to be a vector of size equal to the number of channels",
    ),
    "group of one": (lambda: F.group_norm(T.zeros(1, 4), 4), "Expected more than 1 value per channel"),
    "rms": (lambda: F.rms_norm(X, (3,)), "rms_norm: expected input's last dimensions"),
    "response": (lambda: F.local_response_norm(T.zeros(2, 4), 2), "Expected 3D or higher"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_does_not_fit_is_refused(case):
    call, words = ERRORS[case]
    with pytest.raises(T.TensorError, match=words):
        call()


def test_half_precision_meets_parameters_in_float32():
    weight = T.full((4,), 2.0, requires_grad=True)
    for dtype in (T.float16, T.bfloat16):
        x = X.to(dtype)
        assert F.layer_norm(x, (4,), weight).dtype is dtype
        assert F.rms_norm(x, (4,), weight).dtype is dtype
        assert F.group_norm(x.transpose(1, 2), 2, weight).dtype is dtype
        mean, var = T.zeros(4), T.ones(4)
        assert F.batch_norm(x.transpose(1, 2), mean, var, weight, training=True).dtype is dtype
        assert mean.dtype is T.float32
        assert mean.abs().sum().item() > 0


def test_large_means_do_not_spoil_the_variance():
    x = np.random.default_rng(0).normal(1000, 1, (64, 8, 16)).astype(np.float32)
    exact = x.astype(np.float64)
    exact = (exact - exact.mean((0, 2), keepdims=True)) / exact.std((0, 2), keepdims=True)
    ours = F.batch_norm(T.tensor(x), None, None, training=True, eps=0).numpy()
    assert np.abs(ours - exact).max() < 1e-3
