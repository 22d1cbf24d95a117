"""R13: the mark survives the wire and weights files, in whatever mode they are read."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import tensor
from tensor import marks, nn
from tensor.errors import InferenceTensorError, ReadOnlyError
from tensor.wire import WireTypeError, pack, unpack

MODES = {
    "grad": contextlib.nullcontext,
    "no_grad": tensor.no_grad,
    "inference": tensor.inference_mode,
}


@pytest.fixture(params=MODES)
def mode(request):
    return MODES[request.param]


@pytest.fixture(params=["wire", "file", "mapped file"])
def carry(request, tmp_path):
    """A function that takes a tensor to where another process would find it."""
    path = tmp_path / "x.safetensors"
    match request.param:
        case "wire":
            return lambda value: unpack(b"".join(pack({"x": value})))["x"]
        case "file":
            return lambda value: (tensor.save({"x": value}, path), tensor.load(path, mmap=False)["x"])[1]
        case _:
            return lambda value: (tensor.save({"x": value}, path), tensor.load(path)["x"])[1]


@pytest.fixture
def marked():
    with tensor.inference_mode(), marks.origin(job="nightly", shard=3, replica="r0"):
        return tensor.arange(6.0).reshape(2, 3)


def test_a_marked_tensor_arrives_marked_in_any_mode_with_its_origin(carry, mode, marked):
    with mode():
        arrived = carry(marked)
    assert arrived.is_inference()
    assert arrived.origin == marks.Origin(job="nightly", shard=3, replica="r0")
    np.testing.assert_array_equal(arrived.numpy(), [[0, 1, 2], [3, 4, 5]])


def test_the_origin_may_name_rows(carry):
    rows = (marks.RowRange(0, 2, shard=1, replica="r1"), marks.RowRange(2, 3))
    with tensor.inference_mode(), marks.origin(job="nightly", rows=rows):
        marked = tensor.ones(3)
    assert carry(marked).origin == marked.origin


def test_an_origin_from_elsewhere_is_not_overwritten_by_the_one_here(carry):
    with tensor.inference_mode():
        nameless = tensor.ones(2)
    with tensor.inference_mode(), marks.origin(job="here"):
        assert carry(nameless).origin is None


def test_an_arrived_tensor_cannot_meet_training(carry, marked):
    weight = tensor.ones(3, requires_grad=True)
    with pytest.raises(InferenceTensorError, match="nightly"):
        carry(marked) * weight
    with pytest.raises(InferenceTensorError):
        carry(marked).requires_grad_()


def test_an_unmarked_tensor_arrives_as_if_it_had_been_made_here(carry, mode):
    with mode():
        arrived = carry(tensor.from_numpy(np.ones(2)) if mode is not tensor.inference_mode else UNMARKED)
        assert arrived.is_inference() is tensor.is_inference_mode_enabled()


UNMARKED = tensor.ones(2)


def test_marked_and_unmarked_travel_together(marked):
    arrived = unpack(b"".join(pack([marked, tensor.ones(2), np.ones(2)])))
    assert [arrived[0].is_inference(), arrived[1].is_inference(), type(arrived[2])] == [True, False, np.ndarray]
    assert not tensor.from_numpy(arrived[2]).is_inference()


def test_a_tensor_on_the_wire_shares_the_frame(marked):
    big = tensor.from_numpy(np.zeros((256, 256), np.float32))
    buffers = pack(big)
    assert any(np.shares_memory(big.numpy(), np.frombuffer(buffer, np.uint8)) for buffer in buffers)
    frame = np.frombuffer(bytearray(b"".join(buffers)), np.uint8)
    arrived = unpack(frame)
    frame[-1] = 1
    assert arrived[-1, -1].item() != 0
    with pytest.raises(ReadOnlyError):
        arrived.add_(1)


def test_views_and_any_layout_travel_by_value(marked):
    base = tensor.arange(12.0).reshape(3, 4)
    for view in (base.T, base[:, 1], base[::2], base[0, 0], base[:0], base[0].expand(2, 4)):
        arrived = unpack(b"".join(pack(view)))
        assert arrived.shape == view.shape
        np.testing.assert_array_equal(arrived.numpy(), view.numpy())


def test_a_recorded_tensor_is_refused_on_the_wire():
    recorded = tensor.ones(2, requires_grad=True) * 2
    with pytest.raises(WireTypeError, match=r"recorded for backward.*detach"):
        pack({"columns": [recorded]})
    assert unpack(b"".join(pack(recorded.detach()))).sum().item() == 4


def test_a_leaf_keeps_its_wish_for_gradients_on_the_wire_except_inside():
    leaf = tensor.ones(2, requires_grad=True)
    frame = b"".join(pack(leaf))
    assert unpack(frame).requires_grad
    assert unpack(frame).is_leaf
    with tensor.inference_mode():
        inside = unpack(frame)
    assert inside.is_inference()
    assert not inside.requires_grad


@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_parameter_arrives_as_a_parameter(requires_grad):
    frame = b"".join(pack(nn.Parameter(tensor.ones(2), requires_grad=requires_grad)))
    arrived = unpack(frame)
    assert type(arrived) is nn.Parameter
    assert arrived.requires_grad is requires_grad
    with tensor.inference_mode():
        assert unpack(frame).is_inference()


def test_a_replicas_parameter_arrives_frozen_and_marked():
    with tensor.inference_mode():
        parameter = nn.Linear(2, 2).weight
    arrived = unpack(b"".join(pack(parameter)))
    assert type(arrived) is nn.Parameter
    assert arrived.is_inference()
    assert not arrived.requires_grad


def test_what_is_loaded_inside_is_in_marked_memory(tmp_path):
    tensor.save({"cache": tensor.zeros(2, 3)}, tmp_path / "w.safetensors")
    with tensor.inference_mode():
        [private] = tensor.load(tmp_path / "w.safetensors", mmap=False).values()
        private.copy_(tensor.ones(2, 3))
        [mapped] = tensor.load(tmp_path / "w.safetensors").values()
    for loaded in (private, mapped):
        assert tensor.from_numpy(loaded.numpy()).is_inference()
