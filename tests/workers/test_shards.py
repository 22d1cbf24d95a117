import json

import pytest

from workers.errors import SourceError
from workers.shards import (
    MemoryFragment,
    NpyFragment,
    ParquetFragment,
    Shard,
    fragment_from_dict,
    fragment_to_dict,
    shard_from_dict,
)

FILE = {"path": "/data/x", "size_bytes": 10, "mtime_ns": 20}
FRAGMENTS = [
    MemoryFragment(digest="abc", **FILE),
    NpyFragment(column="data", **FILE),
    ParquetFragment(row_group=3, columns=("a", "b"), **FILE),
    ParquetFragment(row_group=0, columns=None, **FILE),
]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_shards_travel_as_json(fragment):
    shard = Shard(index=1, id="000001-abc", fragment=fragment, start=5, stop=9)
    assert shard.rows == 4
    assert shard_from_dict(json.loads(json.dumps(shard.to_dict()))) == shard
    assert fragment_from_dict(json.loads(json.dumps(fragment_to_dict(fragment)))) == fragment


def test_memory_is_known_by_its_content_and_files_by_their_place():
    memory, npy = FRAGMENTS[:2]
    elsewhere = {**FILE, "path": "/elsewhere"}
    assert MemoryFragment(digest="abc", **elsewhere).identity() == memory.identity()
    assert NpyFragment(column="data", **elsewhere).identity() != npy.identity()


def test_a_fragment_of_another_version_is_refused():
    with pytest.raises(SourceError, match=r"kind 'csv'.* reads memory, npy, parquet"):
        fragment_from_dict({"kind": "csv", **FILE})
