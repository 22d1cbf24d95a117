"""Norms of each example beside torch's."""

from __future__ import annotations

import pytest

from tests.oracle.twins import check, floats

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda torch, nn: nn.LayerNorm(4), (2, 3, 4)),
        (lambda torch, nn: nn.LayerNorm([3, 4], eps=0.1, bias=False), (2, 3, 4)),
        (lambda torch, nn: nn.LayerNorm((4,), elementwise_affine=False), (2, 3, 4)),
        (lambda torch, nn: nn.RMSNorm(4), (2, 3, 4)),
        (lambda torch, nn: nn.RMSNorm([3, 4], eps=1e-3), (2, 3, 4)),
        (lambda torch, nn: nn.RMSNorm(4, elementwise_affine=False), (4,)),
        (lambda torch, nn: nn.GroupNorm(2, 6), (2, 6, 4, 3)),
        (lambda torch, nn: nn.GroupNorm(1, 6, bias=False), (2, 6)),
        (lambda torch, nn: nn.GroupNorm(6, 6, eps=0.1, affine=False), (2, 6, 5)),
        (lambda torch, nn: nn.LocalResponseNorm(3), (2, 6, 5)),
        (lambda torch, nn: nn.LocalResponseNorm(2, alpha=0.5, beta=0.5, k=2), (2, 6, 4, 3)),
    ],
)
def test_norms(make, shape):
    check(make, floats(*shape))
