"""Instance norms beside torch's."""

from __future__ import annotations

import pytest

from tests.oracle.twins import check, floats

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"affine": True},
        {"affine": True, "bias": False, "eps": 0.1},
        {"track_running_stats": True},
        {"affine": True, "track_running_stats": True, "momentum": 0.3},
        {"track_running_stats": True, "momentum": None},
    ],
    ids=str,
)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_instance_norms(settings, dims):
    for shape in ((2, 3, 4, 3, 2), (3, 4, 3, 2)):
        input = floats(*shape[: len(shape) - 3 + dims])
        check(lambda torch, nn: getattr(nn, f"InstanceNorm{dims}d")(3, **settings), input)


def test_channels_that_are_not_those_of_the_layer_do_not_matter_without_a_weight():
    check(lambda torch, nn: nn.InstanceNorm2d(7), floats(2, 3, 4, 5))
