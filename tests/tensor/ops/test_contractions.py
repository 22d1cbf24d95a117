"""Einstein summation: equations that are none, and sizes that differ."""

import pytest

import tensor as T

A, B = T.ones(2, 3), T.ones(3, 4)


@pytest.mark.parametrize(
    ("equation", "error", "match"),
    [
        ("ij", T.ArgumentError, "operands"),
        ("ij,jk,kl", T.ArgumentError, "operands"),
        ("ij,jk->iz", T.ArgumentError, "does not appear"),
        ("ij,jk->ii", T.ArgumentError, "more than once"),
        ("i1,jk", T.ArgumentError, "invalid subscript"),
        ("i.j,jk", T.ArgumentError, "invalid subscript"),
        ("ijk,jk", T.ShapeError, "number of subscripts"),
        ("ij...k,jk", T.ShapeError, "number of subscripts"),
        ("ij,kj", T.ShapeError, "broadcast"),
        ("ii,jk", T.ShapeError, "sizes 2 and 3"),
    ],
)
def test_wrong_equations(equation, error, match):
    with pytest.raises(error, match=match):
        T.einsum(equation, A, B)


def test_labels_that_are_no_letters():
    for label in (-1, 52):
        with pytest.raises(T.ArgumentError, match="valid range"):
            T.einsum(A, [0, label])


def test_dtypes_are_mixed_by_einsum_only():
    assert T.einsum("ij,jk", A, B.double()).dtype is T.float64
    assert T.einsum("i,j->ij", T.arange(2), T.ones(3)).tolist() == [[0, 0, 0], [1, 1, 1]]
    with pytest.raises(T.DtypeError, match="one dtype"):
        T.tensordot(A, B.double(), 1)


def test_dimensions_that_do_not_fit():
    for dims in (3, -1):
        with pytest.raises(T.ShapeError, match="expects dims"):
            T.tensordot(A, B, dims)
    with pytest.raises(T.ShapeError, match="need to match"):
        T.tensordot(A, B, ([0], [0]))
    with pytest.raises(T.DimensionError, match="no dimensions"):
        T.tensordot(T.tensor(1.0), B, ([0], [0]))
    with pytest.raises(T.DimensionError, match="multiple times"):
        T.tensordot(T.ones(2, 2), T.ones(2, 2), ([0, 0], [0, 1]))


def test_results_are_no_views_that_can_be_written():
    matrix = T.ones(2, 2)
    T.einsum("ij,jk->ik", matrix, matrix).zero_()
    assert matrix.sum().item() == 4
