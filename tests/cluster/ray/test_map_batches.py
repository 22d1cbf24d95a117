"""What a predictor's replica does with a batch of Ray Data's; `tests/gates/ray` has real runs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from cluster import UsageError
from cluster.ray.map_batches import for_map_batches
from tests import predictors
from workers.arrow import to_columns
from workers.errors import PredictorError
from workers.sinks.marking import mark_of


def test_everything_of_the_users_runs_inside_inference_mode():
    table = for_map_batches(predictors.Modes)()({"x": np.zeros(3)})
    assert to_columns(table)["modes"].all()
    assert mark_of(table.schema).job == "ray.data:tests.predictors:Modes"


def test_prepare_runs_before_it():
    table = for_map_batches(predictors.Prepared)()(pa.table({"text": ["a", "bcd"]}))
    assert table.column("length").to_pylist() == [1, 3]


def test_ragged_columns_are_lists_outside():
    tokens = pa.array([[1, 2], [], [3]], pa.list_(pa.int64()))
    table = for_map_batches(predictors.Lengths)()(pa.table({"tokens": tokens}))
    assert table.column("again").to_pylist() == [[2, 3], [], [4]]
    assert table.column("length").to_pylist() == [2, 0, 1]


def test_it_bears_the_name_of_the_predictor():
    """Ray Data shows it."""
    assert for_map_batches("tests.predictors:Double").__name__ == "Double"


def test_a_batch_without_rows_does_not_reach_the_predictor():
    assert for_map_batches(predictors.DiesAlways, init={"on": 1})()({"x": np.zeros(0)}).num_rows == 0


class Halves:
    def __call__(self, batch):
        return {"y": batch["x"][::2]}


def test_what_the_predictor_returns_is_checked():
    with pytest.raises(PredictorError, match="got 3 rows and returned 2"):
        for_map_batches(Halves)()({"x": np.zeros(3)})


@pytest.mark.parametrize(
    ("options", "message"),
    [({"weights": {}, "init": {"nonsense": 1}}, "nonsense"), ({"weights": 7}, "weights are a safetensors file")],
)
def test_arguments_are_checked_at_once(options, message):
    with pytest.raises(UsageError, match=message):
        for_map_batches(predictors.Column, **options)
