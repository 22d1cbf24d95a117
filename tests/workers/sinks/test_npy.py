import json
from io import BytesIO

import numpy as np
import pytest
from hypothesis import assume, given

from tests.strategies import columns
from tests.workers.sinks.memory import Uploaded, read, written
from workers.columns import concat_rows, digest_rows, slice_rows
from workers.errors import ColumnsError
from workers.ragged import Ragged
from workers.schema import column_type, schema_of
from workers.sinks import NpySink

ROWS = {
    "embedding": np.arange(12, dtype=np.float32).reshape(4, 3),
    "tokens": Ragged.from_rows([[1, 2], [], [3], [4, 5, 6]]),
    "weird/ñ %=": np.array([True, False, True, False]),
}


def schema(rows):
    return json.dumps(schema_of(rows))


def test_a_file_for_each_column_and_two_for_ragged_ones():
    files = written(NpySink(), slice_rows(ROWS, 0, 1), slice_rows(ROWS, 1, 4))
    assert list(files) == [
        ".embedding.npy",
        ".tokens.npy",
        ".tokens.offsets.npy",
        ".weird=2F=C3=B1=20=25=3D.npy",
    ]
    assert np.load(BytesIO(files[".embedding.npy"])).tolist() == ROWS["embedding"].tolist()
    assert np.load(BytesIO(files[".tokens.npy"])).tolist() == [1, 2, 3, 4, 5, 6]
    assert np.load(BytesIO(files[".tokens.offsets.npy"])).tolist() == [0, 2, 2, 3, 6]


def test_files_can_be_mapped(tmp_path):
    (tmp_path / "x.npy").write_bytes(written(NpySink(), ROWS)[".embedding.npy"])
    assert np.load(tmp_path / "x.npy", mmap_mode="r")[2].tolist() == [6, 7, 8]


@given(columns())
def test_every_type_of_numbers_comes_back_and_others_are_refused(rows):
    if any(column_type(word).dtype is None for word in schema_of(rows).values()):
        with pytest.raises(ColumnsError, match="use ParquetSink or JsonlSink"):
            written(NpySink(), rows)
        return
    assume("offsets" not in "".join(rows))
    assert digest_rows(read(written(NpySink(), rows), schema(rows))) == digest_rows(rows)


def test_where_nothing_can_be_written_out_of_order_the_bytes_are_the_same():
    groups = [slice_rows(ROWS, 0, 3), slice_rows(ROWS, 3, 4)]
    assert written(NpySink(), *groups, kind=Uploaded) == written(NpySink(), concat_rows(groups))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"x": Ragged.from_rows([[1]]), "x.offsets": np.zeros(1)}, "'x' and 'x.offsets' would both be in .x.offsets"),
        ({"x" * 200: np.zeros(1)}, "too long a name"),
    ],
)
def test_names_that_make_no_files_are_refused(rows, message):
    with pytest.raises(ColumnsError, match=message):
        written(NpySink(), rows)


@pytest.mark.parametrize(
    ("files", "message"), [({}, "no file .x.npy among none"), ({".x.npy": b"no"}, "is no .npy file")]
)
def test_what_was_not_written_so_is_refused(files, message):
    with pytest.raises(OSError, match=message):
        read(files, '{"x": "int64"}')
