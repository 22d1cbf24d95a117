"""R2 and R3: marked index tensors within a list are operands as any others."""

import pytest

import tensor as T


@pytest.fixture
def marked():
    with T.inference_mode():
        return T.tensor([2, 0])


def test_the_result_is_marked(marked):
    x = T.arange(5.0)
    assert x[[marked[0], marked[1]]].is_inference()
    assert x[[0, marked[1]]].tolist() == [0, 0]
    assert x[[marked.numpy()]].is_inference()
    assert not x[[T.tensor(2), 0]].is_inference()
    assert x[[T.tensor(2), 0]].tolist() == [2, 0]


def test_not_of_what_requires_a_gradient(marked):
    weight = T.arange(5.0).requires_grad_()
    with pytest.raises(T.InferenceTensorError):
        weight[[marked[0], marked[1]]]


def test_no_write_of_unmarked_memory(marked):
    x = T.arange(5.0)
    with pytest.raises(T.InferenceTensorError):
        x[[marked[0], marked[1]]] = 1
    assert x.tolist() == [0, 1, 2, 3, 4]
