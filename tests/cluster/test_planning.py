import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.errors import UsageError
from cluster.planning import default_shard_rows, plan_digest, plan_shards
from cluster.sources import FragmentRows
from workers.shards import MemoryFragment, NpyFragment, ParquetFragment


def npy(rows, path="/data/x.npy"):
    return FragmentRows(NpyFragment(path=path, column="data", size_bytes=8 * rows, mtime_ns=1), rows)


def row_group(rows, number=0):
    fragment = ParquetFragment(path="/data/x.parquet", row_group=number, columns=None, size_bytes=99, mtime_ns=1)
    return FragmentRows(fragment, rows)


sources = st.lists(st.tuples(st.sampled_from([npy, row_group]), st.integers(0, 500)), max_size=5).map(
    lambda listed: [
        make(rows, number) if make is row_group else make(rows, f"/data/{number}.npy")
        for number, (make, rows) in enumerate(listed)
    ]
)


@given(sources, st.none() | st.integers(1, 600))
def test_shards_cover_every_row_once_and_in_order(fragments, shard_rows):
    shards = plan_shards(fragments, shard_rows=shard_rows)
    assert [(shard.fragment, row) for shard in shards for row in range(shard.start, shard.stop)] == [
        (listed.fragment, row) for listed in fragments for row in range(listed.rows)
    ]
    assert [shard.index for shard in shards] == list(range(len(shards)))
    assert all(0 < shard.rows <= (shard_rows or 500) for shard in shards)


@given(sources, st.none() | st.integers(1, 600))
def test_planning_again_gives_the_same_plan(fragments, shard_rows):
    again = [FragmentRows(replace(listed.fragment), listed.rows) for listed in fragments]
    shards = plan_shards(fragments, shard_rows=shard_rows)
    assert plan_shards(again, shard_rows=shard_rows) == shards
    assert len({shard.id for shard in shards}) == len(shards)
    assert plan_digest(plan_shards(again, shard_rows=shard_rows)) == plan_digest(shards)


def test_ids_follow_file_and_range():
    [shard] = plan_shards([npy(100)], shard_rows=100)
    assert shard.id == "000000-d5f61e75f080"
    for other in (npy(100, "/elsewhere/x.npy"), npy(101), row_group(100)):
        assert plan_shards([other], shard_rows=101)[0].id != shard.id
    assert plan_digest(plan_shards([npy(100)], shard_rows=50)) != plan_digest([shard])


def test_memory_at_another_place_is_the_same_plan():
    def plan(path):
        fragment = MemoryFragment(path=path, digest="abc", size_bytes=10, mtime_ns=1)
        return plan_digest(plan_shards([FragmentRows(fragment, 1000)]))

    assert plan("/proc/1/fd/3") == plan("/proc/2/fd/4")


@pytest.mark.parametrize(
    ("total_rows", "shard_rows"), [(0, 256), (100, 256), (32_000, 1000), (32_001, 1001), (10**9, 16_384)]
)
def test_the_default_size_follows_from_the_rows_alone(total_rows, shard_rows):
    assert default_shard_rows(total_rows) == shard_rows


def test_a_row_group_stays_whole_up_to_twice_the_size():
    def sizes(rows, **options):
        return [shard.rows for shard in plan_shards([row_group(rows)], **options)]

    assert sizes(512) == [512]
    assert sizes(513) == [256, 256, 1]
    assert sizes(128, shard_rows=100) == [100, 28]


def test_shards_are_small():
    tracemalloc.start()
    shards = plan_shards([npy(1_000_000)], shard_rows=10)
    size_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size_bytes / len(shards) < 300


@pytest.mark.parametrize("shard_rows", [0, -5, 2.0, True])
def test_the_size_is_checked(shard_rows):
    with pytest.raises(UsageError, match="at least 1, got"):
        plan_shards([npy(10)], shard_rows=shard_rows)
