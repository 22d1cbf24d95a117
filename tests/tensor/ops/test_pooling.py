"""Pooling and resampling: what they refuse, and in which words; ties and special values."""

import math

import pytest

import tensor as T
from tensor.nn import functional as F

IMAGE = T.arange(16.0).reshape(1, 1, 4, 4)

ERRORS = {
    "padding": (
        lambda: F.max_pool2d(IMAGE, 2, padding=2),
        "at most half of effective kernel size.*pad=2, kernel_size=2",
    ),
    "no window": (
        lambda: F.max_pool2d(IMAGE, 5),
        r"input size: \(1x4x4\). Calculated output size: \(1x0x0\). Output size is",
    ),
    "dims": (lambda: F.avg_pool2d(T.zeros(2, 4), 2), r"Expected 3D or 4D \(batch mode\) tensor"),
    "empty": (lambda: F.max_pool2d(T.zeros(1, 0, 4, 4), 2), "with optional 0 dim batch size"),
    "stride": (lambda: F.max_pool2d(IMAGE, 2, stride=0), "stride should not be zero"),
    "dilation": (lambda: F.max_pool2d(IMAGE, 2, dilation=0), "dilation should be greater than zero"),
    "kernel": (lambda: F.avg_pool2d(IMAGE, (2, 2, 2)), "kernel_size to be a single integer value or a list of 2"),
    "divisor": (lambda: F.avg_pool2d(IMAGE, 2, divisor_override=0), "divisor must be not zero"),
    "integers": (lambda: F.avg_pool2d(IMAGE.long(), 2), "expected floats"),
    "adaptive dims": (lambda: F.adaptive_avg_pool2d(T.zeros(2, 4), 2), "Expected 3D or 4D tensor, but got"),
    "adaptive sizes": (lambda: F.adaptive_avg_pool2d(IMAGE, (2, 2, 2)), "output_size must be 2"),
    "adaptive, negative": (lambda: F.adaptive_avg_pool2d(IMAGE, -1), "greater than or equal to 0"),
    "adaptive, empty": (lambda: F.adaptive_max_pool2d(T.zeros(1, 2, 0, 4), 2), "with dimension 2 being empty"),
    "index": (lambda: F.max_unpool2d(IMAGE, IMAGE.long() + 60, 2), "invalid max index: 75"),
    "unpooled size": (lambda: F.max_unpool2d(IMAGE, IMAGE.long(), 2, output_size=(20, 8)), "invalid output_size"),
    "antialias": (lambda: F.interpolate(IMAGE, 2, antialias=True), "restricted to bilinear and bicubic"),
    "fractions": (lambda: F.fractional_max_pool2d(IMAGE, 3, output_size=20), "may be from 1 to the input's minus"),
    "no fractions": (lambda: F.fractional_max_pool2d(IMAGE, 3), "either an output_size or an output_ratio"),
    "mode": (lambda: F.interpolate(IMAGE, 2, mode="linear"), "Got 4D input, but linear mode needs 3D input"),
    "neither": (lambda: F.interpolate(IMAGE), "either size or scale_factor should be defined"),
    "both": (lambda: F.interpolate(IMAGE, 2, 2), "only one of size or scale_factor"),
    "corners": (lambda: F.interpolate(IMAGE, 2, align_corners=True), "align_corners option can only be set"),
    "sizes": (lambda: F.interpolate(IMAGE, (2, 2, 2)), "must have the same number of spatial dimensions"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_does_not_fit_is_refused(case):
    call, words = ERRORS[case]
    with pytest.raises(T.TensorError, match=words):
        call()


@pytest.mark.parametrize("indices", [False, True])
def test_of_equal_maxima_the_first_gets_the_gradient(indices):
    x = T.ones(1, 1, 3, 3, requires_grad=True)
    out = F.max_pool2d(x, 2, 1, return_indices=indices)
    (out[0] if indices else out).sum().backward()
    assert x.grad[0, 0].tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_nan_is_larger_than_any_number_and_gets_the_gradient():
    x = T.tensor([[1.0, math.nan, 3.0, 2.0]], requires_grad=True)
    out = F.max_pool1d(x, 2)
    out.sum().backward()
    assert math.isnan(out[0, 0].item())
    assert out[0, 1].item() == 3
    assert x.grad.tolist() == [[0, 1, 1, 0]]


def test_where_all_is_minus_infinity_the_first_element_is_the_largest():
    out, at = F.max_pool2d(T.full((1, 1, 3, 3), -math.inf), 2, 2, 1, return_indices=True)
    assert at[0, 0].tolist() == [[0, 1], [3, 4]]
    assert out.max().item() == -math.inf


def test_a_window_of_one_element_gives_a_copy():
    out = F.max_pool2d(IMAGE, 1)
    out.zero_()
    assert IMAGE.sum().item() == 120


def test_older_names_of_interpolate_are_deprecated():
    for upsample in (F.upsample, F.upsample_nearest, F.upsample_bilinear):
        with pytest.warns(UserWarning, match=rf"`nn.functional.{upsample.__name__}` is deprecated") as warned:
            out = upsample(IMAGE, scale_factor=2)
        assert warned[0].filename == __file__
        if upsample is F.upsample_bilinear:
            expected = F.interpolate(IMAGE, scale_factor=2, mode="bilinear", align_corners=True)
        else:
            expected = F.interpolate(IMAGE, scale_factor=2)
        assert out.tolist() == expected.tolist()


def test_names_with_indices_return_them_unasked():
    for name in ("max_pool2d", "adaptive_max_pool2d"):
        pooled, indices = getattr(F, f"{name}_with_indices")(IMAGE, 2)
        expected = getattr(F, name)(IMAGE, 2, return_indices=True)
        assert (pooled.tolist(), indices.tolist()) == (expected[0].tolist(), expected[1].tolist())
