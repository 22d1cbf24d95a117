"""Batch and instance norms: what their running statistics follow, and what never gets into them."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.errors import InferenceModeError, InferenceTensorError, ShapeError

BATCH = np.random.default_rng(0).normal(3, 2, (4, 2, 5)).astype(np.float32)
MEAN, VAR = BATCH.mean((0, 2)), BATCH.var((0, 2), ddof=0) * 20 / 19


def batch():
    return tensor.from_numpy(BATCH.copy())


def statistics(layer):
    return [buffer.tolist() for buffer in layer.buffers()]


FRESH = [[0.0, 0.0], [1.0, 1.0], 0]


@pytest.mark.parametrize(("momentum", "share"), [(0.1, 0.1), (0.5, 0.5), (None, 1.0)])
def test_training_lets_the_statistics_follow_the_batch(momentum, share):
    layer = nn.BatchNorm1d(2, momentum=momentum)
    layer(batch())
    np.testing.assert_allclose(layer.running_mean.numpy(), share * MEAN, rtol=1e-5)
    np.testing.assert_allclose(layer.running_var.numpy(), 1 - share + share * VAR, rtol=1e-5)
    assert layer.num_batches_tracked.item() == 1


def test_without_momentum_they_are_the_average_of_all_batches():
    layer = nn.BatchNorm1d(2, momentum=None)
    for factor in (1, 2, 6):
        layer(batch() * factor)
    np.testing.assert_allclose(layer.running_mean.numpy(), 3 * MEAN, rtol=1e-5)
    assert layer.num_batches_tracked.item() == 3


def test_no_grad_is_still_training():
    layer = nn.BatchNorm1d(2)
    with tensor.no_grad():
        out = layer(batch())
    assert not out.requires_grad
    assert layer.num_batches_tracked.item() == 1


@pytest.mark.parametrize("layer", [nn.BatchNorm1d(2), nn.InstanceNorm1d(2, track_running_stats=True)], ids=str)
def test_evaluation_writes_nothing(layer):
    layer.eval()(batch())
    with tensor.inference_mode():
        layer(batch())
    assert statistics(layer) == FRESH


def test_training_without_tracking_needs_no_statistics():
    layer = nn.BatchNorm1d(2)
    layer.track_running_stats = False
    layer(batch())
    assert statistics(layer) == FRESH


def test_the_statistics_are_reset():
    layer = nn.BatchNorm1d(2)
    layer(batch())
    layer.reset_running_stats()
    assert statistics(layer) == FRESH


@pytest.mark.parametrize("layer", [nn.BatchNorm1d(2), nn.SyncBatchNorm(2)], ids=str)
def test_training_inside_inference_mode_is_refused_and_changes_nothing(layer):
    with tensor.inference_mode(), pytest.raises(InferenceModeError, match=r"module\.eval\(\)"):
        layer(batch())
    assert statistics(layer) == FRESH


def test_a_layer_built_inside_inference_mode_evaluates_there_only_after_eval():
    with tensor.inference_mode():
        layer = nn.BatchNorm1d(2)
        with pytest.raises(InferenceModeError, match=r"module\.eval\(\)"):
            layer(batch())
        assert layer.eval()(batch()).is_inference()
        assert statistics(layer) == FRESH
    layer.train()
    with pytest.raises(InferenceTensorError):
        layer(batch())
    assert statistics(layer) == FRESH


def test_marked_data_does_not_get_into_the_statistics_of_a_model_in_training():
    layer = nn.BatchNorm1d(2, affine=False)
    with tensor.inference_mode():
        marked = batch()
    with tensor.no_grad(), pytest.raises(InferenceTensorError, match="batch_norm"):
        layer(marked)
    assert statistics(layer) == FRESH


def test_what_cannot_be_normalised_is_not_counted():
    layer = nn.BatchNorm1d(2)
    with pytest.raises(ShapeError, match="Expected more than 1 value per channel"):
        layer(tensor.ones(1, 2))
    with pytest.raises(ShapeError, match="should contain 3 elements"):
        layer(tensor.ones(2, 3))
    assert statistics(layer) == FRESH


@pytest.mark.parametrize(
    ("layer", "shape", "said"),
    [
        (nn.BatchNorm1d(2), (2, 2, 2, 2), "expected 2D or 3D input .got 4D input"),
        (nn.BatchNorm2d(2), (2, 2, 2), "expected 4D input .got 3D"),
        (nn.BatchNorm3d(2), (2, 2, 2, 2), "expected 5D input"),
        (nn.SyncBatchNorm(2), (2,), "expected at least 2D input"),
        (nn.SyncBatchNorm(0), (2, 0), "number of input channels should be non-zero"),
        (nn.InstanceNorm1d(2), (2,), "expected 2D or 3D input"),
        (nn.InstanceNorm2d(2), (2, 2), "expected 3D or 4D input"),
        (nn.InstanceNorm3d(2), (2, 2, 2), "expected 4D or 5D input"),
        (nn.InstanceNorm2d(2, affine=True), (1, 3, 4, 4), r"size at dim=1 to match num_features \(2\), but got: 3"),
        (nn.InstanceNorm2d(2, affine=True), (3, 4, 4), "size at dim=0 to match num_features"),
    ],
    ids=str,
)
def test_other_dimensions_are_refused(layer, shape, said):
    with pytest.raises(ShapeError, match=said):
        layer(tensor.ones(*shape))


def test_instance_norm_warns_of_a_number_of_channels_that_is_not_used():
    with pytest.warns(UserWarning, match="3, does not match num_features, 2"):
        nn.InstanceNorm1d(2)(tensor.ones(3, 4))


def test_an_old_checkpoint_does_not_count_batches():
    state = nn.Sequential(nn.BatchNorm1d(2)).state_dict()
    del state["0.num_batches_tracked"]
    model = nn.Sequential(nn.BatchNorm1d(2))
    model(batch())
    model.load_state_dict(state)
    assert statistics(model) == [[0.0, 0.0], [1.0, 1.0], 1]


def test_converting_to_synchronised_batch_norms_keeps_parameters_statistics_and_mode():
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.BatchNorm1d(2, momentum=0.3, bias=False))).eval()
    before = {**model.state_dict(keep_vars=True)}
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert converted is model
    layer = model[1][0]
    assert (type(layer), layer.momentum, layer.training) == (nn.SyncBatchNorm, 0.3, False)
    after = model.state_dict(keep_vars=True)
    assert list(after) == list(before)
    assert all(after[name] is before[name] for name in before)
    assert isinstance(nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm2d(3)), nn.SyncBatchNorm)
