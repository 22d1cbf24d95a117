"""Attempts by copies, pickles, frames and files."""

import copy
import pickle
from dataclasses import dataclass

import pytest

import tensor as T
from tensor import nn
from tensor.wire import message, pack, unpack
from tests.tensor.contract.laundering.attempts import VALUES, assert_cannot_train, assert_still_marked, refused


@message("laundering.Envelope")
@dataclass(frozen=True)
class Envelope:
    inside: T.Tensor


class Named(T.Tensor):
    """A subclass, whose instances have a `__dict__`."""


def through_the_wire(value):
    return unpack(b"".join(pack(value)))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_it(marked, protocol):
    again = pickle.loads(pickle.dumps(marked, protocol))
    assert again.tolist() == VALUES
    assert_cannot_train(again)


def test_pickle_it_with_buffers_out_of_band(marked):
    buffers = []
    data = pickle.dumps(marked, 5, buffer_callback=buffers.append)
    assert_cannot_train(pickle.loads(data, buffers=buffers))
    assert_cannot_train(pickle.loads(data, buffers=[bytearray(each.raw()) for each in buffers]))


def test_wrap_the_buffer_that_a_pickle_left_out(marked):
    buffers = []
    pickle.dumps(marked, 5, buffer_callback=buffers.append)
    assert_cannot_train(T.frombuffer(buffers[0].raw(), dtype=T.float32))


def test_pickle_its_array_with_buffers_out_of_band(marked):
    buffers = []
    data = pickle.dumps(marked.numpy(), 5, buffer_callback=buffers.append)
    assert_cannot_train(T.from_numpy(pickle.loads(data, buffers=buffers)))


def test_write_through_what_was_unpickled_inside_over_unmarked_buffers(marked):
    target, buffers = T.zeros(4), []
    data = pickle.dumps(target, 5, buffer_callback=buffers.append)
    with T.inference_mode(), refused(target):
        pickle.loads(data, buffers=buffers).copy_(marked)


def test_write_through_what_was_unpickled_inside_over_somebodys_bytearray(marked):
    buffers = []
    data = pickle.dumps(T.zeros(4), 5, buffer_callback=buffers.append)
    memory = bytearray(buffers[0].raw())
    target = T.frombuffer(memory, dtype=T.float32)
    with T.inference_mode():
        pickle.loads(data, buffers=[memory]).copy_(marked)  # which is a copy: of its own, it may be written
    assert target.tolist() == [0] * 4


def test_build_it_anew_from_what_reduce_gives(marked):
    for protocol in (2, 5):
        build, arguments, *_ = marked.__reduce_ex__(protocol)
        assert_cannot_train(build(*arguments))
        arrays = [each for each in arguments if hasattr(each, "__array_interface__")]
        assert_cannot_train(*[T.from_numpy(each) for each in arrays])


def test_copy_it(marked):
    assert_cannot_train(copy.copy(marked), copy.copy(marked[1:]))


def test_deepcopy_it(marked):
    assert_cannot_train(copy.deepcopy(marked), copy.deepcopy({"deep": [marked]})["deep"][0])


def test_deepcopy_a_leaf_with_a_memo_of_what_was_copied_inside(marked):
    leaf = T.zeros(4, requires_grad=True)
    leaf.grad = T.ones(4)
    memo = {}
    with T.inference_mode():
        copy.deepcopy(leaf.grad, memo)
    for known in (memo, {id(leaf.grad): marked}):
        with refused(leaf):
            copy.deepcopy(leaf, known)
    assert_still_marked(copy.deepcopy(leaf, {id(leaf): marked}))


def test_copy_a_subclass_of_it(marked):
    named = Named(marked)
    assert type(named) is Named
    for again in (named, copy.copy(named), copy.deepcopy(named), pickle.loads(pickle.dumps(named))):
        assert type(again) is Named
        assert again.tolist() == VALUES
        assert_cannot_train(again)


def test_initialise_it_again(marked):
    with pytest.raises(T.UnsupportedError):
        marked.__init__([1.0])
    assert_still_marked(marked)


def test_send_it_over_the_wire(marked):
    assert_cannot_train(through_the_wire(marked))


def test_send_it_over_the_wire_in_a_message_in_a_list_in_a_dict(marked):
    assert_cannot_train(through_the_wire({"list": [Envelope(marked)]})["list"][0].inside)


def test_send_a_view_of_it_over_the_wire(marked):
    assert_cannot_train(*through_the_wire([marked[::2], marked.reshape(2, 2).T, marked.expand(2, 4), marked[0]]))


def test_wrap_the_buffers_of_its_frame_before_they_are_sent():
    with T.inference_mode():
        large = T.ones(64 << 10)
    large.numpy()  # handed out once, its memory is known
    (segment,) = [each for each in pack(large) if each.nbytes >= large.nbytes]
    assert_cannot_train(T.frombuffer(segment, dtype=T.float32, count=4))


def test_unpack_unmarked_data_inside_and_write_to_it(marked):
    frame = bytearray(b"".join(pack(T.zeros(4))))
    outside = unpack(frame)
    with T.inference_mode(), refused(outside):
        unpack(frame).copy_(marked)


@pytest.mark.parametrize("mmap", [True, False])
def test_save_it_and_load_it(marked, tmp_path, mmap):
    T.save({"x": marked}, tmp_path / "x.safetensors")
    (again,) = T.load(tmp_path / "x.safetensors", mmap=mmap).values()
    assert again.tolist() == VALUES
    assert_cannot_train(again)


@pytest.mark.parametrize("mmap", [True, False])
def test_save_it_in_a_training_checkpoint_and_load_it(marked, tmp_path, mmap):
    T.save({"caches": [marked, (marked,)], "epoch": 1}, tmp_path / "x.safetensors")
    one, (other,) = T.load(tmp_path / "x.safetensors", mmap=mmap)["caches"]
    assert_cannot_train(one, other)


def test_save_it_with_metadata_that_say_nothing_is_marked(marked, tmp_path):
    T.save({"x": marked}, tmp_path / "x.safetensors", metadata={"shoal.marks": "{}"})
    assert_cannot_train(T.load(tmp_path / "x.safetensors")["x"])


def test_save_what_was_loaded_under_another_name(marked, tmp_path):
    path = tmp_path / "x.safetensors"
    T.save({"x": marked}, path)
    T.save({"y": T.load(path)["x"], "z": T.zeros(1)}, path)
    again = T.load(path)
    assert_cannot_train(again["y"])
    assert not again["z"].is_inference()


def test_load_weights_inside_and_carry_them_out(tmp_path):
    T.save({"x": T.tensor(VALUES)}, tmp_path / "x.safetensors")
    with T.inference_mode():
        (mapped,) = T.load(tmp_path / "x.safetensors").values()
        (read,) = T.load(tmp_path / "x.safetensors", mmap=False).values()
    assert_cannot_train(mapped, read)


def test_save_a_model_that_was_built_inside(tmp_path):
    with T.inference_mode():
        frozen = nn.Linear(2, 2)
    T.save(frozen.state_dict(), tmp_path / "model.safetensors")
    trained = nn.Linear(2, 2)
    with refused(*trained.parameters()):
        trained.load_state_dict(T.load(tmp_path / "model.safetensors"))
