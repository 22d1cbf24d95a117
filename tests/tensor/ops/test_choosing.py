"""`where` and `nan_to_num`: what they refuse, and the short form."""

import pytest

import tensor as T


def test_a_condition_alone_tells_places():
    rows, columns = T.where(T.tensor([[0.0, 2.0], [3.0, 0.0]]))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])


def test_half_a_choice_is_refused():
    with pytest.raises(T.DtypeError, match="condition alone"):
        T.where(T.tensor([True]), 1.0)


def test_conditions_are_boolean():
    with pytest.raises(T.DtypeError, match="boolean"):
        T.where(T.ones(2), 1.0, 0.0)


def test_gradients_flow_to_what_was_chosen_only():
    x = T.tensor([0.0, 4.0], requires_grad=True)
    T.where(x > 0, x.sqrt().detach() * x, 0.0).sum().backward()
    assert x.grad.tolist() == [0, 2]


def test_infinities_become_the_largest_numbers_of_the_dtype():
    for dtype, largest in ((T.float16, 65504.0), (T.float32, 3.4028234663852886e38)):
        odd = T.tensor([float("nan"), float("inf"), float("-inf")], dtype=dtype)
        assert odd.nan_to_num().tolist() == [0, largest, -largest]
        assert odd.nan_to_num_(1, 2, 3).tolist() == [1, 2, 3]
