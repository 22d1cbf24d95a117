"""Windows that lie at random, the same for both, beside torch's; and interpolation with antialiasing."""

from __future__ import annotations

import numpy as np
import pytest

from tests.oracle.twins import check, floats

pytestmark = pytest.mark.oracle


def samples(*shape):
    return np.random.default_rng(3).uniform(size=shape).tolist()


FRACTIONAL = {
    "2d": (lambda torch, nn, **o: nn.FractionalMaxPool2d(3, output_size=(4, 5), **o), (2, 3, 9, 11)),
    "2d, ratio": (lambda torch, nn, **o: nn.FractionalMaxPool2d((2, 3), output_ratio=(0.5, 0.7), **o), (2, 3, 9, 11)),
    "2d, one row": (lambda torch, nn, **o: nn.FractionalMaxPool2d((2, 3), output_size=(1, 9), **o), (2, 3, 9, 11)),
    "3d": (lambda torch, nn, **o: nn.FractionalMaxPool3d((2, 3, 2), output_size=(3, 4, 5), **o), (2, 3, 6, 7, 9)),
    "3d, ratio": (lambda torch, nn, **o: nn.FractionalMaxPool3d(2, output_ratio=0.6, **o), (2, 3, 6, 7, 9)),
}


@pytest.mark.parametrize("indices", [False, True])
@pytest.mark.parametrize("name", FRACTIONAL)
def test_fractional_max_pooling(name, indices):
    make, shape = FRACTIONAL[name]

    def made(torch, nn):
        drawn = torch.tensor(samples(*shape[:2], len(shape) - 2))
        return make(torch, nn, _random_samples=drawn, return_indices=indices)

    check(made, floats(*shape))


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("sizes", [((7, 9), (3, 4)), ((14, 14), (16, 11)), ((40, 30), (7, 2)), ((5, 6), (5, 6))])
def test_antialiased_interpolation(mode, corners, sizes):
    shape, size = sizes

    def call(module, x):
        functional = pytest.importorskip(type(x).__module__.partition(".")[0]).nn.functional
        return functional.interpolate(x, size=size, mode=mode, align_corners=corners, antialias=True)

    check(lambda torch, nn: nn.Identity(), floats(2, 3, *shape), call=call)


def test_antialiased_interpolation_by_factors():
    def call(module, x):
        functional = pytest.importorskip(type(x).__module__.partition(".")[0]).nn.functional
        return functional.interpolate(x, scale_factor=(0.3, 1.7), mode="bicubic", antialias=True)

    check(lambda torch, nn: nn.Identity(), floats(2, 3, 14, 9), call=call)
