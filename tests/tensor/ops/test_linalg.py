"""Products, norms and decompositions: what does not fit, what is singular, and what nothing is left of."""

import math

import numpy as np
import pytest

import tensor as T


def test_shapes_that_do_not_fit():
    matrix, vector, batch = T.ones(2, 3), T.ones(3), T.ones(1, 2, 3)
    for wrong in (
        lambda: matrix @ matrix,
        lambda: matrix @ T.tensor(1.0),
        lambda: T.mm(matrix, vector),
        lambda: T.mv(matrix, T.ones(2)),
        lambda: T.dot(matrix, vector),
        lambda: T.bmm(batch, batch),
        lambda: T.outer(matrix, vector),
        lambda: T.inner(matrix, T.ones(2)),
        lambda: T.addmm(T.ones(5), matrix, matrix.t()),
        lambda: T.addmv(T.ones(4, 2), matrix, vector),
        lambda: T.chain_matmul(matrix, vector),
        lambda: T.linalg.multi_dot([matrix]),
        lambda: T.linalg.multi_dot([batch, matrix.t()]),
        lambda: T.linalg.cross(vector, T.ones(2, 3)),
        lambda: T.linalg.cross(T.ones(3, 2), T.ones(3, 2)),
        lambda: T.matrix_power(matrix, 2),
        lambda: T.matrix_power(vector, 2),
        lambda: T.linalg.inv(matrix),
        lambda: T.trace(vector),
        lambda: T.cdist(matrix, T.ones(2, 4)),
        lambda: T.renorm(vector, 2, 0, 1.0),
        lambda: T.linalg.solve(T.eye(3), T.ones(2)),
    ):
        with pytest.raises(T.ShapeError):
            wrong()


def test_dtypes_are_not_mixed():
    single, double = T.eye(2), T.eye(2, dtype=T.float64)
    for mixed in (T.matmul, T.linalg.solve, T.cdist, lambda a, b: T.addmm(a, b, b), lambda a, b: T.kron(a, b) @ a):
        with pytest.raises((T.DtypeError, T.ShapeError)):
            mixed(single, double)
    with pytest.raises(T.ArgumentError, match="integral"):
        T.addmm(T.ones(2, 2, dtype=T.int64), *[T.ones(2, 2, dtype=T.int64)] * 2, beta=0.5)


def test_a_beta_of_zero_ignores_even_nan():
    nan = T.full((2, 2), math.nan)
    assert T.addmm(nan, T.eye(2), T.eye(2), beta=0).tolist() == [[1, 0], [0, 1]]
    assert nan.clone().addmm_(T.eye(2), T.eye(2), beta=0).tolist() == [[1, 0], [0, 1]]


def test_cross_products_are_taken_along_the_last_dimension():
    a, b = T.eye(3), T.eye(3).roll(1, 0)
    expected = np.cross(a.numpy(), b.numpy())
    assert T.linalg.cross(a, b).tolist() == expected.tolist()
    assert T.cross(a, b).tolist() == np.cross(a.numpy(), b.numpy(), axis=0).tolist()  # the first of size 3


def test_singular_matrices():
    for singular in (lambda: T.linalg.inv(T.ones(2, 2)), lambda: T.linalg.solve(T.ones(2, 2), T.ones(2))):
        with pytest.raises(T.ArgumentError, match="singular"):
            singular()
    with pytest.raises(T.ArgumentError, match="positive-definite"):
        T.linalg.cholesky(-T.eye(2))
    sign, logarithm = T.linalg.slogdet(T.ones(2, 2))
    assert (sign.item(), logarithm.item()) == (0, -math.inf)
    assert T.logdet(T.ones(2, 2)).item() == -math.inf
    assert T.logdet(T.tensor([[0.0, 1.0], [1.0, 0.0]])).isnan()


def test_the_determinant_of_a_singular_matrix_has_a_gradient():
    matrix = T.tensor([[1.0, 2.0], [2.0, 4.0]], dtype=T.float64, requires_grad=True)
    T.linalg.det(matrix).backward()
    np.testing.assert_allclose(matrix.grad.numpy(), [[4, -2], [-2, 1]])


def test_norms_that_take_singular_values():
    stretched = T.diag(T.tensor([3.0, -4.0, 1.0]))
    assert T.norm(stretched, "nuc").item() == pytest.approx(8)
    assert T.linalg.matrix_norm(stretched, 2).item() == pytest.approx(4)
    assert T.linalg.matrix_norm(T.stack([stretched, stretched], 1), -2, (0, 2), keepdim=True).shape == (1, 2, 1)
    with pytest.raises(T.ArgumentError, match="Order 3 not supported"):
        T.linalg.matrix_norm(stretched, 3)


def test_norms_of_nothing():
    empty = T.empty(0)
    assert empty.norm().item() == 0
    for order in (-1, math.inf, -math.inf):
        with pytest.raises(T.DimensionError):
            empty.norm(order)
    with pytest.raises(T.DimensionError):
        T.linalg.matrix_norm(T.empty(2, 0), -1)
    assert T.cdist(T.empty(2, 0), T.empty(3, 0), math.inf).tolist() == [[0] * 3] * 2


def test_norms_are_of_floats():
    for norm in (T.norm, T.linalg.norm, T.linalg.vector_norm, T.linalg.matrix_norm):
        with pytest.raises(T.DtypeError, match="floats"):
            norm(T.ones(2, 2, dtype=T.int64))


def test_there_is_no_slope_where_a_norm_is_zero():
    for norm in (lambda x: x.norm(), lambda x: x.norm(3), lambda x: T.cdist(x, x).sum()):
        zeros = T.zeros(2, 2, requires_grad=True)
        norm(zeros).backward()
        assert zeros.grad.tolist() == [[0, 0], [0, 0]]


def test_distances_of_close_vectors_far_away():
    base = np.full((1, 64), 1000.0, np.float32)
    near = base + np.linspace(0, 1, 64, dtype=np.float32)
    exact = np.sqrt(np.square(base.astype(np.float64) - near).sum())
    assert T.cdist(T.tensor(base), T.tensor(near)).item() == pytest.approx(exact, rel=1e-6)
    assert T.cdist(T.tensor(near), T.tensor(near)).item() == 0


def test_vectors_beyond_the_smaller_side_refuse_a_gradient():
    tall = T.arange(6.0).view(3, 2).requires_grad_()
    u, s, vh = T.linalg.svd(tall)
    assert (u.shape, s.shape, vh.shape) == ((3, 3), (2,), (2, 2))
    s.sum().backward()
    assert tall.grad is not None
    for part in (u, vh, *T.linalg.qr(tall, mode="complete")):
        with pytest.raises(T.GradientError, match="no gradient goes through"):
            part.sum().backward()
    with T.no_grad():
        assert not T.linalg.svd(tall).U.requires_grad
