import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import workers.messages  # noqa: F401  (registers what travels)
from tensor import wire
from tests.resources import is_mapped, open_files
from tests.waiting import until
from workers.arrow import to_table
from workers.columns import as_columns, digest_rows, slice_rows
from workers.errors import ColumnsError, SourceError
from workers.ragged import Ragged
from workers.reading import ShardReader, read_shard
from workers.shards import MemoryFragment, NpyFragment, ParquetFragment, Shard

ROWS = as_columns(
    {
        "image": np.arange(60.0, dtype=np.float32).reshape(10, 2, 3),
        "text": [None if row % 3 == 0 else "x" * row for row in range(10)],
        "tokens": Ragged.from_rows([np.arange(row) for row in range(10)]),
    }
)


def shard(kind, path, start, stop, **fields):
    found = path.stat()
    fragment = kind(path=str(path), size_bytes=found.st_size, mtime_ns=found.st_mtime_ns, **fields)
    return Shard(index=0, id="000000-abc", fragment=fragment, start=start, stop=stop)


@pytest.fixture
def npy(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.arange(20.0).reshape(10, 2))
    return path


@pytest.fixture
def parquet(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(to_table(ROWS), path, row_group_size=6)
    return path


def test_npy_rows_are_mapped(npy):
    before = open_files()
    rows = read_shard(shard(NpyFragment, npy, 3, 7, column="x"))
    assert rows["x"].tolist() == np.arange(20.0).reshape(10, 2)[3:7].tolist()
    assert not rows["x"].flags.writeable
    assert type(rows["x"]) is np.ndarray
    assert is_mapped(str(npy))
    del rows
    assert not is_mapped(str(npy))
    assert open_files() == before  # Python keeps a descriptor for as long as it maps


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(np.arange(20).reshape(10, 2)),
        np.arange(10, dtype=">f4"),
        np.array([str(row) for row in range(10)]),
        np.zeros((10, 0)),
    ],
)
def test_npy_of_any_layout(tmp_path, array):
    path = tmp_path / "x.npy"
    np.save(path, array)
    assert read_shard(shard(NpyFragment, path, 2, 5, column="x"))["x"].tolist() == array[2:5].tolist()


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array(["a", None], object), "pickled Python objects, which shoal never unpickles"),
        (np.zeros(2, [("a", "i4")]), "holds records"),
        (np.array(1), "a single value"),
    ],
)
def test_npy_of_no_rows_or_of_pickles_is_refused(tmp_path, array, message):
    path = tmp_path / "x.npy"
    np.save(path, array, allow_pickle=True)
    with pytest.raises(SourceError, match=message):
        read_shard(shard(NpyFragment, path, 0, 1, column="x"))


@pytest.mark.parametrize(("row_group", "start", "stop"), [(0, 0, 6), (0, 2, 5), (1, 0, 4), (1, 1, 2)])
@pytest.mark.parametrize("decode_bytes", [1, 16 << 20])
def test_parquet_rows_of_one_row_group(parquet, row_group, start, stop, decode_bytes, monkeypatch):
    monkeypatch.setattr("workers.readers.parquet._DECODE_BYTES", decode_bytes)
    before = open_files()
    rows = read_shard(shard(ParquetFragment, parquet, start, stop, row_group=row_group, columns=None))
    first = 6 * row_group
    assert digest_rows(rows) == digest_rows(slice_rows(ROWS, first + start, first + stop))
    assert open_files() == before


def test_parquet_rows_are_decoded_once_by_one_reader(parquet, monkeypatch):
    monkeypatch.setattr("workers.readers.parquet._DECODE_BYTES", 1)
    before = open_files()
    reader = ShardReader()
    for start, stop in ((0, 2), (3, 4), (4, 6), (1, 3), (3, 6)):
        rows = reader.read(shard(ParquetFragment, parquet, start, stop, row_group=0, columns=None))
        assert digest_rows(rows) == digest_rows(slice_rows(ROWS, start, stop))
    assert len(open_files()) == len(before) + 1
    os.utime(parquet, ns=(5, 5))
    planned = shard(ParquetFragment, parquet, 5, 6, row_group=0, columns=None)
    os.utime(parquet, ns=(6, 6))
    with pytest.raises(SourceError, match="changed after the job was planned"):
        reader.read(planned)
    reader.close()
    assert open_files() == before


def test_parquet_columns_that_were_chosen(parquet):
    rows = read_shard(shard(ParquetFragment, parquet, 0, 3, row_group=0, columns=("text",)))
    assert list(rows) == ["text"]


def test_memory_is_mapped(tmp_path):
    path = tmp_path / "rows.arrow"
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, to_table(ROWS).schema) as writer:
        writer.write_table(to_table(ROWS))
    before = open_files()
    rows = read_shard(shard(MemoryFragment, path, 2, 9, digest="abc"))
    assert open_files() == before
    assert digest_rows(rows) == digest_rows(slice_rows(ROWS, 2, 9))
    assert is_mapped(str(path))
    del rows
    until(lambda: not is_mapped(str(path)))  # pyarrow's own threads let go a moment later


def test_a_file_that_changed_is_not_read(npy):
    planned = shard(NpyFragment, npy, 0, 5, column="x")
    size_bytes = npy.stat().st_size
    np.save(npy, np.arange(22.0).reshape(11, 2))
    with pytest.raises(
        SourceError, match=rf"changed after .* its size in bytes was {size_bytes} and is {size_bytes + 16}"
    ):
        read_shard(planned)


def test_a_file_that_was_touched_is_not_read(npy):
    planned = shard(NpyFragment, npy, 0, 5, column="x")
    os.utime(npy, ns=(5, 5))
    with pytest.raises(SourceError, match=r"modification time in ns was \d+ and is 5;"):
        read_shard(planned)


def test_a_file_that_is_gone_is_said(npy):
    planned = shard(NpyFragment, npy, 0, 5, column="x")
    npy.unlink()
    with pytest.raises(SourceError, match="is missing; it was there, 288 bytes long"):
        read_shard(planned)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (NpyFragment, {"column": "x"}),
        (ParquetFragment, {"row_group": 0, "columns": None}),
        (MemoryFragment, {"digest": "abc"}),
    ],
)
def test_a_damaged_file_is_the_fault_of_the_file(tmp_path, kind, fields):
    path = tmp_path / "x"
    path.write_bytes(b"not what it says it is")
    with pytest.raises(SourceError, match=str(path)):
        read_shard(shard(kind, path, 0, 5, **fields))


def test_a_truncated_npy_is_the_fault_of_the_file(npy):
    npy.write_bytes(npy.read_bytes()[:-8])
    with pytest.raises(SourceError, match="cannot read shard 000000-abc from"):
        read_shard(shard(NpyFragment, npy, 0, 5, column="x"))


def test_a_type_that_is_not_carried_is_not_the_fault_of_the_file(tmp_path):
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"x": [1, None]}), path)
    with pytest.raises(ColumnsError, match="nulls"):
        read_shard(shard(ParquetFragment, path, 0, 2, row_group=0, columns=None))


def test_npy_is_read_without_pyarrow(npy):
    planned = wire.pack(shard(NpyFragment, npy, 0, 5, column="x"))
    code = (
        "import sys, workers.messages; from tensor import wire; from workers.reading import read_shard\n"
        "assert len(read_shard(wire.unpack(sys.stdin.buffer.read()))['x']) == 5\n"
        "assert 'pyarrow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], input=b"".join(planned), check=True)
