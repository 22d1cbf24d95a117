"""Properties of broadcasting, of its gradient and of views, over shapes that Hypothesis chooses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tensor as T
from tensor.engine import unbroadcast

pairs = hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4)
floats = st.floats(-4, 4, width=32)


def values(shape):
    return hnp.arrays(np.float32, shape, elements=floats)


@given(st.data())
def test_arithmetic_is_numpys_and_gradients_have_the_operands_shapes(data):
    shapes = data.draw(pairs).input_shapes
    a, b = (data.draw(values(shape)) for shape in shapes)
    x, y = T.tensor(a, requires_grad=True), T.tensor(b, requires_grad=True)
    result = x * y + x
    assert np.array_equal(result.detach().numpy(), a * b + a)
    result.sum().backward()
    assert x.grad.shape == a.shape
    assert y.grad.shape == b.shape
    size = np.broadcast_shapes(*shapes)
    expected = unbroadcast(np.broadcast_to(a, size), b.shape)
    np.testing.assert_allclose(y.grad.numpy(), expected, rtol=1e-5, atol=1e-5)


@given(pairs)
def test_unbroadcast_sums_what_broadcasting_repeated(shapes):
    for shape in shapes.input_shapes:
        repeated = np.broadcast_to(np.ones(shape), shapes.result_shape)
        summed = unbroadcast(repeated, shape)
        assert summed.shape == shape
        assert summed.sum() == repeated.size


def test_unbroadcast_refuses_what_is_no_broadcast():
    for g, shape in (((2, 3), (2,)), ((3,), (2, 3)), ((3,), (2,)), ((), (2,))):
        with pytest.raises(T.ShapeError, match="no broadcast"):
            unbroadcast(np.ones(g), shape)


@given(hnp.array_shapes(max_dims=3, max_side=4), st.data())
def test_basic_indexing_is_numpys_and_a_view(shape, data):
    array = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True))
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, slice) and (part.step or 1) < 1 for part in parts):
        return  # PyTorch has no negative steps
    taken = T.from_numpy(array)[index]
    assert np.array_equal(taken.numpy(), array[index])
    if taken.numel():
        assert np.shares_memory(taken.numpy(), array)


@given(hnp.array_shapes(max_dims=3, max_side=4), st.data())
def test_gradients_of_indexing_count_how_often_each_element_was_taken(shape, data):
    index = data.draw(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3)))
    tensor = T.zeros(*shape, requires_grad=True)
    tensor[tuple(T.tensor(part) for part in index)].sum().backward()
    expected = np.zeros(shape, np.float32)
    np.add.at(expected, index, 1)
    assert np.array_equal(tensor.grad.numpy(), expected)


@given(hnp.array_shapes(min_dims=1, max_dims=4, max_side=4), st.data())
def test_shapes_round_trip(shape, data):
    tensor = T.arange(int(np.prod(shape))).reshape(shape)
    order = data.draw(st.permutations(range(len(shape))))
    back = [order.index(dim) for dim in range(len(shape))]
    assert T.equal(tensor.permute(order).permute(back), tensor)
    dim = data.draw(st.integers(0, len(shape) - 1))
    assert T.equal(T.cat(tensor.unsqueeze(0).split(1, dim + 1), dim + 1)[0], tensor)
    assert T.equal(T.stack(tensor.unbind(dim), dim), tensor)
    size = data.draw(st.integers(1, 5))
    assert T.equal(T.cat(tensor.split(size, dim), dim), tensor)
