import json
from dataclasses import replace

import pytest

from tensor import wire
from workers.formats import CsvFormat, JsonlFormat, TextFormat
from workers.shards import (
    MemoryFragment,
    NpyFragment,
    NpzFragment,
    ParquetFragment,
    RecordsFragment,
    Shard,
)

FILE = {"path": "/data/x", "size_bytes": 10, "mtime_ns": 20}
RANGE = {"compression": None, "start_byte": 4, "stop_byte": 9, "first_row": 3}
FRAGMENTS = [
    MemoryFragment(digest="abc", start_byte=64, stop_byte=128, first_row=5, **FILE),
    NpyFragment(column="data", etag="v1", **FILE),
    NpzFragment(columns=("a", "b"), **FILE),
    ParquetFragment(row_group=3, columns=("a", "b"), first_row=100, partition=(("year", 2024), ("k", None)), **FILE),
    ParquetFragment(row_group=0, columns=None, **FILE),
    RecordsFragment(format=TextFormat(column="text"), **RANGE, **FILE),
    RecordsFragment(format=JsonlFormat(columns=(("a", "int64"),), others=True), **RANGE, **FILE),
    RecordsFragment(
        format=CsvFormat(names=("a", "b"), columns=(("a", "int64"),), delimiter=",", quote_char=""), **RANGE, **FILE
    ),
]


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_shards_travel(fragment):
    import workers.messages  # noqa: F401  (registers them)

    shard = Shard(index=1, id="000001-abc", fragment=fragment, start=5, stop=9)
    assert shard.rows == 4
    arrived = wire.unpack(b"".join(wire.pack(shard)))
    assert arrived == shard
    assert hash(arrived) == hash(shard)


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_identities_are_json(fragment):
    assert json.loads(json.dumps(fragment.identity()))["kind"] == fragment.kind


def test_memory_is_known_by_its_content_and_files_by_their_place():
    memory, *others = FRAGMENTS
    assert replace(memory, path="/elsewhere").identity() == memory.identity()
    for fragment in others:
        assert replace(fragment, path="/elsewhere").identity() != fragment.identity()


def test_a_place_is_what_rows_are_counted_in():
    assert {fragment.place for fragment in FRAGMENTS} == {"/data/x", "the columns in memory"}
