"""What comes back is the same for every sink, and for none."""

import json

import duckdb
import numpy as np
import pytest

from cluster import JsonlSink, NpySink, ParquetSink, Pool, UserCodeFailed, read_dead_letters, read_results
from tensor import Tensor
from workers.ragged import Ragged

SINKS = [ParquetSink(), NpySink(), JsonlSink(), JsonlSink(compression="zstd")]
sinks = pytest.mark.parametrize("sink", SINKS, ids=repr)
SOURCE = {"x": np.arange(10, dtype=np.float32), "name": np.array([f"row {row}" for row in range(10)], object)}


class EveryType:
    """Every kind of column that shoal carries; without text for the sink that takes none."""

    def __init__(self, *, text):
        self.text = text

    def __call__(self, batch):
        x = batch["x"]
        rows = len(x)
        numbers = {
            "half": x.astype(np.float16) / 3,
            "single": np.where(x == 3, np.float32(-np.inf), x / 3),
            "double": np.stack([x, np.full(rows, np.nan)], 1).astype(np.float64),
            "small": x.astype(np.int8),
            "large": x.astype(np.uint64) + np.uint64(2**63),
            "flag": x > 4,
            "seconds": x.astype("M8[s]"),
            "days": x.astype("M8[D]"),
            "took": x.astype("m8[ms]"),
            "ragged": Ragged(np.repeat(x, 2), np.arange(rows + 1) * 2),
            "ragged_rows": Ragged(np.zeros((rows, 2, 2), np.float32), np.arange(rows + 1)),
        }
        if not self.text:
            return numbers
        strings = np.array([None if value == 4 else f"é{value}" for value in x], object)
        raw = np.array([bytes([int(value)]) for value in x], object)
        return {**numbers, "text": strings, "raw": raw, "words": Ragged(strings, np.arange(rows + 1))}


class Picky:
    def __call__(self, batch):
        if (batch["x"] % 4 == 3).any():
            raise ValueError("not this one")
        return {"y": batch["x"] * 2}


def described(column):
    """A column's class, its values', and whether they are marked."""
    values = column.values if isinstance(column, Ragged) else column
    marked = values.is_inference() if isinstance(values, Tensor) else None
    return type(column), type(values), values.dtype, values.shape, marked


def plain(column):
    if isinstance(column, Ragged):
        return [np.asarray(column.values), column.offsets]
    return [np.asarray(column)]


@sinks
def test_results_have_the_types_and_values_of_predict(tmp_path, sink):
    with Pool(EveryType, init={"text": not isinstance(sink, NpySink)}, replicas=1, backend="inline") as pool:
        gathered = pool.predict(SOURCE, shard_rows=4)
        pool.run(SOURCE, tmp_path / "out", sink=sink, shard_rows=4, progress=False)
    found = read_results(tmp_path / "out")
    assert {name: described(column) for name, column in found.items()} == {
        name: described(column) for name, column in gathered.items()
    }
    for name, column in gathered.items():
        for one, other in zip(plain(found[name]), plain(column), strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_digest_is_the_same_in_every_format(tmp_path):
    with Pool(EveryType, init={"text": False}, replicas=1, backend="inline") as pool:
        reports = [
            pool.run(SOURCE, tmp_path / str(place), sink=sink, shard_rows=4, progress=False)
            for place, sink in enumerate(SINKS)
        ]
    assert len({report.digest for report in reports}) == 1


@sinks
def test_rows_that_raise_are_dead_letters_and_the_others_complete(tmp_path, sink):
    with Pool(Picky, replicas=1, backend="inline", max_dead_rows=2) as pool:
        pool.run(SOURCE, tmp_path / "out", sink=sink, shard_rows=4, progress=False)
    assert np.asarray(read_results(tmp_path / "out")["y"]).tolist() == [0, 2, 4, 8, 10, 12, 16, 18]
    letters = read_dead_letters(tmp_path / "out")
    assert [(letter.source, letter.row, letter.shard, letter.error_type) for letter in letters] == [
        ("memory", 3, 0, "ValueError"),
        ("memory", 7, 1, "ValueError"),
    ]
    assert json.loads(letters[1].values) == {"x": 7.0, "name": "row 7"}
    with duckdb.connect() as database:
        files = f"{tmp_path}/out/_shoal/dead_letters/*.parquet"
        assert database.execute("select row, message from read_parquet(?) order by row", [files]).fetchall() == [
            (3, "not this one"),
            (7, "not this one"),
        ]


@sinks
def test_a_shard_of_dead_rows_has_no_data_files(tmp_path, sink):
    with Pool(Picky, replicas=1, backend="inline", max_dead_rows=2) as pool:
        pool.run({"x": np.array([1.0, 3.0, 7.0])}, tmp_path / "out", sink=sink, shard_rows=1, progress=False)
    assert {file.name.partition(".")[0] for file in (tmp_path / "out").glob("part-*")} == {"part-000000"}
    assert np.asarray(read_results(tmp_path / "out")["y"]).tolist() == [2.0]


@pytest.mark.parametrize("sink", [ParquetSink(keep=["name"]), JsonlSink(keep="*")], ids=repr)
def test_input_columns_are_carried_along_beside_their_rows(tmp_path, sink):
    with Pool(Picky, replicas=1, backend="inline", max_dead_rows=2) as pool:
        pool.run(SOURCE, tmp_path / "out", sink=sink, shard_rows=4, progress=False)
    found = read_results(tmp_path / "out")
    assert found["name"].tolist() == [f"row {row}" for row in range(10) if row % 4 != 3]
    assert ("x" in found) == (sink.keep == ("*",))


@pytest.mark.parametrize(
    ("predictor", "sink", "message"),
    [
        (
            Picky,
            ParquetSink(keep=["id"]),
            "keeps the input column 'id', which is not there; the columns are: 'x', 'name'",
        ),
        (Picky, NpySink(keep=["name"]), "column 'name' holds strings.*use ParquetSink or JsonlSink"),
    ],
)
def test_columns_that_cannot_be_carried_along_are_named(tmp_path, predictor, sink, message):
    with Pool(predictor, replicas=1, backend="inline") as pool, pytest.raises(UserCodeFailed, match=message):
        pool.run(SOURCE, tmp_path / "out", sink=sink, shard_rows=2, progress=False)
    assert not list((tmp_path / "out").glob("part-*"))
