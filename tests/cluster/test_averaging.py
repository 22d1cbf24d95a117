"""Averaged gradients are those of all rows at once."""

from __future__ import annotations

import numpy as np
import pytest

from cluster.averaging import average, mean_loss
from workers.messages import Gradients


def part(rows, loss, *gradients):
    return Gradients(rows, loss, tuple(None if g is None else np.array(g, np.float32) for g in gradients))


def test_ranks_count_by_their_rows():
    parts = [part(3, 1.0, [1.0, 2.0]), part(1, 5.0, [5.0, 6.0])]
    (gradient,) = average(parts)
    np.testing.assert_allclose(gradient, [2.0, 3.0])
    assert gradient.dtype == np.float32
    assert mean_loss(parts) == 2.0


def test_a_rank_without_rows_has_no_part():
    (gradient,) = average([part(2, 1.0, [1.0]), part(0, 0.0, None)])
    np.testing.assert_allclose(gradient, [1.0])


def test_a_parameter_that_nobody_used_has_no_gradient():
    assert average([part(1, 0.0, None), part(1, 0.0, None)]) == (None,)


def test_models_of_different_sizes_are_a_bug():
    with pytest.raises(ValueError, match="shorter"):
        average([part(1, 0.0, [1.0]), part(1, 0.0)])
