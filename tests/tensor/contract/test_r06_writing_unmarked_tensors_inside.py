"""R6: in-place on an unmarked tensor inside INFERENCE bumps its storage's version; read-only memory: our error."""

import mmap

import numpy as np
import pytest

import tensor as T


def test_stays_unmarked_and_keeps_its_value():
    weight = T.zeros(3, requires_grad=True)
    outside = T.ones(3)
    with T.inference_mode():
        weight.add_(outside)
        weight[0] = 5.0
    assert not weight.is_inference()
    assert weight.requires_grad
    assert weight.is_leaf
    assert weight.tolist() == [5, 1, 1]
    (weight * 2).sum().backward()
    assert weight.grad.tolist() == [2, 2, 2]


def test_a_graph_that_saved_it_refuses_backward():
    weight = T.ones(3, requires_grad=True)
    x = T.ones(3)
    loss = (weight * x).sum()
    with T.inference_mode():
        x.mul_(2)
    with pytest.raises(T.GradientError, match="has been modified by an inplace operation"):
        loss.backward()
    assert weight.grad is None


def test_a_graph_that_did_not_save_it_does_not_mind():
    weight = T.ones(3, requires_grad=True)
    x = T.ones(3)
    loss = (weight + x).sum()
    with T.inference_mode():
        x.mul_(2)
    loss.backward()
    assert weight.grad.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.view(-1).mul_(2),
        lambda x: x[0].zero_(),
        lambda x: x.detach().add_(1),
        lambda x: x.data.fill_(3),
        lambda x: x.T.T[0].neg_(),
        lambda x: x.__setitem__((0, 0), 9.0),
        lambda x: x._writable_array(),
    ],
)
def test_the_version_is_shared_by_all_views(write):
    weight = T.ones(2, 2, requires_grad=True)
    x = T.ones(2, 2)
    views = [x.view(4), x[1], x.detach()]
    loss = (weight * x).sum()
    with T.inference_mode():
        write(x)
    assert x._version == 1
    assert [view._version for view in views] == [1, 1, 1]
    with pytest.raises(T.GradientError, match="version 1; expected version 0"):
        loss.backward()


def test_a_kept_result_is_watched_too():
    weight = T.ones(3, requires_grad=True)
    result = weight.exp()
    with T.no_grad():
        result.zero_()
    with pytest.raises(T.GradientError, match="its result"):
        result.sum().backward()


READ_ONLY = {
    "bytes": lambda: T.frombuffer(bytes(12), dtype=T.float32),
    "array": lambda: T.from_numpy(_locked()),
    "mmap": lambda: T.frombuffer(_mapped(), dtype=T.float32),
}


def _locked():
    array = np.zeros(3, np.float32)
    array.flags.writeable = False
    return array


def _mapped():
    with mmap.mmap(-1, 12) as anonymous:
        anonymous.write(bytes(12))
    mapped = mmap.mmap(-1, 12, access=mmap.ACCESS_READ)
    return mapped


@pytest.mark.parametrize("make", READ_ONLY.values(), ids=READ_ONLY)
@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
def test_read_only_memory_raises_our_error(make, inside):
    with T.inference_mode() if inside else T.no_grad():
        tensor = make()
        for write in (
            lambda: tensor.add_(1),
            lambda: tensor.zero_(),
            lambda: tensor.__setitem__(0, 1.0),
            lambda: tensor[1:].fill_(2),
            lambda: tensor.normal_(),
            lambda: tensor._writable_array(),
        ):
            with pytest.raises(T.ReadOnlyError, match="read-only memory"):
                write()
        assert tensor.tolist() == [0, 0, 0]


def test_read_only_memory_is_not_copied():
    array = _locked()
    assert np.shares_memory(T.from_numpy(array).numpy(), array)
    assert (T.from_numpy(array) + 1).tolist() == [1, 1, 1]
