"""Waiting for replicas to be built, where no job does: bounded tries, and a deadline."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from cluster.errors import WorkersLost
from cluster.failures import error_of
from cluster.fleet import Fleet
from cluster.scheduler import Limits, ReplicaBuildFailed, ReplicaLost


async def wait_until_built(fleet: Fleet, limits: Limits, start: Callable[[], str]) -> None:
    """Wait until every replica of a fleet is built, and there are as many as there must be.

    Args:
        fleet: The replicas; reports of jobs that are over are dropped.
        limits: How many there must be at least, how often building may fail, and how long it may take.
        start: Starts one more.

    Raises:
        JobFailed: The predictor's `__init__` raised, or workers kept dying in it.
    """
    losses = failures = 0
    while True:
        for _ in range(limits.min_replicas - len(fleet.replicas)):
            start()
        if all(replica.ready for replica in fleet.replicas.values()):
            return
        match await fleet.next(until_s=kill_overdue(fleet, limits.init_timeout_s)):
            case ReplicaBuildFailed(failure=failure):
                failures += 1
                if failures >= limits.max_build_failures:
                    raise error_of(failure)
            case ReplicaLost(reason=reason):
                losses += 1
                if losses >= limits.max_build_losses:
                    raise WorkersLost(f"{losses} workers ended while building the predictor, the last one {reason}")


def kill_overdue(fleet: Fleet, timeout_s: float | None) -> float | None:
    """Kill the replicas that build for too long.

    Returns:
        When to look again, on the monotonic clock; None for never.
    """
    if timeout_s is None:
        return None
    now_s = monotonic()
    building = {name: replica for name, replica in fleet.replicas.items() if not (replica.ready or replica.killed)}
    for name, replica in building.items():
        if now_s >= replica.started_s + timeout_s:
            fleet.kill(name, f"killed by the driver: its __init__ took longer than init_timeout_s={timeout_s:g}")
    return min((replica.started_s + timeout_s for replica in building.values() if not replica.killed), default=None)
