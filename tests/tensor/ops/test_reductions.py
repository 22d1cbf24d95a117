"""Sums, means and products: many rows, no elements, dtypes, and dimensions that are none."""

import numpy as np
import pytest

import tensor as T


@pytest.mark.parametrize(
    ("shape", "dim"), [((40_000, 3), 0), ((4_000, 64), 0), ((2, 30_000, 5), 1), ((700, 9, 2), (0, 1))]
)
def test_sums_of_many_rows_keep_their_digits(shape, dim):
    values = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    exact = values.sum(dim, dtype=np.float64)
    for made in (T.tensor(values).sum(dim), T.tensor(np.asfortranarray(values)).sum(dim)):
        np.testing.assert_allclose(made.numpy(), exact, rtol=1e-6)
    np.testing.assert_allclose(T.tensor(values).cumsum(0)[-1].numpy(), values.sum(0, dtype=np.float64), rtol=1e-6)


def test_of_no_elements():
    empty = T.empty(0, 3)
    assert empty.sum().item() == 0
    assert empty.prod(0).tolist() == [1, 1, 1]
    assert empty.mean(0).isnan().all()
    assert empty.var(0).isnan().all()
    assert not empty.any()
    assert empty.all()
    for reduce in (T.amax, T.amin, T.max, T.min, T.argmax, T.argmin, T.median):
        with pytest.raises(T.DimensionError, match="non-zero size"):
            reduce(empty, 0)


def test_integers_are_summed_as_int64_unless_told():
    bytes_ = T.tensor([200, 100], dtype=T.uint8)
    assert (bytes_.sum().item(), bytes_.sum().dtype) == (300, T.int64)
    assert (bytes_.sum(dtype=T.uint8).item(), bytes_.sum(dtype=T.uint8).dtype) == (44, T.uint8)
    assert bytes_.cumsum(0, dtype=T.int16).dtype is T.int16
    for mean in (T.mean, T.nanmean):
        with pytest.raises(T.DtypeError, match=r"floating point|floats"):
            mean(bytes_)


def test_an_empty_list_of_dimensions():
    values = T.tensor([[1.0, 0.0], [2.0, 3.0]])
    assert values.sum(()).item() == 6  # all
    assert values.any(()).tolist() == [[True, False], [True, True]]  # none


@pytest.mark.parametrize("dim", [T.tensor(0), 0.0, "0", {0}, (T.tensor(0),)], ids=repr)
@pytest.mark.parametrize("reduce", [T.sum, T.amax, T.argmax, T.cumsum, T.sort, T.median])
def test_dimensions_are_integers(reduce, dim):
    with pytest.raises(T.DtypeError, match="an integer"):
        reduce(T.ones(2, 2), dim)


def test_dimensions_are_there_once():
    with pytest.raises(T.DimensionError, match="Dimension out of range"):
        T.ones(2, 2).sum(2)
    with pytest.raises(T.DimensionError, match="multiple times"):
        T.ones(2, 2).sum((0, -2))


def test_the_gradient_of_an_extreme_nan_goes_to_nan():
    values = T.tensor([1.0, float("nan"), float("nan")], requires_grad=True)
    values.max().backward()
    assert values.grad.tolist() == [0, 0.5, 0.5]


def test_the_larger_of_two_or_along_a_dimension_but_not_both():
    with pytest.raises(T.ArgumentError, match="both"):
        T.max(T.ones(2), 0, other=T.ones(2))
