"""Ray Data's batches as columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from ray.data.extensions import ArrowTensorArray, ArrowVariableShapedTensorArray

from cluster.ray.batches import columns_of
from workers.columns import Ragged, concat_rows
from workers.errors import ColumnsError

pytestmark = pytest.mark.filterwarnings("ignore:.*`use_:DeprecationWarning")  # Ray Data's of itself

TENSORS = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
LENGTHS = [np.arange(n, dtype=np.int32) for n in (2, 0, 3, 1)]


def table(**columns):
    return pa.table(columns)


def shapeless(rows):
    cells = np.empty(len(rows), object)
    cells[:] = rows
    return ArrowVariableShapedTensorArray.from_numpy(cells)


def same(column, rows):
    assert isinstance(column, Ragged)
    assert [row.tolist() for row in column] == [list(row) for row in rows]


def test_tables_keep_their_types():
    columns = columns_of(
        table(
            n=pa.array([1, 2, 3, 4], pa.int16()),
            text=["a", None, "", "é"],
            image=ArrowTensorArray.from_numpy(TENSORS),
            flags=ArrowTensorArray.from_numpy(TENSORS > 5),
            tokens=pa.array([list(row) for row in LENGTHS], pa.list_(pa.int32())),
            shapeless=shapeless(LENGTHS),
        )
    )
    assert list(columns) == ["n", "text", "image", "flags", "tokens", "shapeless"]
    assert columns["n"].dtype == np.int16
    assert columns["text"].tolist() == ["a", None, "", "é"]
    np.testing.assert_array_equal(columns["image"], TENSORS)
    np.testing.assert_array_equal(columns["flags"], TENSORS > 5)
    for name in ("tokens", "shapeless"):
        same(columns[name], LENGTHS)
        assert columns[name].values.dtype == np.int32


def test_slices_and_several_chunks():
    whole = table(image=ArrowTensorArray.from_numpy(TENSORS), shapeless=shapeless(LENGTHS))
    parts = pa.concat_tables([whole.slice(1, 2), whole.slice(3, 1)])
    columns = columns_of(parts)
    np.testing.assert_array_equal(columns["image"], TENSORS[1:])
    same(columns["shapeless"], LENGTHS[1:])


def test_batches_without_rows_have_the_types_of_those_with_rows():
    whole = table(image=ArrowTensorArray.from_numpy(TENSORS), text=["a"] * 4)
    assert len(concat_rows([columns_of(whole.slice(0, 0)), columns_of(whole)])["image"]) == 4


def test_dicts_of_arrays():
    cells = np.empty(4, object)
    cells[:] = LENGTHS
    columns = columns_of({"text": np.array(["a", "bc", "", "d"]), "tokens": cells, "image": TENSORS})
    assert columns["text"].tolist() == ["a", "bc", "", "d"]
    same(columns["tokens"], LENGTHS)
    assert columns["image"] is TENSORS


def test_pandas_frames():
    columns = columns_of(pd.DataFrame({"n": [1, 2], "text": ["a", "b"], "tokens": [[1], [2, 3]]}, index=[7, 8]))
    assert (list(columns), columns["text"].tolist()) == (["n", "text", "tokens"], ["a", "b"])
    same(columns["tokens"], [[1], [2, 3]])


def test_tensors_of_different_shapes_are_refused():
    images = shapeless([np.zeros((1, 2)), np.zeros((3, 2))])
    with pytest.raises(ColumnsError, match=r"'image' holds tensors of different shapes, with 2 axes.*pad the others"):
        columns_of(table(image=images))
