"""Bits: what has none, and shifts that are too far."""

import pytest

import tensor as T

ONES = T.tensor([1, -8])


@pytest.mark.parametrize(
    "compute", [lambda x: x & 1, lambda x: x | x, lambda x: 1 ^ x, lambda x: ~x, lambda x: x << 1, lambda x: x >> x]
)
def test_floats_have_no_bits(compute):
    with pytest.raises(T.DtypeError, match="integers and booleans"):
        compute(T.ones(2))


def test_shifts():
    assert (ONES << 2).tolist() == [4, -32]
    assert (ONES >> 1).tolist() == [0, -4]
    assert (2 << T.tensor([3])).tolist() == [16]
    assert (ONES << 64).tolist() == [0, 0]
    assert (ONES >> 64).tolist() == [0, -1]
    with pytest.raises(T.DtypeError, match="booleans"):
        T.tensor([True]) << T.tensor([True])
