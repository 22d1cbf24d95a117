"""What samples cannot say about indexing: errors in PyTorch's words, special indices, and marks."""

from __future__ import annotations

import numpy as np
import pytest

import tensor as T

ERRORS = {
    "integer": (lambda x: x[5], "index 5 is out of bounds for dimension 0 with size 2"),
    "second integer": (lambda x: x[:, -4], "index -4 is out of bounds for dimension 1 with size 3"),
    "vector": (lambda x: x[T.tensor([2])], "index 2 is out of bounds for dimension 0 with size 2"),
    "list": (lambda x: x[[0, -3]], "index -3 is out of bounds for dimension 0 with size 2"),
    "too many": (lambda x: x[0, 0, 0], "too many indices"),
    "too many tensors": (lambda x: x[0, 0, T.tensor([0])], "too many indices for tensor of dimension 2"),
    "mask": (lambda x: x[T.tensor([True, False, True])], r"The shape of the mask \[3\] at index 0 does not match"),
    "floats": (lambda x: x[T.tensor([1.0])], "tensors used as indices must be long, int, byte or bool tensors"),
    "list of floats": (lambda x: x[[0.5]], "tensors used as indices must be"),
    "list of slices": (lambda x: x[[slice(1)]], "index with a tuple"),
    "ragged list": (lambda x: x[[[0], [0, 1]]], "tensors used as indices must be"),
    "float": (lambda x: x[1.0], r"only integers, slices .* are valid indices \(got float\)"),
    "text": (lambda x: x["a"], "got str"),
    "ellipses": (lambda x: x[..., 0, ...], "single ellipsis"),
    "gather": (lambda x: x.gather(0, T.tensor([[2]])), "index 2 is out of bounds for dimension 0 with size 2"),
    "gather from behind": (lambda x: x.gather(1, T.tensor([[-1]])), "index -1 is out of bounds for dimension 1"),
    "scatter": (lambda x: x.scatter(1, T.tensor([[3]]), 1.0), "index 3 is out of bounds for dimension 1 with size 3"),
    "index_select": (lambda x: x.index_select(0, T.tensor([7])), "index out of range in self"),
    "index_add": (lambda x: x.index_add(0, T.tensor([7]), x[:1]), "index 7 is out of bounds for dimension 0"),
    "index_put": (lambda x: x.index_put((T.tensor([7]),), x, True), "out of bounds"),
    "take": (lambda x: x.take(T.tensor(6)), "tried to access index 6 on a tensor of 6 elements"),
    "select": (lambda x: x.select(1, 3), "index 3 out of range"),
}


@pytest.mark.parametrize(("fail", "words"), ERRORS.values(), ids=ERRORS)
def test_errors_say_what_is_out_of_range(fail, words):
    x = T.ones(2, 3)
    with pytest.raises(T.DimensionError, match=words) as error:
        fail(x)
    assert isinstance(error.value, IndexError)
    assert x.tolist() == [[1, 1, 1]] * 2


def test_integers_beside_index_tensors_are_taken_first():
    x = T.arange(24).view(2, 3, 4)
    places = T.tensor([0, 2])
    assert x[0, :, places].tolist() == x[0][:, places].tolist()
    assert x[0, :, places].shape == (3, 2)  # NumPy says (2, 3)
    assert x[places % 2, :, places].shape == (2, 3)
    x[0, :, places] = T.zeros(3, 2, dtype=T.int64)
    assert x[0, :, 0].tolist() == [0, 0, 0]


def test_nested_lists_are_one_index():
    x = T.arange(6).view(2, 3)
    assert x[[[0, 1], [1, 0]]].shape == (2, 2, 3)
    assert x[(0, 1), (1, 1)].tolist() == [1, 4]
    assert x[range(2), [0, 0]].tolist() == [0, 3]
    assert x[[T.tensor(0), T.tensor(1)]].shape == (2, 3)


def test_bytes_are_masks_and_say_that_they_are_deprecated():
    x = T.arange(3)
    with pytest.warns(UserWarning, match="bool instead"):
        assert x[T.tensor([1, 0, 2], dtype=T.uint8)].tolist() == [0, 2]


@pytest.mark.parametrize("key", [T.tensor([0, 0, 1]), [0, 0, 1]], ids=["tensor", "list"])
def test_places_named_several_times_add_up_in_gradients(key):
    x = T.ones(2, 3, requires_grad=True)
    x[key].sum().backward()
    assert x.grad.tolist() == [[2, 2, 2], [1, 1, 1]]


def test_marked_indices_mark_what_they_pick():
    with T.inference_mode():
        one, many, mask = T.tensor(1), T.tensor([0, 1]), T.tensor([True, False])
    x = T.arange(6.0).view(2, 3)
    for key in (one, many, mask, (slice(None), many), [one, 0], (0, one)):
        assert x[key].is_inference()
        with pytest.raises(T.InferenceTensorError):
            x[key] = 0
    assert x[one].tolist() == [3, 4, 5]
    for fn in (T.gather, T.index_select, T.take_along_dim):
        index = many[None] if fn is not T.index_select else many
        arguments = (x, index, 1) if fn is T.take_along_dim else (x, 1, index)
        assert fn(*arguments).is_inference()


def test_memory_that_cannot_be_written_is_left_alone():
    frozen = np.zeros(3)
    frozen.flags.writeable = False
    x = T.from_numpy(frozen)
    for write in (
        lambda: x.__setitem__(0, 1),
        lambda: x.index_put_((T.tensor([0]),), T.ones(1, dtype=T.float64)),
        lambda: x.scatter_(0, T.tensor([0]), 1.0),
        lambda: x.index_fill_(0, T.tensor([0]), 1),
        lambda: x.put_(T.tensor([0]), T.ones(1, dtype=T.float64)),
        lambda: x.masked_scatter_(x == 0, x + 1),
    ):
        with pytest.raises(T.ReadOnlyError):
            write()
    assert x.tolist() == [0, 0, 0]


def test_values_are_cast_into_views_only():
    x = T.zeros(2, 3)
    x[0] = T.ones(3, dtype=T.int64)
    assert x[0].tolist() == [1, 1, 1]
    with pytest.raises(T.DtypeError, match="Index put requires the source and destination dtypes match"):
        x[T.tensor([0])] = T.ones(3, dtype=T.int64)
    with pytest.raises(T.ArgumentError, match="overflow"):
        T.zeros(2, dtype=T.int8)[0:1] = 300
    with pytest.raises(T.ShapeError):
        x[0] = T.ones(2)
    with pytest.raises(T.ShapeError):
        x[T.tensor([0, 1])] = T.ones(2, 2)


def test_positional_arguments_of_to():
    x = T.ones(2)
    assert x.to(T.float32) is x
    assert x.to(T.float32, False, True) is not x
    assert x.to("cpu", T.float32, False, True) is not x
    assert x.to(T.float32, True) is x
    assert x.to(other=T.ones(1, dtype=T.float64)).dtype is T.float64
    assert x.clone(memory_format=None).tolist() == x.contiguous(memory_format=None).tolist() == [1, 1]
    with pytest.raises(T.DtypeError, match=r"tensor\.float32"):
        x.to("float32")
