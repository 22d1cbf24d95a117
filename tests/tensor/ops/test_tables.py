"""Lookups: sums of many equal rows, bounded norms, bags by hand, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import tensor as T
from tensor.nn import functional as F
from tensor.nn.functional import tables

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("size", [1, 31, 32, 50])
@pytest.mark.parametrize("rows", [1, 3, 40])
@pytest.mark.parametrize("count", [0, 1, 100])
def test_rows_are_summed_however_often_they_are_named(size, rows, count):
    named, values = RANDOM.integers(0, rows, count), RANDOM.normal(size=(count, size))
    expected = np.zeros((rows, size))
    np.add.at(expected, named, values)
    np.testing.assert_allclose(tables.summed_rows((rows, size), named, values), expected, atol=1e-12)


def test_a_largest_norm_bounds_the_rows_looked_up_in_the_table_itself():
    table = T.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]], requires_grad=True)
    version = table._version
    rows = F.embedding(T.tensor([0, 1, 0]), table, max_norm=1.0)
    np.testing.assert_allclose(rows.tolist(), [[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(table.tolist(), [[0.6, 0.8], [0.3, 0.4], [6, 8]], rtol=1e-6)
    assert table._version == version + 1
    rows.sum().backward()
    assert table.grad.tolist() == [[2, 2], [1, 1], [0, 0]]


def test_marked_numbers_leave_no_trace_in_a_table():
    table = T.tensor([[3.0, 4.0], [0.3, 0.4]], requires_grad=True)
    with T.inference_mode():
        numbers = T.tensor([0, 1])
        rows = F.embedding(numbers, table, max_norm=1.0)
        with pytest.raises(T.UnsupportedError, match="max_norm"):
            F.embedding_bag(numbers.reshape(1, 2), table, max_norm=1.0)
    assert rows.is_inference()
    np.testing.assert_allclose(rows.tolist(), [[0.6, 0.8], [0.3, 0.4]], rtol=1e-6)
    assert table.tolist() == T.tensor([[3.0, 4.0], [0.3, 0.4]]).tolist()


def test_bags_by_hand():
    table = T.tensor([[1.0, 10.0], [2.0, 20.0], [4.0, 5.0]])
    numbers, offsets = T.tensor([0, 1, 2, 2]), T.tensor([0, 3, 3])
    assert F.embedding_bag(numbers, table, offsets, mode="sum").tolist() == [[7, 35], [0, 0], [4, 5]]
    assert F.embedding_bag(numbers, table, offsets, mode="max").tolist() == [[4, 20], [0, 0], [4, 5]]
    assert F.embedding_bag(T.tensor([[0, 1]]), table).tolist() == [[1.5, 15]]
    assert F.embedding_bag(T.tensor([[0, 1]]), table, padding_idx=-2).tolist() == [[1, 10]]
    ended = F.embedding_bag(numbers, table, T.tensor([0, 1, 3]), mode="sum", include_last_offset=True)
    assert ended.tolist() == [[1, 10], [6, 25]]


def test_the_slope_of_a_largest_element_goes_to_the_first_of_equals():
    table = T.ones(3, 2, requires_grad=True)
    F.embedding_bag(T.tensor([[2, 1, 2]]), table, mode="max").sum().backward()
    assert table.grad.tolist() == [[0, 0], [0, 0], [1, 1]]


def test_gradients_are_divided_by_frequency():
    table = T.ones(3, 1, requires_grad=True)
    F.embedding_bag(T.tensor([[0, 1], [0, 2]]), table, mode="sum", scale_grad_by_freq=True).sum().backward()
    assert table.grad.tolist() == [[1], [1], [1]]


def test_a_table_may_change_before_the_gradient_of_a_sum():
    table = T.ones(3, 1, requires_grad=True)
    out = F.embedding_bag(T.tensor([[0, 1]]), table, mode="sum").sum()
    with T.no_grad():
        table.mul_(2)
    out.backward()
    assert table.grad.tolist() == [[1], [1], [0]]


def test_bags_are_summed_in_blocks_as_at_once(monkeypatch):
    table, numbers = T.randn(50, 7, dtype=T.float64), T.tensor(RANDOM.integers(0, 50, 60))
    offsets = T.tensor([0, 1, 1, 20, 22, 60])
    expected = [F.embedding_bag(numbers, table, offsets, mode=mode) for mode in ("sum", "mean", "max")]
    monkeypatch.setattr("tensor.nn.functional.bags._BLOCK", 30)
    for mode, each in zip(("sum", "mean", "max"), expected, strict=True):
        found = F.embedding_bag(numbers, table, offsets, mode=mode)
        np.testing.assert_allclose(found.numpy(), each.numpy(), atol=1e-12)


TABLE, NUMBERS = T.ones(3, 2), T.tensor([0, 1, 2])
REFUSED = {
    "no row": (lambda: F.embedding_bag(T.tensor([[3]]), TABLE), "out of range"),
    "no such mode": (lambda: F.embedding_bag(T.tensor([[1]]), TABLE, mode="min"), "sum, mean or max"),
    "weights of another mode": (
        lambda: F.embedding_bag(T.tensor([[1]]), TABLE, per_sample_weights=T.ones(1, 1)), "mode sum only",
    ),
    "weights of another shape": (
        lambda: F.embedding_bag(T.tensor([[1]]), TABLE, mode="sum", per_sample_weights=T.ones(1)), "same shape",
    ),
    "weights of another dtype": (
        lambda: F.embedding_bag(T.tensor([[1]]), TABLE, mode="sum", per_sample_weights=T.ones(1, 1).double()), "dtype",
    ),
    "no offsets": (lambda: F.embedding_bag(NUMBERS, TABLE), "offsets"),
    "offsets of a grid": (lambda: F.embedding_bag(T.tensor([[1]]), TABLE, T.tensor([0])), "offsets"),
    "offsets that start late": (lambda: F.embedding_bag(NUMBERS, TABLE, T.tensor([1])), "has to be 0"),
    "offsets beyond the end": (lambda: F.embedding_bag(NUMBERS, TABLE, T.tensor([0, 4])), "can not be greater"),
    "offsets that decrease": (lambda: F.embedding_bag(NUMBERS, TABLE, T.tensor([0, 2, 1])), "must not decrease"),
    "a table of one dimension": (lambda: F.embedding_bag(T.tensor([[1]]), T.ones(3)), "2D"),
    "frequency of the largest": (
        lambda: F.embedding_bag(T.tensor([[1]]), TABLE, mode="max", scale_grad_by_freq=True), "max mode",
    ),
    "sparse bags": (lambda: F.embedding_bag(T.tensor([[1]]), TABLE, sparse=True), "sparse"),
    "sparse rows": (lambda: F.embedding(NUMBERS, TABLE, sparse=True), "sparse"),
    "a bias for one output": (lambda: F.linear(TABLE, T.ones(2), T.ones(1)), "no bias"),
    "bilinear of other dimensions": (lambda: F.bilinear(TABLE, T.ones(2), T.ones(1, 2, 2)), "do not match"),
    "bilinear of another weight": (lambda: F.bilinear(TABLE, TABLE, T.ones(1, 2, 3)), "expected a weight"),
    "bilinear of another bias": (lambda: F.bilinear(TABLE, TABLE, T.ones(1, 2, 2), T.ones(2)), "expected a bias"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case):
    call, said = REFUSED[case]
    with pytest.raises(T.TensorError, match=said):
        call()
