"""Linear layers beside torch's."""

from __future__ import annotations

import pytest

from tests.oracle.twins import check, floats

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda torch, nn: nn.Identity(3, spare=2), (2, 3)),
        (lambda torch, nn: nn.Linear(3, 4), (2, 3)),
        (lambda torch, nn: nn.Linear(3, 4, bias=False), (5, 2, 3)),
        (lambda torch, nn: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), (2, 3)),
    ],
)
def test_linear_layers(make, shape):
    check(make, floats(*shape))


@pytest.mark.parametrize("bias", [True, False])
def test_bilinear_layers(bias):
    check(lambda torch, nn: nn.Bilinear(3, 2, 4, bias=bias), floats(5, 3), floats(5, 2))
    check(lambda torch, nn: nn.Bilinear(3, 2, 4, bias), floats(2, 5, 3), floats(2, 5, 2))
