"""Convolutions beside torch's."""

from __future__ import annotations

import pytest

from tests.oracle.twins import check, floats

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda torch, nn: nn.Conv1d(4, 6, 3), (2, 4, 9)),
        (lambda torch, nn: nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2, groups=2, bias=False), (2, 4, 9)),
        (lambda torch, nn: nn.Conv1d(4, 4, 4, padding="same", groups=4), (4, 9)),
        (lambda torch, nn: nn.Conv2d(3, 5, 3), (2, 3, 7, 6)),
        (lambda torch, nn: nn.Conv2d(3, 6, (3, 2), (2, 1), (1, 0), (1, 2), 3, False), (2, 3, 7, 6)),
        (lambda torch, nn: nn.Conv2d(4, 8, 1, bias=False), (3, 4, 5, 5)),
        (lambda torch, nn: nn.Conv2d(4, 4, 3, padding=1, groups=4), (4, 6, 5)),
        (lambda torch, nn: nn.Conv2d(4, 2, (2, 4), padding="same", dilation=(1, 2)), (1, 4, 6, 9)),
        (lambda torch, nn: nn.Conv2d(4, 2, 2, padding="valid"), (1, 4, 6, 9)),
        (lambda torch, nn: nn.Conv3d(2, 4, (1, 2, 3), stride=(1, 2, 1), padding=(0, 1, 1), groups=2), (2, 2, 3, 5, 4)),
        (lambda torch, nn: nn.Conv3d(2, 3, 2, padding="same", padding_mode="replicate"), (2, 3, 3, 3)),
        (lambda torch, nn: nn.ConvTranspose1d(4, 6, 3, 2, 1, 1, 2), (2, 4, 5)),
        (lambda torch, nn: nn.ConvTranspose1d(4, 6, 3, bias=False, dilation=2), (4, 5)),
        (lambda torch, nn: nn.ConvTranspose2d(3, 5, 2, stride=2), (2, 3, 4, 5)),
        (lambda torch, nn: nn.ConvTranspose2d(4, 6, (3, 4), (2, 3), (1, 0), (0, 2), 2, False, (2, 1)), (2, 4, 4, 3)),
        (lambda torch, nn: nn.ConvTranspose2d(3, 2, 4, 2, 1), (3, 4, 4)),
        (lambda torch, nn: nn.ConvTranspose3d(2, 4, (1, 2, 3), (1, 2, 1), (0, 1, 1), groups=2), (2, 2, 3, 3, 4)),
    ],
)
def test_convolutions(make, shape):
    check(make, floats(*shape))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
@pytest.mark.parametrize("padding", [(1, 2), "same", "valid"])
def test_padding_modes(mode, padding):
    check(lambda torch, nn: nn.Conv2d(2, 4, (3, 4), padding=padding, padding_mode=mode, groups=2), floats(1, 2, 6, 7))
    sides = padding if isinstance(padding, str) else padding[0]
    check(lambda torch, nn: nn.Conv1d(2, 3, 3, padding=sides, padding_mode=mode, bias=False), floats(2, 7))


@pytest.mark.parametrize("size", [(9, 7), [2, 3, 10, 8], (10, 7)])
def test_a_transposed_convolution_gives_the_size_that_is_asked_for(size):
    call = lambda module, input: module(input, output_size=size)  # noqa: E731
    check(lambda torch, nn: nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1), floats(2, 2, 5, 4), call=call)


def test_a_subclass_convolves_with_a_weight_of_its_own_making():
    def make(torch, nn):
        class Standardized(nn.Conv2d):
            def forward(self, x):
                weight = self.weight - self.weight.mean(dim=(1, 2, 3), keepdim=True)
                weight = weight / (weight.std(dim=(1, 2, 3), keepdim=True) + 1e-5)
                return self._conv_forward(x, weight, self.bias)

        return Standardized(3, 4, 3, padding=1)

    check(make, floats(2, 3, 5, 5))
