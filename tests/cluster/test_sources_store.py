"""Sources in an object store: every format, folders and patterns, and what changes there."""

import gzip
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cluster.errors import SourceNotFoundError
from cluster.planning import plan_shards
from cluster.sources import IterableSource, as_source, spilled
from workers import storage
from workers.columns import concat_rows
from workers.errors import SourceError
from workers.reading import ShardReader, read_shard

ROWS = np.arange(10.0)


def npy():
    out = io.BytesIO()
    np.save(out, ROWS)
    return out.getvalue()


def npz(save):
    out = io.BytesIO()
    save(out, data=ROWS)
    return out.getvalue()


def parquet():
    out = io.BytesIO()
    pq.write_table(pa.table({"data": ROWS}), out, row_group_size=4)
    return out.getvalue()


CSV = "data\n" + "".join(f"{value}\n" for value in ROWS)
FILES = {
    "x.npy": npy(),
    "x.npz": npz(np.savez),
    "y.npz": npz(np.savez_compressed),
    "x.parquet": parquet(),
    "x.csv": CSV.encode(),
    "x.csv.gz": gzip.compress(CSV.encode()),
    "x.jsonl": "".join(f'{{"data": {value}}}\n' for value in ROWS).encode(),
}


def put(url, data):
    storage.remove(url)
    with storage.open_output(url) as file:
        file.write(data)


def read_back(source):
    reader = ShardReader()
    rows = concat_rows([reader.read(shard) for shard in plan_shards(source.fragments(), shard_rows=3)])
    reader.close()
    return rows


@pytest.mark.parametrize("name", FILES)
def test_rows_come_back(bucket, name):
    put(f"{bucket}/data/{name}", FILES[name])
    source = as_source(f"{bucket}/data/{name}")
    assert source.fragments()[0].fragment.etag
    np.testing.assert_array_equal(read_back(source)["data"], ROWS)


def test_prefixes_and_patterns(bucket):
    for year in (2023, 2024):
        put(f"{bucket}/data/year={year}/x.parquet", FILES["x.parquet"])
    put(f"{bucket}/data/_shoal/x.parquet", b"none of the rows")
    for place in (f"{bucket}/data", f"{bucket}/data/", f"{bucket}/data/year=*/*.parquet"):
        assert read_back(as_source(place))["year"].tolist() == [2023] * 10 + [2024] * 10


def test_an_object_that_changed_is_not_read(bucket):
    put(f"{bucket}/x.csv", FILES["x.csv"])
    (shard,) = plan_shards(as_source(f"{bucket}/x.csv").fragments())
    put(f"{bucket}/x.csv", FILES["x.csv"].replace(b"9", b"8"))
    with pytest.raises(SourceError, match=r"changed after the job was planned: .*its etag was"):
        read_shard(shard)
    storage.remove(f"{bucket}/x.csv")
    with pytest.raises(SourceError, match=r"x\.csv is missing; it was there"):
        read_shard(shard)


def test_what_is_not_there_is_said(bucket):
    with pytest.raises(SourceNotFoundError, match=r"there is no file s3://.*x\.csv"):
        as_source(f"{bucket}/x.csv")
    with pytest.raises(SourceNotFoundError, match="no file of the pattern"):
        as_source(f"{bucket}/*.csv")


def test_without_credentials(bucket, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    with pytest.raises(SourceError, match=r"the source cannot be read: .*AWS_ACCESS_KEY_ID"):
        as_source(f"{bucket}/x.csv")


def test_rows_of_an_iterable_are_kept_there(bucket):
    folder = f"{bucket}/out/_shoal/rows"
    source = spilled(IterableSource({"data": value} for value in ROWS), folder)
    np.testing.assert_array_equal(read_back(source)["data"], ROWS)
    assert spilled(IterableSource([]), folder, source.identity()["digest"]).identity() == source.identity()
    assert spilled(IterableSource({"data": value} for value in ROWS), folder).fragments() == source.fragments()
    assert len(storage.list_files(folder)) == 2
