"""Convolutions: what they refuse, and in which words; special cases of the arithmetic."""

import numpy as np
import pytest

import tensor as T
from tensor.nn import functional as F

ERRORS = {
    "channels": (lambda: T.conv2d(T.zeros(1, 2, 4, 4), T.zeros(2, 3, 3, 3)), "to have 3 channels, but got 2 channels"),
    "groups": (lambda: T.conv2d(T.zeros(1, 2, 4, 4), T.zeros(3, 1, 3, 3), groups=2), "divisible by 2 at dimension 0"),
    "too many groups": (
        lambda: T.conv2d(T.zeros(1, 2, 4, 4), T.zeros(1, 1, 3, 3), groups=2),
        "at least 2 at dimension 0",
    ),
    "no groups": (lambda: T.conv2d(T.zeros(1, 2, 4, 4), T.zeros(1, 2, 3, 3), groups=0), "non-positive groups"),
    "dims": (
        lambda: T.conv2d(T.zeros(2, 4), T.zeros(1, 1, 3, 3)),
        r"Expected 3D \(unbatched\) or 4D \(batched\) input to conv2d",
    ),
    "weight's dims": (lambda: T.conv2d(T.zeros(1, 2, 4, 4), T.zeros(1, 2, 3)), "a weight of 4 dimensions"),
    "kernel": (
        lambda: T.conv2d(T.zeros(1, 2, 2, 2), T.zeros(1, 2, 3, 3)),
        r"\(2 x 2\). Kernel size: \(3 x 3\). Kernel size can't be",
    ),
    "stride": (lambda: T.conv1d(T.zeros(1, 2, 2), T.zeros(1, 2, 2), stride=0), "non-positive stride is not supported"),
    "strides": (
        lambda: T.conv1d(T.zeros(1, 2, 2), T.zeros(1, 2, 2), stride=(1, 1)),
        "expected stride to be a single integer",
    ),
    "padding": (lambda: T.conv1d(T.zeros(1, 2, 2), T.zeros(1, 2, 2), padding=-1), "negative padding is not supported"),
    "dilation": (
        lambda: T.conv1d(T.zeros(1, 2, 2), T.zeros(1, 2, 2), dilation=0),
        "dilation should be greater than zero",
    ),
    "same": (
        lambda: T.conv1d(T.zeros(1, 2, 2), T.zeros(1, 2, 2), stride=2, padding="same"),
        "not supported for strided",
    ),
    "word": (lambda: T.conv1d(T.zeros(1, 2, 2), T.zeros(1, 2, 2), padding="all"), "Invalid padding string: 'all'"),
    "bias": (lambda: T.conv1d(T.zeros(1, 2, 2), T.zeros(1, 2, 2), T.zeros(3)), "1-dimensional with 1 elements"),
    "dtype": (lambda: T.conv1d(T.zeros(1, 2, 2), T.zeros(1, 2, 2).double()), "should be the same"),
    "transposed channels": (
        lambda: T.conv_transpose1d(T.zeros(1, 2, 2), T.zeros(1, 2, 2)),
        "transposed=1.* 1 channels, but got 2",
    ),
    "output padding": (
        lambda: T.conv_transpose1d(T.zeros(1, 2, 2), T.zeros(2, 2, 2), output_padding=1),
        "output padding must be smaller than either stride or dilation",
    ),
    "nothing left": (
        lambda: T.conv_transpose1d(T.zeros(1, 2, 2), T.zeros(2, 2, 2), padding=2),
        "Output size is too small",
    ),
    "empty places": (lambda: T.conv_transpose1d(T.zeros(1, 2, 0), T.zeros(2, 2, 2)), "only zero batch or zero channel"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_does_not_fit_is_refused(case):
    call, words = ERRORS[case]
    with pytest.raises(T.TensorError, match=words):
        call()


def test_no_examples_give_none_and_gradients_of_zero():
    x, w, b = T.zeros(0, 2, 5, 5), T.ones(3, 2, 3, 3, requires_grad=True), T.ones(3, requires_grad=True)
    out = T.conv2d(x, w, b)
    assert tuple(out.shape) == (0, 3, 3, 3)
    out.sum().backward()
    assert w.grad.abs().sum().item() == 0
    assert b.grad.tolist() == [0, 0, 0]


def test_integers_are_convolved_exactly():
    x = T.arange(16).reshape(1, 1, 4, 4)
    out = T.conv2d(x, T.ones(1, 1, 2, 2, dtype=T.int64))
    assert out.dtype is T.int64
    assert out[0, 0, 0].tolist() == [10, 14, 18]


def test_infinities_and_nans_stay_where_they_meet_a_window():
    x = T.zeros(1, 1, 6, 6)
    x[0, 0, 0, 5] = float("nan")
    out = T.conv2d(x, T.ones(1, 1, 3, 3)).numpy()
    assert np.isnan(out[0, 0, 0, 3])
    assert np.isnan(out).sum() == 1


def test_the_result_is_memory_of_its_own():
    x = T.ones(1, 2, 3, 3)
    out = T.conv2d(x, T.ones(1, 2, 1, 1))
    out.zero_()
    assert x.sum().item() == 18
    assert T.conv2d(T.ones(2, 3, 3), T.ones(1, 2, 1, 1)).sum().item() == 18


def test_folding_what_was_unfolded_counts_the_windows():
    x = T.ones(1, 1, 3, 3)
    counted = F.fold(F.unfold(x, 2), 3, 2)
    assert counted[0, 0].tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]


def test_fold_refuses_columns_that_are_not_those_of_the_windows():
    with pytest.raises(T.ShapeError, match=r"number of sliding blocks 2 \* 2 = 4, but got input.size\(2\)=3"):
        F.fold(T.ones(1, 4, 3), 3, 2)
    with pytest.raises(T.ShapeError, match="divisible by the product of kernel_size"):
        F.fold(T.ones(1, 5, 4), 3, 2)
    with pytest.raises(T.ShapeError, match="at least one"):
        F.unfold(T.ones(1, 1, 2, 2), 3)
