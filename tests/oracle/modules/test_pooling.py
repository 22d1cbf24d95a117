"""Pooling layers beside torch's."""

from __future__ import annotations

import pytest

from tests.oracle.twins import check, floats

pytestmark = pytest.mark.oracle

SEQUENCES, IMAGES, VOLUMES = floats(2, 3, 9), floats(2, 3, 7, 8), floats(2, 2, 5, 4, 6)


@pytest.mark.parametrize(
    ("make", "input"),
    [
        (lambda torch, nn: nn.MaxPool1d(3), SEQUENCES),
        (lambda torch, nn: nn.MaxPool1d(3, 2, 1, 2, ceil_mode=True), SEQUENCES),
        (lambda torch, nn: nn.MaxPool2d(2), IMAGES),
        (lambda torch, nn: nn.MaxPool2d(3, stride=2, padding=1), IMAGES[0]),
        (lambda torch, nn: nn.MaxPool2d((3, 2), (1, 2), (1, 0), (1, 3), True, True), IMAGES),
        (lambda torch, nn: nn.MaxPool3d(2, 1, return_indices=True), VOLUMES),
        (lambda torch, nn: nn.MaxPool3d((1, 2, 3), padding=(0, 1, 1), ceil_mode=True), VOLUMES[0]),
        (lambda torch, nn: nn.AvgPool1d(2), SEQUENCES),
        (lambda torch, nn: nn.AvgPool1d(3, 2, 1, True, False), SEQUENCES[0]),
        (lambda torch, nn: nn.AvgPool2d(2), IMAGES),
        (lambda torch, nn: nn.AvgPool2d((2, 3), 2, (1, 0), True, False), IMAGES),
        (lambda torch, nn: nn.AvgPool2d(3, padding=1, divisor_override=5), IMAGES[0]),
        (lambda torch, nn: nn.AvgPool3d((1, 2, 2), (2, 1, 2)), VOLUMES),
        (lambda torch, nn: nn.LPPool1d(2, 3), abs(SEQUENCES)),
        (lambda torch, nn: nn.LPPool2d(1.5, (2, 3), stride=2, ceil_mode=True), abs(IMAGES)),
        (lambda torch, nn: nn.LPPool3d(3, 2), abs(VOLUMES)),
        (lambda torch, nn: nn.AdaptiveMaxPool1d(4), SEQUENCES),
        (lambda torch, nn: nn.AdaptiveMaxPool2d((None, 3), return_indices=True), IMAGES),
        (lambda torch, nn: nn.AdaptiveMaxPool3d(2), VOLUMES),
        (lambda torch, nn: nn.AdaptiveAvgPool1d(5), SEQUENCES[0]),
        (lambda torch, nn: nn.AdaptiveAvgPool2d(1), IMAGES),
        (lambda torch, nn: nn.AdaptiveAvgPool2d((3, None)), IMAGES),
        (lambda torch, nn: nn.AdaptiveAvgPool2d((7, 7)), IMAGES),
        (lambda torch, nn: nn.AdaptiveAvgPool3d((2, 1, 3)), VOLUMES),
    ],
)
def test_pools(make, input):
    check(make, input)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("exact", [False, True])
def test_what_was_pooled_is_put_back(dims, exact):
    input = [SEQUENCES, IMAGES, VOLUMES][dims - 1]

    def make(torch, nn):
        pool = getattr(nn, f"MaxPool{dims}d")(2, stride=2, return_indices=True)
        return nn.ModuleList([pool, getattr(nn, f"MaxUnpool{dims}d")(2, stride=2)])

    def call(pair, input):
        pooled, indices = pair[0](input)
        return pair[1](pooled, indices, output_size=input.size() if exact else None)

    check(make, input if exact else input[(..., *[slice(4)] * dims)], call=call)
