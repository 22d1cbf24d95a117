"""Dropout: how often, how much, where; gradients by the mask drawn; refusals."""

from __future__ import annotations

import numpy as np
import pytest

import tensor as T
from tensor.nn import functional as F


@pytest.fixture(autouse=True)
def _seed():
    T.manual_seed(0)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [T.float32, T.float64, T.bfloat16])
def test_dropout_drops_so_many_and_scales_the_others(p, dtype):
    dropped = F.dropout(T.ones(20_000, dtype=dtype), p).float().numpy()
    assert abs((dropped == 0).mean() - p) < 0.02
    np.testing.assert_allclose(np.unique(dropped[dropped != 0]), 1 / (1 - p), rtol=1e-2)


@pytest.mark.parametrize("name", ["dropout", "dropout2d", "alpha_dropout", "feature_alpha_dropout"])
@pytest.mark.parametrize("inplace", [False, True])
def test_gradients_follow_the_mask_that_was_drawn(name, inplace):
    x = T.rand(4, 5, 2, 3, dtype=T.float64, requires_grad=True)

    def drop(each):
        T.manual_seed(3)
        return getattr(F, name)(each.clone(), 0.4, True, inplace)

    assert T.equal(drop(x), drop(x))
    assert T.autograd.gradcheck(drop, [x])


@pytest.mark.parametrize(
    ("name", "shape", "channels"),
    [("dropout1d", (40, 3), 1), ("dropout1d", (8, 5, 3), 2), ("dropout2d", (8, 5, 3, 2), 2),
     ("dropout3d", (40, 2, 2, 2), 1), ("dropout3d", (8, 5, 2, 2, 2), 2), ("feature_alpha_dropout", (8, 5, 3), 2)],
)  # fmt: skip
def test_whole_channels_are_dropped(name, shape, channels):
    dropped = getattr(F, name)(T.ones(shape), 0.5, True).numpy()
    flat = dropped.reshape(*shape[:channels], -1)
    assert (flat == flat[..., :1]).all()
    assert len(np.unique(dropped)) == 2


def test_dropout2d_takes_three_dimensions_for_a_batch_and_says_so():
    with pytest.warns(UserWarning, match="3D input"):
        dropped = F.dropout2d(T.ones(8, 5, 40), 0.5).numpy()
    assert (dropped == dropped[..., :1]).all()
    with pytest.warns(UserWarning, match="2-D"):
        F.dropout2d(T.ones(8, 5))


def test_alpha_dropout_keeps_mean_and_variance():
    dropped = F.alpha_dropout(T.randn(200_000), 0.3, True).numpy()
    assert abs(dropped.mean()) < 0.02
    assert abs(dropped.std() - 1) < 0.02


@pytest.mark.parametrize("name", ["dropout", "alpha_dropout", "feature_alpha_dropout", "dropout2d"])
def test_nothing_happens_where_nothing_is_to_be_dropped(name):
    x = T.ones(2, 3, 4, 5)
    assert getattr(F, name)(x, 0.0, True) is x
    assert getattr(F, name)(x, 0.5, False) is x


def test_in_place_the_input_is_written():
    x = T.ones(1000)
    before = x._version
    assert F.dropout(x, 0.5, True, True) is x
    assert x._version > before
    assert set(x.tolist()) == {0, 2}
    assert T.dropout_(x, 1.0, True) is x
    assert not x.any()
    assert T.feature_dropout_(T.ones(3, 2), 1.0, True).tolist() == [[0, 0]] * 3


@pytest.mark.parametrize("p", [-0.1, 1.1])
@pytest.mark.parametrize("name", ["dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout"])
def test_what_is_no_probability_is_refused(name, p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        getattr(F, name)(T.ones(2, 3), p)


def test_integers_and_too_few_dimensions_are_refused():
    with pytest.raises(T.DtypeError, match="Float can't be cast"):
        F.dropout(T.arange(3))
    with pytest.raises(T.ShapeError, match="at least 2 dimensions"):
        F.feature_alpha_dropout(T.ones(3), 0.5, True)
    with pytest.raises(T.ShapeError, match="2D or 3D"):
        F.dropout1d(T.ones(3))


def test_marked_data_stays_marked_and_a_trained_tensor_is_not_written_by_it():
    with T.inference_mode():
        inside = T.ones(4)
        assert F.dropout(inside, 0.5).is_inference()
    assert F.dropout(inside, 0.5).is_inference()
    with pytest.raises(T.InferenceTensorError):
        F.dropout(inside, 0.5, True, True)
