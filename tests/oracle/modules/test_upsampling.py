"""Upsampling, shuffling, folding and reshaping layers beside torch's."""

from __future__ import annotations

import pytest

from tests.oracle.twins import check, floats

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda torch, nn: nn.Upsample(scale_factor=2), (2, 3, 4, 5)),
        (lambda torch, nn: nn.Upsample(7), (2, 3, 4)),
        (lambda torch, nn: nn.Upsample((3, 9), mode="bilinear"), (2, 3, 4, 5)),
        (lambda torch, nn: nn.Upsample(None, (1.5, 2.3), "bilinear", True), (2, 3, 4, 5)),
        (lambda torch, nn: nn.Upsample(scale_factor=2.3, mode="bicubic", recompute_scale_factor=True), (2, 3, 4, 5)),
        (lambda torch, nn: nn.Upsample(scale_factor=2, mode="linear", align_corners=False), (2, 3, 4)),
        (lambda torch, nn: nn.Upsample(scale_factor=2, mode="trilinear"), (1, 2, 2, 3, 4)),
        (lambda torch, nn: nn.Upsample(3, mode="nearest-exact"), (2, 3, 4, 5)),
        (lambda torch, nn: nn.UpsamplingNearest2d(scale_factor=2), (2, 3, 4, 5)),
        (lambda torch, nn: nn.UpsamplingBilinear2d((7, 8)), (2, 3, 4, 5)),
        (lambda torch, nn: nn.PixelShuffle(2), (2, 8, 3, 4)),
        (lambda torch, nn: nn.PixelUnshuffle(2), (2, 8, 4, 6)),
        (lambda torch, nn: nn.ChannelShuffle(2), (2, 8, 3, 4)),
        (lambda torch, nn: nn.Unfold((2, 3), dilation=2, padding=(1, 2), stride=2), (2, 3, 5, 6)),
        (lambda torch, nn: nn.Unfold(2), (3, 5, 6)),
        (lambda torch, nn: nn.Fold((4, 5), kernel_size=2, stride=(1, 2), padding=(0, 1)), (2, 12, 9)),
        (lambda torch, nn: nn.Fold(4, (2, 2)), (12, 9)),
        (lambda torch, nn: nn.Flatten(), (2, 3, 4, 5)),
        (lambda torch, nn: nn.Flatten(0, -2), (2, 3, 4, 5)),
        (lambda torch, nn: nn.Unflatten(1, (2, -1)), (2, 6, 4)),
        (lambda torch, nn: nn.Unflatten(-1, (2, 2)), (2, 6, 4)),
        (lambda torch, nn: nn.Unflatten(0, [1, 2]), (2, 6, 4)),
    ],
)
def test_layers_that_move_and_resample_places(make, shape):
    check(make, floats(*shape))
