"""The books of a job, and the moves that several events make in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cluster.scheduler.actions import Action, CancelAttempt, Dispatch, Fail, KillReplica
from cluster.scheduler.budget import Budget
from cluster.scheduler.events import Event
from cluster.scheduler.limits import PATIENCE_S, Limits, retry_delay_s
from cluster.scheduler.replicas import Replica, Replicas, ReplicaState
from cluster.scheduler.shards import Attempt, OpenShard, Shards
from cluster.scheduler.states import ShardState
from cluster.scheduler.stragglers import Durations
from cluster.scheduler.timers import Alarm, Kind, Timers
from workers.messages import PREPARE, Failure


class Job:
    """All that the machine knows. Arguments as of `Machine`.

    Attributes:
        limits: What it may cost.
        shards: See `Shards`.
        replicas: See `Replicas`.
        budget: Of rows that may be given up.
        durations: Of attempts that are through.
        timers: What is to be done later.
        cancelled: Attempts that nobody needs and that a replica may still be busy with, by shard and number.
        draining: The replica that is to run a probe when it is through with its queue.
        start_after_s: When new replicas may be started.
        now_s: The latest time that an event told.
        out: What is to be done because of the event at hand.
        finished: Whether that is the end.
    """

    def __init__(
        self, shards: Iterable[int], *, limits: Limits, replicas: Mapping[str, bool], next_replica: int
    ) -> None:
        self.limits = limits
        self.shards = Shards(shards, window=limits.window)
        self.replicas = Replicas(limits, replicas, next_number=next_replica)
        self.budget = Budget(most=limits.max_dead_rows, spent=limits.dead_rows)
        self.durations = Durations()
        self.timers = Timers()
        self.cancelled: dict[tuple[int, int], Attempt] = {}
        self.draining: Replica | None = None
        self.start_after_s = 0.0
        self.now_s = 0.0
        self.out: list[Action] = []
        self.finished = False

    # --- shards

    def plan(self, shard: OpenShard, cause: Event | type[Event]) -> None:
        """Have a shard run again at once."""
        self.shards.move(shard, ShardState.PLANNED, cause)
        self.shards.put_back(shard)

    def retry(self, shard: OpenShard, cause: Event) -> None:
        """Have a shard run again after a while; or end the job, if it was lost too often."""
        if shard.losses >= self.limits.max_attempts:
            self.fail_for_losses(shard, cause)
            return
        self.shards.move(shard, ShardState.RETRYING, cause)
        due_s = self.now_s + retry_delay_s(shard.losses + shard.raises)
        shard.patience_s = due_s + PATIENCE_S
        self.timers.set(Alarm(Kind.RETRY, shard.index), due_s)

    # --- attempts

    def run(self, shard: OpenShard, replica: Replica) -> None:
        """Dispatch a shard: its first attempt, one more, or a second one beside the first."""
        attempt = self.assign(shard, replica, probe=False)
        shard.runs += 1
        dispatch = Dispatch(
            shard=shard.index,
            attempt=attempt.number,
            replica=replica.name,
            cares=shard.cares.as_tuple() if shard.cares else (),
            max_dead_rows=self.budget.left_for(shard.index),
        )
        state = ShardState.DISPATCHED if shard.state is ShardState.PLANNED else shard.state
        self.shards.move(shard, state, dispatch)
        self.out.append(dispatch)

    def assign(self, shard: OpenShard, replica: Replica, *, probe: bool) -> Attempt:
        """Give a replica an attempt at a shard, or a probe of it."""
        shard.numbers += 1
        attempt = Attempt(shard.index, shard.numbers, replica, self.now_s, probe)
        shard.live[attempt.number] = attempt
        self.replicas.take(replica, attempt)
        if self.limits.min_replicas < self.limits.max_replicas:
            self.timers.clear(Alarm(Kind.IDLE, replica=replica.name))
        return attempt

    def end(self, attempt: Attempt) -> None:
        """An attempt is over: nothing that is said of it counts any more."""
        del self.shards.open[attempt.shard].live[attempt.number]
        self.clear_deadline(attempt)

    def leave(self, attempt: Attempt) -> None:
        """An attempt is over, and its replica goes on with the next."""
        self.end(attempt)
        replica = attempt.replica
        self.replicas.leave(replica, attempt, self.now_s)
        if attempt.probe:
            self.replicas.set_alone(replica, False)
        self.set_alarms(replica)

    def cancel(self, attempt: Attempt) -> None:
        """An attempt is over before its replica is through with it."""
        deadline = Alarm(Kind.BATCH, attempt.shard, attempt.number)
        due_s = self.timers.due_s(deadline)
        self.leave(attempt)
        if attempt.replica.state is not ReplicaState.CONDEMNED:
            name = attempt.replica.name
            self.out.append(CancelAttempt(shard=attempt.shard, attempt=attempt.number, replica=name))
        if attempt.under_way is not None:  # which the replica finishes first, if it does not hang
            self.cancelled[attempt.shard, attempt.number] = attempt
            attempt.replica.cancelled.append(attempt)
            if due_s is not None:
                self.timers.set(deadline, due_s)

    def forget_cancelled(self, attempts: Iterable[Attempt]) -> None:
        """Replicas are through with what they were told to drop."""
        for attempt in list(attempts):
            del self.cancelled[attempt.shard, attempt.number]
            attempt.replica.cancelled.remove(attempt)
            self.clear_deadline(attempt)

    def clear_deadline(self, attempt: Attempt) -> None:
        """Whatever an attempt had under way is through."""
        if self.limits.batch_timeout_s is not None:
            self.timers.clear(Alarm(Kind.BATCH, attempt.shard, attempt.number))

    # --- replicas

    def set_alarms(self, replica: Replica) -> None:
        """Watch how long a replica builds, or is idle."""
        limits = self.limits
        if replica.state is ReplicaState.BUILDING and limits.init_timeout_s is not None:
            self.timers.set(Alarm(Kind.BUILD, replica=replica.name), self.now_s + limits.init_timeout_s)
        if replica.idle and limits.min_replicas < limits.max_replicas:
            self.timers.set(Alarm(Kind.IDLE, replica=replica.name), self.now_s + limits.idle_s)

    def kill(self, replica: Replica, reason: str) -> None:
        """Have a replica killed; its attempts end when it is lost."""
        self.replicas.condemn(replica)
        self.out.append(KillReplica(replica=replica.name, reason=reason))

    def remove(self, replica: Replica) -> None:
        """A replica is gone."""
        self.replicas.remove(replica)
        self.timers.clear(Alarm(Kind.BUILD, replica=replica.name))
        self.timers.clear(Alarm(Kind.IDLE, replica=replica.name))
        self.forget_cancelled(replica.cancelled)
        if self.draining is replica:
            self.draining = None

    # --- the end of the job

    def fail(self, fail: Fail) -> None:
        """End the job; nothing else is to be done."""
        self.finished = True
        self.out = [fail]

    def fail_for_losses(self, shard: OpenShard, cause: Event) -> None:
        """End the job over a shard that workers ended on, for no reason that was found."""
        self.shards.move(shard, ShardState.DEAD, cause)
        start, stop = shard.rows
        times = "worker" if shard.losses == 1 else "workers"
        reason = f"{shard.losses} {times} ended while they ran it, the last one {shard.how}"
        self.fail(Fail(reason=reason, shard=shard.index, start=start, stop=stop))

    def fail_over_budget(self, shard: OpenShard, row: int, failure: Failure | None) -> None:
        """End the job over a row that may not be given up."""
        allowed = self.limits.max_dead_rows
        reason = f"{self.budget.dead_rows} rows cannot be done, and {allowed} may be given up"
        self.fail(Fail(reason=reason, shard=shard.index, failure=failure, start=row, stop=row + 1))


def batch_text(batch: int) -> str:
    """A batch's number for people."""
    return "prepare" if batch == PREPARE else f"batch {batch}"
