"""What scheduling costs: planning shards and taking every one through the machine, in one process, with no work done.

Events a second and bytes a shard (at the peak, the plan included), for 100,000 shards and for ten times as many: the
ratio of their times says whether it is linear.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections import deque
from time import process_time

from cluster.planning import plan_shards
from cluster.scheduler import (
    BatchBegan,
    BatchEnded,
    Commit,
    Dispatch,
    Event,
    JobStarted,
    Limits,
    Machine,
    ReplicaReady,
    ShardCommitted,
    ShardStaged,
    StartReplica,
)
from cluster.sources.base import FragmentRows
from workers.shards import NpyFragment, Shard

SHARDS, FACTOR, REPLICAS = 100_000, 10, 8
ROWS = 256


def main() -> None:
    """Print a row for each number of shards, and how time grows. Each is a fresh program, which weighs itself."""
    print(f"{REPLICAS} replicas, one batch a shard, a deadline on each batch; seconds of CPU\n")
    print("| shards | planning, s | scheduling, s | events/s | bytes a shard |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    found = []
    for shards in (SHARDS, FACTOR * SHARDS):
        command = [sys.executable, "-m", "benchmarks.scheduling", str(shards)]
        cost = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
        found.append(cost)
        print(
            f"| {shards:,} | {cost['plan_s']:.2f} | {cost['run_s']:.2f} | {cost['events'] / cost['run_s']:,.0f} "
            f"| {cost['bytes'] / shards:,.0f} |"
        )
    few, many = found
    print(
        f"\n{FACTOR} times the shards take {many['plan_s'] / few['plan_s']:.1f} times as long to plan "
        f"and {many['run_s'] / few['run_s']:.1f} times as long to schedule"
    )


def measure(shards: int) -> dict[str, float]:
    """Plan and run a job of so many shards."""
    before = _peak_bytes()
    begun_s = process_time()
    work = _plan(shards)
    planned_s = process_time()
    events = _run(work)
    run_s = process_time() - planned_s
    return {"plan_s": planned_s - begun_s, "run_s": run_s, "events": events, "bytes": _peak_bytes() - before}


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _plan(shards: int) -> dict[int, Shard]:
    fragment = NpyFragment(path="rows.npy", column="x", size_bytes=0, mtime_ns=0)
    planned = plan_shards([FragmentRows(fragment, shards * ROWS)], shard_rows=ROWS)
    return {shard.index: shard for shard in planned}


def _run(work: dict[int, Shard]) -> int:
    """Have workers that take no time do everything that the machine says; returns how many events that made."""
    limits = Limits(min_replicas=REPLICAS, max_replicas=REPLICAS, batch_timeout_s=60.0)
    machine = Machine(work, limits=limits)
    events: deque[Event] = deque([JobStarted(at_s=0.0)])
    count = 0
    while events:
        count += 1
        at_s = count * 1e-5
        for action in machine.handle(events.popleft()):
            match action:
                case Dispatch(shard=shard, attempt=attempt):
                    events += (
                        BatchBegan(
                            at_s=at_s,
                            shard=shard,
                            attempt=attempt,
                            batch=0,
                            batches=1,
                            start=0,
                            stop=ROWS,
                            first_row=0,
                            last_row=ROWS - 1,
                        ),
                        BatchEnded(at_s=at_s, shard=shard, attempt=attempt, batch=0),
                        ShardStaged(at_s=at_s, shard=shard, attempt=attempt),
                    )
                case Commit(shard=shard, attempt=attempt):
                    events.append(ShardCommitted(at_s=at_s, shard=shard, attempt=attempt))
                case StartReplica(replica=replica):
                    events.append(ReplicaReady(at_s=at_s, replica=replica))
    if not machine.finished:
        sys.exit("the machine did not finish")
    return count


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
