"""Results lie row by row where PyTorch's do, so that `view` works on them."""

from __future__ import annotations

import pytest

import tensor
from tensor import rows
from tensor.nn import functional as F
from tensor.registry import OPS

TRANSPOSED = tensor.arange(24.0).reshape(2, 3, 4).transpose(1, 2)
IMAGES = tensor.arange(96.0).reshape(2, 4, 4, 3).permute(0, 3, 1, 2)


def test_the_named_operations_exist():
    assert set() == (rows.ALWAYS | rows.UNLESS_CHANNELS_LAST) - set(OPS)


@pytest.mark.parametrize(
    "compute",
    [
        lambda x: F.softmax(x, -1),
        lambda x: tensor.cat([x, x], 1),
        lambda x: x.masked_fill(x > 3, 0.0),
        lambda x: F.layer_norm(x, (3,)),
        lambda x: x.cumsum(1),
        lambda x: x.unsqueeze(0).sum(0),
        lambda x: x.max(0).indices,
        lambda x: x.sort(1).indices,
        lambda x: x @ tensor.ones(3, 1),
        lambda x: F.avg_pool1d(x, 2),
    ],
)
def test_what_is_computed_of_a_transposed_tensor_lies_in_rows(compute):
    assert not TRANSPOSED.is_contiguous()
    out = compute(TRANSPOSED)
    assert out.is_contiguous()
    assert out.view(-1).shape == (out.numel(),)


def test_elementwise_results_lie_as_their_operands():
    assert TRANSPOSED.exp().stride() == TRANSPOSED.stride()


def test_images_with_channels_last_stay_so_in_pools():
    assert F.max_pool2d(IMAGES, 2).is_contiguous(memory_format=tensor.channels_last)
    assert F.max_pool2d(IMAGES.contiguous(), 2).is_contiguous()
