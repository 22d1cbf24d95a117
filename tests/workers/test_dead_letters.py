import json
from io import BytesIO

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.strategies import columns
from workers.columns import as_columns, row_count
from workers.dead_letters import dead_letters_of, read_dead_letters, write_dead_letters
from workers.messages import DeadRow, Failure
from workers.ragged import Ragged
from workers.shards import MemoryFragment, NpyFragment, Shard

FILE = NpyFragment(path="/data/rows.npy", column="data", size_bytes=0, mtime_ns=0, first_row=100)
SHARD = Shard(index=3, id="3", fragment=FILE, start=20, stop=50)
FAILURE = Failure(
    where="Classify.__call__",
    type="ValueError",
    message="no such label\ud800",
    line="predict.py:12",
    source="raise ValueError",
    traceback="Traceback …\nValueError: no such label",
)


def letters(rows=None, count=1, shard=SHARD):
    return dead_letters_of(shard, [DeadRow(row, FAILURE, attempts=3) for row in range(count)], rows)


def values(rows):
    return json.loads(letters(as_columns(rows))[0].values)


def written(found):
    file = BytesIO()
    write_dead_letters(file, found)
    return file.getvalue()


def test_a_letter_says_where_the_row_is_and_what_happened():
    (letter,) = letters()
    assert (letter.source, letter.row, letter.shard, letter.attempts) == ("/data/rows.npy", 120, 3, 3)
    assert (letter.error_type, letter.where, letter.line) == ("ValueError", "Classify.__call__", "predict.py:12")
    assert letter.traceback == FAILURE.traceback
    assert letter.values == ""
    assert str(letter).startswith("row 120 of /data/rows.npy (shard 3): ValueError: no such label")


def test_rows_in_memory_have_no_path():
    fragment = MemoryFragment(path="/proc/1/fd/3", digest="d", size_bytes=0, mtime_ns=0, first_row=7)
    (letter,) = letters(shard=Shard(index=0, id="0", fragment=fragment, start=0, stop=5))
    assert (letter.source, letter.row) == ("memory", 7)


def test_values_are_written_as_they_are():
    row = {"id": [7], "text": ["naïve"], "x": np.array([[0.1, np.nan]], np.float32), "t": Ragged.from_rows([[1, 2]])}
    assert values(row) == {"id": 7, "text": "naïve", "x": [0.1, None], "t": [1, 2]}
    assert values({"raw": [b"\0"], "none": np.array([None], object)}) == {"raw": "AA==", "none": None}


def test_values_that_do_not_fit_are_cut_and_say_so():
    found = values(
        {
            "text": ["x" * 90_000],
            "raw": [b"\0" * 90_000],
            "image": np.zeros((1, 224, 224, 3), np.uint8),
            "tokens": Ragged(np.arange(5000), [0, 5000]),
            "words": Ragged(np.array(["word" * 5000, "b"], object), [0, 2]),
        }
    )
    assert found["text"] == {"type": "string", "length": 90_000, "begin": "x" * 4096}
    assert found["raw"]["length"] == 90_000
    assert found["image"] == {"type": "uint8[224,224,3]", "begin": [0] * 1024}
    assert found["tokens"] == {"type": "ragged<int64>", "length": 5000, "begin": list(range(1024))}
    assert found["words"]["length"] == 2
    assert found["words"]["begin"][1] == "b"


def test_many_values_are_cut_as_well():
    (letter,) = letters(as_columns({f"c{column}": ["x" * 4000] for column in range(100)}))
    assert len(letter.values) < 70_000
    assert json.loads(letter.values)["c99"] == {"type": "string"}


@given(columns(min_rows=1))
def test_rows_of_every_type_become_letters_and_come_back(rows):
    found = letters(rows, row_count(rows))
    (*_, last) = read_dead_letters(BytesIO(written(found)))
    assert list(json.loads(last.values)) == list(rows)
    assert written(found) == written(letters(rows, row_count(rows)))


def test_halves_of_surrogate_pairs_are_spelled_out():
    (letter,) = read_dead_letters(BytesIO(written(letters())))
    assert letter.message == "no such label\\ud800"
    assert values({"text": ["\ud800"], "id": [7]}) == {"text": {"type": "string"}, "id": 7}


def test_other_tools_read_them(tmp_path):
    (tmp_path / "000003.parquet").write_bytes(written(letters({"id": np.arange(2)}, 2)))
    frame = pd.read_parquet(tmp_path)
    assert frame["row"].tolist() == [120, 121]
    with duckdb.connect() as database:
        found = database.execute("select values ->> 'id' from read_parquet(?)", [f"{tmp_path}/*.parquet"]).fetchall()
    assert found == [("0",), ("1",)]


def test_another_file_is_refused(tmp_path):
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "x.parquet")
    with (tmp_path / "x.parquet").open("rb") as file, pytest.raises(OSError, match="no file of dead letters"):
        read_dead_letters(file)
