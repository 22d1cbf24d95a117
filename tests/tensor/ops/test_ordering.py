"""Elements in order: equal ones, what is no number, and places that there are not."""

import math

import pytest

import tensor as T

NAN = math.nan


def test_nan_is_the_largest():
    values = T.tensor([2.0, NAN, 1.0])
    assert values.sort().indices.tolist() == [2, 0, 1]
    assert values.argsort(descending=True).tolist() == [1, 0, 2]
    assert values.topk(1).indices.tolist() == [1]
    assert values.argmax().item() == values.argmin().item() == 1
    assert values.median().isnan()
    assert values.nanmedian().item() == 1
    assert values.quantile(0.5).isnan()
    assert values.nanquantile(0.5).item() == 1.5


def test_equals_stay_in_order():
    values = T.tensor([1, 0, 1, 0])
    assert values.argsort().tolist() == [1, 3, 0, 2]
    assert values.argsort(descending=True).tolist() == [0, 2, 1, 3]
    assert values.argmax().item() == 0
    assert values.cummax(0).indices.tolist() == [0, 0, 2, 2]
    assert tuple(each.item() for each in values.mode()) == (0, 3)


def test_quantiles_beside_infinity():
    values = T.tensor([-math.inf, 0.0, math.inf])
    assert values.quantile(T.tensor([0.0, 0.5, 1.0])).tolist() == [-math.inf, 0, math.inf]
    assert values.quantile(0.25, interpolation="lower").item() == -math.inf


def test_places_that_there_are_not():
    values = T.tensor([1.0, 2.0])
    for wrong in (lambda: values.topk(3), lambda: values.kthvalue(0), lambda: values.kthvalue(3)):
        with pytest.raises(T.DimensionError, match="out of range"):
            wrong()
    with pytest.raises(T.ArgumentError, match=r"\[0, 1\]"):
        values.quantile(1.5)
    with pytest.raises(T.ArgumentError, match="one of linear"):
        values.quantile(0.5, interpolation="cubic")
    with pytest.raises(T.ArgumentError, match="input's dtype"):
        values.quantile(T.tensor([0.5], dtype=T.float64))
    for reduce in (T.mode, T.median):
        with pytest.raises(T.DimensionError, match="non-zero size"):
            reduce(T.empty(2, 0), 1)
