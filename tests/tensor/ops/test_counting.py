"""Counting: what is no number, bounds, and arguments that mean nothing."""

import math

import pytest

import tensor as T


def test_nan_equals_nothing():
    values = T.tensor([1.0, math.nan, 1.0, math.nan])
    different, inverse, counts = values.unique(return_inverse=True, return_counts=True)
    assert different.isnan().tolist() == [False, True, True]
    assert inverse.tolist() == [0, 1, 0, 2]
    assert counts.tolist() == [2, 1, 1]
    assert len(values.unique_consecutive()) == 4
    rows = T.tensor([[1.0, 2.0], [1.0, math.nan], [1.0, 2.0], [1.0, math.nan]])
    assert rows.unique(dim=0, return_counts=True)[1].tolist() == [2, 1, 1]


def test_what_has_no_slices_to_compare():
    with pytest.raises(T.DimensionError, match="no dimensions"):
        T.tensor(1.0).unique(dim=0)
    for function in (T.unique, T.unique_consecutive):
        with pytest.raises(T.ShapeError, match="0 sized"):
            function(T.empty(0, 3), dim=1)


def test_histograms_reach_from_the_smallest_to_the_largest():
    assert T.tensor([2.0, 3.0, 5.0]).histc(3).tolist() == [1, 1, 1]
    assert T.tensor([2.5]).histc(2).tolist() == [0, 1]
    assert T.empty(0).histc(2).tolist() == [0, 0]
    for values, bins, low, high in [
        ([1.0], 0, 0, 1),
        ([1.0], 2, 3, 1),
        ([1.0, math.nan], 2, 0, 0),
        ([math.inf], 2, 0, 0),
    ]:
        with pytest.raises(T.ArgumentError, match="histc"):
            T.tensor(values).histc(bins, low, high)


def test_searches_that_contradict_themselves():
    row = T.tensor([1.0, 2.0])
    with pytest.raises(T.ArgumentError, match="opposites"):
        T.searchsorted(row, row, right=True, side="left")
    with pytest.raises(T.ArgumentError, match="'left' or 'right'"):
        T.searchsorted(row, row, side="middle")
    with pytest.raises(T.ShapeError, match="1 dimension"):
        T.bucketize(row, T.ones(2, 2))
    with pytest.raises(T.ShapeError, match="1 dimension"):
        T.searchsorted(T.ones(2, 2), 1.0)
    with pytest.raises(T.ShapeError, match="same size"):
        T.searchsorted(row, row, sorter=T.tensor([0]))


def test_only_counts_from_zero():
    for values in (T.tensor([-1]), T.tensor([1.0]), T.tensor([[1]])):
        with pytest.raises(T.DtypeError, match="non-negative integral"):
            values.bincount()
