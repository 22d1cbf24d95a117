"""How tensors are printed. That it is what PyTorch prints is for the oracle's tests to say."""

import pytest

import tensor as T


@pytest.fixture(autouse=True)
def as_before():
    yield
    T.set_printoptions(profile="default")


def test_what_is_special_is_said():
    weight = T.ones(2, requires_grad=True)
    assert repr(weight) == "tensor([1., 1.], requires_grad=True)"
    assert repr(weight * 2) == "tensor([2., 2.], grad_fn=<MulBackward0>)"
    assert repr(T.ones(1, dtype=T.float64)) == "tensor([1.], dtype=tensor.float64)"
    assert repr(T.zeros(0, 3)) == "tensor([], size=(0, 3))"


def test_the_mark_is_shown():
    with T.inference_mode():
        assert repr(T.ones(2)) == "tensor([1., 1.], inference=True)"
        assert repr(T.tensor(3)) == "tensor(3, inference=True)"
        assert repr(T.ones(2, dtype=T.int8)) == "tensor([1, 1], dtype=tensor.int8, inference=True)"
        marked = T.full((9,), 1 / 3)
    assert repr(marked).endswith("0.3333, 0.3333],\n       inference=True)")
    assert "inference" not in repr(T.as_training_data(marked))


def test_rows_line_up():
    assert repr(T.tensor([[1.0, -20.5], [300.25, 4.0]])) == (
        "tensor([[  1.0000, -20.5000],\n        [300.2500,   4.0000]])"
    )
    assert repr(T.arange(8).reshape(2, 2, 2)) == (
        "tensor([[[0, 1],\n         [2, 3]],\n\n        [[4, 5],\n         [6, 7]]])"
    )
    assert repr(T.tensor([True, False])) == "tensor([ True, False])"


def test_many_elements_are_cut_short():
    assert repr(T.arange(2000)) == "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"
    text = repr(T.zeros(100, 100))
    assert text.count("...") == 7
    assert len(text.splitlines()) == 7


def test_the_same_number_of_characters_whatever_the_elements_hold():
    assert repr(T.tensor([float("nan"), 1.5, float("-inf")])) == "tensor([   nan, 1.5000,   -inf])"
    assert repr(T.tensor([1e-9, 1.0])) == "tensor([1.0000e-09, 1.0000e+00])"


def test_options():
    t = T.tensor([1.23456, 100.0])
    T.set_printoptions(precision=2)
    assert repr(t) == "tensor([  1.23, 100.00])"
    T.set_printoptions(sci_mode=True)
    assert repr(t) == "tensor([1.23e+00, 1.00e+02])"
    T.set_printoptions(threshold=3, edgeitems=1)
    assert repr(T.arange(5)) == "tensor([0,  ..., 4])"
    T.set_printoptions(profile="full")
    assert "..." not in repr(T.arange(2000))
    T.set_printoptions(profile="short", linewidth=20)
    assert repr(T.ones(6) / 3) == "tensor([0.33, 0.33,\n        0.33, 0.33,\n        0.33, 0.33])"
    T.set_printoptions(profile="default")
    assert repr(t) == "tensor([  1.2346, 100.0000])"


def test_mistakes_in_options():
    for options in ({"profile": "nice"}, {"precision": -1}, {"edgeitems": "3"}, {"linewidth": True}):
        with pytest.raises(ValueError, match="set_printoptions"):
            T.set_printoptions(**options)
    assert repr(T.tensor([0.5])) == "tensor([0.5000])"


def test_subclasses_bear_their_name():
    class Mine(T.Tensor):
        pass

    assert repr(Mine([1.0])) == "Mine([1.])"
    assert repr(T.nn.Parameter(T.ones(1))) == "Parameter containing:\ntensor([1.], requires_grad=True)"


def test_formats():
    assert f"{T.tensor(1.5)}" == "1.5"
    assert str(T.tensor(1.5)) == "tensor(1.5000)"
    assert f"{T.tensor(7):>4}" == "   7"
    assert f"{T.ones(1)}" == "tensor([1.])"
    with pytest.raises(TypeError, match=r"unsupported format string passed to Tensor\.__format__"):
        f"{T.ones(2):.2f}"
