"""Activations beside torch's."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from tests.oracle.twins import check, floats

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

PLAIN = [
    (lambda nn: nn.ELU(), (4, 5)),
    (lambda nn: nn.ELU(0.5), (4, 5)),
    (lambda nn: nn.Hardshrink(), (4, 5)),
    (lambda nn: nn.Hardshrink(1), (4, 5)),
    (lambda nn: nn.Hardtanh(), (4, 5)),
    (lambda nn: nn.Hardtanh(-0.5, 2), (4, 5)),
    (lambda nn: nn.Hardtanh(min_value=-2, max_value=0), (4, 5)),
    (lambda nn: nn.Hardswish(), (4, 5)),
    (lambda nn: nn.LeakyReLU(), (4, 5)),
    (lambda nn: nn.LeakyReLU(0.2), ()),
    (lambda nn: nn.LogSigmoid(), (4, 5)),
    (lambda nn: nn.PReLU(), (4, 5)),
    (lambda nn: nn.PReLU(3), (2, 3, 4)),
    (lambda nn: nn.PReLU(3, init=0.1), (2, 3)),
    (lambda nn: nn.ReLU(), (4, 5)),
    (lambda nn: nn.ReLU6(), (4, 5)),
    (lambda nn: nn.RReLU(0.25, 0.25), (4, 5)),
    (lambda nn: nn.SELU(), (4, 5)),
    (lambda nn: nn.CELU(), (4, 5)),
    (lambda nn: nn.CELU(0.5), (4, 5)),
    (lambda nn: nn.GELU(), (4, 5)),
    (lambda nn: nn.GELU("tanh"), (4, 5)),
    (lambda nn: nn.GELU(approximate="tanh"), (4, 5)),
    (lambda nn: nn.Sigmoid(), (4, 5)),
    (lambda nn: nn.SiLU(), (4, 5)),
    (lambda nn: nn.Mish(), (4, 5)),
    (lambda nn: nn.Softplus(), (4, 5)),
    (lambda nn: nn.Softplus(2, 1), (4, 5)),
    (lambda nn: nn.Softshrink(), (4, 5)),
    (lambda nn: nn.Softshrink(0.1), (4, 5)),
    (lambda nn: nn.Softsign(), (4, 5)),
    (lambda nn: nn.Tanh(), (4, 5)),
    (lambda nn: nn.Tanhshrink(), (4, 5)),
    (lambda nn: nn.Threshold(0.1, 20), (4, 5)),
    (lambda nn: nn.GLU(), (4, 6)),
    (lambda nn: nn.GLU(1), (2, 4, 3)),
    (lambda nn: nn.Softmin(), (4, 5)),
    (lambda nn: nn.Softmin(dim=1), (4, 5, 2)),
    (lambda nn: nn.Softmax(), (4, 5, 2)),
    (lambda nn: nn.Softmax(dim=-1), (4, 5)),
    (lambda nn: nn.Softmax2d(), (2, 3, 4, 5)),
    (lambda nn: nn.Softmax2d(), (3, 4, 5)),
    (lambda nn: nn.LogSoftmax(), (4,)),
    (lambda nn: nn.LogSoftmax(1), (4, 5)),
]

IN_PLACE = [
    lambda nn: nn.ReLU(inplace=True),
    lambda nn: nn.ReLU(True),
    lambda nn: nn.ReLU6(inplace=True),
    lambda nn: nn.LeakyReLU(0.1, inplace=True),
    lambda nn: nn.RReLU(0.3, 0.3, inplace=True),
    lambda nn: nn.ELU(0.5, inplace=True),
    lambda nn: nn.CELU(1.5, inplace=True),
    lambda nn: nn.SELU(inplace=True),
    lambda nn: nn.Threshold(-0.2, 0.5, inplace=True),
    lambda nn: nn.Hardtanh(-0.5, 0.5, inplace=True),
    lambda nn: nn.Hardswish(inplace=True),
    lambda nn: nn.SiLU(inplace=True),
    lambda nn: nn.Mish(inplace=True),
]


@pytest.mark.parametrize(("make", "shape"), PLAIN, ids=lambda value: str(value) if isinstance(value, tuple) else "")
def test_activations(make, shape):
    check(lambda torch, nn: make(nn), np.asarray(2 * floats(*shape)))


@pytest.mark.parametrize("make", IN_PLACE)
def test_activations_in_place_write_over_what_led_to_them(make):
    def call(module, x):
        before = x * 1
        out = module(before)
        assert out.data_ptr() == before.data_ptr()
        return out, before

    check(lambda torch, nn: make(nn), 2 * floats(4, 5), call=call)


@pytest.mark.parametrize("make", IN_PLACE)
def test_activations_in_place_without_gradients(make):
    def call(module, x):
        module(x)
        return x

    check(lambda torch, nn: make(nn), 2 * floats(4, 5), call=call, gradients=False)


@pytest.mark.parametrize("inplace", [False, True])
def test_hardsigmoid_whose_slope_torch_has_in_single_precision_only(inplace):
    check(
        lambda torch, nn: nn.Hardsigmoid(inplace=inplace),
        2 * floats(4, 5),
        call=lambda module, x: module(x * 1),
        tolerance={"float32": 1e-5, "float64": 1e-7},
    )


def test_slopes_drawn_in_training_are_uniform_between_the_bounds():
    tensor.manual_seed(3)
    x = -tensor.ones(20_000)
    slopes = -tensor.nn.RReLU(0.1, 0.5)(x).numpy()
    assert slopes.min() >= 0.1
    assert slopes.max() <= 0.5
    assert abs(slopes.mean() - 0.3) < 0.005
    assert abs(slopes.std() - 0.4 / np.sqrt(12)) < 0.003


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda nn: nn.GLU(), (3, 3)),
        (lambda nn: nn.GLU(), ()),
        (lambda nn: nn.Softmax2d(), (3, 3)),
        (lambda nn: nn.Hardtanh(1, -1), (3,)),
        (lambda nn: nn.PReLU(4), (2, 3)),
        (lambda nn: nn.PReLU(3), (3,)),
        (lambda nn: nn.Softmax(dim=2), (2, 3)),
        (lambda nn: nn.CELU(0.0), (3,)),
        (lambda nn: nn.Softshrink(-1.0), (3,)),
        (lambda nn: nn.GELU("erf"), (3,)),
        (lambda nn: nn.RReLU(2, 1), (3,)),
    ],
)
def test_both_refuse(make, shape):
    for library in (torch, tensor):
        with pytest.raises((RuntimeError, ValueError, IndexError, AssertionError)):
            make(library.nn)(library.ones(*shape) if shape else library.tensor(1.0))
