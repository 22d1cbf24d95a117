"""Convolutions, pools, pads and their kind: what they start from, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.errors import ArgumentError, DtypeError, ShapeError, TensorError
from tensor.nn.modules.batchnorm import _BatchNorm
from tensor.nn.modules.conv import _ConvNd, _ConvTransposeNd
from tensor.nn.modules.utils import _pair, _quadruple, _single, _triple, consume_prefix_in_state_dict_if_present


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: nn.Conv2d(3, 4, 3, groups=2), "in_channels must be divisible by groups, got 3 and 2"),
        (lambda: nn.Conv1d(4, 3, 3, groups=2), "out_channels must be divisible by groups, got 3 and 2"),
        (lambda: nn.ConvTranspose1d(4, 4, 3, groups=0), "groups must be a positive integer, got 0"),
        (lambda: nn.Conv2d(3, 4, 3, padding="full"), "Invalid padding string 'full', should be one of same, valid"),
        (lambda: nn.Conv2d(3, 4, 3, (1, 2), padding="same"), "not supported for strided convolutions"),
        (lambda: nn.Conv2d(3, 4, 3, padding_mode="mirror"), "padding_mode must be one of zeros, reflect"),
        (lambda: nn.ConvTranspose2d(3, 4, 3, padding_mode="reflect"), 'Only "zeros" padding mode is supported'),
        (lambda: nn.GroupNorm(4, 6), r"num_channels \(6\) must be divisible by num_groups \(4\)"),
        (lambda: nn.GroupNorm(0, 6), "a positive number"),
        (lambda: nn.Bilinear(0, 2, 3), "in1_features must be > 0"),
    ],
)
def test_layers_that_cannot_be(make, said):
    with pytest.raises(ArgumentError, match=said):
        make()


@pytest.mark.parametrize("sizes", [3, (2, 1.5), "ab", [2, "3"]])
def test_sizes_of_another_type_do_not_unflatten(sizes):
    with pytest.raises(DtypeError, match="unflattened_size must be a tuple of ints"):
        nn.Unflatten(1, sizes)


@pytest.mark.parametrize(
    ("layer", "shape", "error", "said"),
    [
        (nn.Conv2d(3, 4, 3), (2, 4, 5, 5), ShapeError, "to have 3 channels, but got 4 channels instead"),
        (nn.Conv2d(3, 4, 3), (3, 5), ShapeError, "Expected 3D .unbatched. or 4D .batched. input to conv2d"),
        (nn.Conv2d(3, 4, (3, 3, 3)), (3, 5, 5), ShapeError, "expected a weight of 4 dimensions"),
        (nn.Conv1d(3, 4, 3), (3, 2), ShapeError, "Kernel size can't be greater than actual input size"),
        (nn.Conv1d(3, 4, 3, padding=4, padding_mode="reflect"), (3, 4), ShapeError, "Padding size should be less"),
        (nn.Conv1d(3, 4, 3), (3, 5, 5, 5), ShapeError, "to conv1d"),
        (nn.ConvTranspose1d(3, 4, 3), (2, 4, 5), ShapeError, "to have 3 channels"),
        (nn.ConvTranspose2d(3, 4, 3, output_padding=1), (3, 5, 5), ArgumentError, "output padding must be smaller"),
        (nn.MaxPool2d(2), (2, 2), ShapeError, "Expected 3D or 4D"),
        (nn.MaxPool2d(2, padding=2), (1, 4, 4), ArgumentError, "pad should be non-negative and at most half"),
        (nn.AvgPool1d(5), (1, 4), ShapeError, "Output size is too small"),
        (nn.AdaptiveAvgPool2d((1, 2, 3)), (1, 4, 4), ArgumentError, "output_size must be 2"),
        (nn.GroupNorm(2, 4), (1, 6, 3), TensorError, "weight"),
        (nn.GroupNorm(2, 4), (1, 3, 3), TensorError, "divisible"),
        (nn.RMSNorm(4), (2, 3), ShapeError, "normalized_shape"),
        (nn.ReflectionPad2d(4), (1, 4, 4), ShapeError, "Padding size should be less than"),
        (nn.CircularPad2d(1), (4, 4), ShapeError, "expected 3D or 4D input .got 2D"),
        (nn.Upsample(scale_factor=2, mode="linear"), (1, 1, 4, 4), ShapeError, "Got 4D input, but linear mode"),
        (nn.Upsample(), (1, 1, 4), ArgumentError, "either size or scale_factor"),
        (nn.PixelShuffle(2), (3, 4, 4), ShapeError, "divisible by the square of upscale_factor"),
        (nn.ChannelShuffle(2), (1, 3, 4), ShapeError, "divisible by groups"),
        (nn.Fold(4, 2), (3, 9), ShapeError, "divisible by the product of kernel_size"),
        (nn.Unflatten(1, (2, 2)), (2, 6), TensorError, "6"),
    ],
    ids=str,
)
def test_inputs_that_do_not_fit(layer, shape, error, said):
    with pytest.raises(error, match=said):
        layer(tensor.ones(*shape))


def test_transposed_convolutions_refuse_sizes_that_no_input_has():
    layer = nn.ConvTranspose2d(1, 1, 3, stride=2)
    with pytest.raises(ArgumentError, match=r"valid sizes range from \[9, 9\] to \[10, 10\]"):
        layer(tensor.ones(1, 4, 4), output_size=(9, 11))
    with pytest.raises(ArgumentError, match=r"must have 2 or 3 elements \(got 1\)"):
        layer(tensor.ones(1, 4, 4), output_size=(9,))


@pytest.mark.parametrize(
    ("layer", "fan_in"),
    [
        (nn.Conv2d(8, 6, (3, 5), groups=2), 4 * 15),
        (nn.ConvTranspose2d(8, 6, (3, 5), groups=2), 3 * 15),
        (nn.Bilinear(9, 400, 2), 9),
    ],
    ids=str,
)
def test_initial_values_are_uniform_within_one_over_the_root_of_the_inputs(layer, fan_in):
    bound = 1 / math.sqrt(fan_in)
    for parameter in layer.parameters():
        assert np.abs(parameter.detach().numpy()).max() <= bound
    assert np.abs(layer.weight.detach().numpy()).max() > 0.95 * bound


def test_a_replica_computes_no_initial_values_before_they_are_read():
    with tensor.inference_mode():
        layers = [nn.Conv2d(3, 4, 3), nn.ConvTranspose1d(3, 4, 3), nn.BatchNorm2d(3), nn.GroupNorm(1, 3)]
        layers += [nn.RMSNorm(3), nn.InstanceNorm1d(3, affine=True), nn.Bilinear(2, 3, 4)]
        kinds = {type(parameter).__name__ for layer in layers for parameter in layer.parameters()}
    assert kinds == {"DeferredParameter"}


def test_names_that_public_model_files_import():
    assert (_single(1), _pair(2), _triple((3, 4, 5)), _quadruple([1, 2])) == ((1,), (2, 2), (3, 4, 5), (1, 2))
    assert isinstance(nn.Conv1d(1, 1, 1), _ConvNd)
    assert isinstance(nn.ConvTranspose2d(1, 1, 1), _ConvTransposeNd)
    assert isinstance(nn.SyncBatchNorm(1), _BatchNorm)
    assert isinstance(nn.ZeroPad2d(1), nn.ConstantPad2d)
    state = {"module.weight": 1, "bias": 2, "module.module.weight": 3}
    consume_prefix_in_state_dict_if_present(state, "module.")
    assert state == {"weight": 1, "bias": 2, "module.weight": 3}


def test_a_base_class_without_dimensions_says_so():
    with pytest.raises(NotImplementedError, match="does not say which inputs it takes"):
        _BatchNorm(3)(tensor.ones(2, 3))
