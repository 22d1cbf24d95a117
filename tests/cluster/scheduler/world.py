"""A small world for the machine: workers that run shards as the real ones do, and die, hang and raise where told to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from cluster.scheduler import (
    BatchBegan,
    BatchEnded,
    CancelAttempt,
    Commit,
    Dispatch,
    Event,
    Fail,
    Finish,
    JobStarted,
    KillReplica,
    Limits,
    Machine,
    Probe,
    ProbePassed,
    ReplicaBuildFailed,
    ReplicaLost,
    ReplicaReady,
    ShardCommitted,
    ShardRaised,
    ShardStaged,
    StartReplica,
    StopReplica,
    Tick,
)
from workers.messages import PREPARE, Care, Failure

RAISED = Failure(where="Classify.__call__", type="ValueError", message="no")
UNSTORED = Failure(where="staging out/", type="OSError", message="disk full", owner="storage")

DIES, HANGS = "dies", "hangs"


@dataclass
class Bad:
    """The rows of one shard that no worker can do."""

    kill: frozenset[int] = frozenset()
    kill_prepare: frozenset[int] = frozenset()
    hang: frozenset[int] = frozenset()
    raising: frozenset[int] = frozenset()

    @property
    def deadly(self) -> frozenset[int]:
        return self.kill | self.kill_prepare | self.hang

    @property
    def rows(self) -> frozenset[int]:
        return self.deadly | self.raising


@dataclass
class Work:
    """A command that a worker has, and how far it is."""

    order: Dispatch | Probe
    steps: Iterator[Event | str]
    ahead: bool = True  # in `prepare`, which may run while the shard before it is in the predictor
    hung: bool = False
    dead_rows: set[int] = field(default_factory=set)


@dataclass
class Worker:
    """One replica."""

    name: str
    ready: bool = False
    ended: bool = False
    build_hangs: bool = False
    killed: str = ""
    queue: list[Work] = field(default_factory=list)
    outbox: deque[Event] = field(default_factory=deque)


class World:
    """The machine, its workers and its consumer. Messages are said first, and heard when `hear` is called.

    Args:
        rows: How many rows each shard has.
        bad: Rows that cannot be done, by shard.
        batch_rows: Rows of a batch.
        limits: Of the machine.
        ordered: Whether the consumer takes shards in their order only.
        probes_bisect: Whether a worker that probes goes on with the halves of what raised.
    """

    def __init__(
        self,
        rows: list[int],
        bad: dict[int, Bad],
        *,
        batch_rows: int,
        limits: Limits,
        ordered: bool = False,
        probes_bisect: bool = False,
    ) -> None:
        self.rows, self.bad, self.batch_rows, self.limits = rows, bad, batch_rows, limits
        self.ordered, self.probes_bisect = ordered, probes_bisect
        self.machine = Machine(range(len(rows)), limits=limits)
        self.now_s = 0.0
        self.workers: dict[str, Worker] = {}
        self.staged: list[tuple[int, int]] = []  # to be committed
        self.strays: list[Event] = []  # said by those that are gone
        self.heard: list[Event] = []
        self.commits: dict[int, int] = {}
        self.dead: dict[int, set[int]] = {}
        self.failed_at: dict[int, set[str]] = {}
        self.under_way: dict[tuple[int, int], tuple[Worker, float]] = {}
        self.fail: Fail | None = None
        self.deaths = 0
        self.probes = 0
        self.most_replicas = 0
        self._outputs: dict[tuple[int, int], set[int]] = {}
        self._newest: dict[int, int] = {}
        self.tell(JobStarted(at_s=0.0))

    # --- what happens

    def tell(self, event: Event) -> None:
        """Have the machine hear an event, and do what it says."""
        actions = self.machine.handle(event)
        self.machine.check()
        for action in actions:
            self._do(action)
        self.most_replicas = max(self.most_replicas, len(self.workers))

    def know_durations(self) -> None:
        """Have attempts straggle after a second, from the first one on."""
        for _ in range(3):
            self.machine._job.durations.add(0.1)

    def build(self, worker: Worker) -> None:
        worker.ready = True
        worker.outbox.append(ReplicaReady(at_s=self.now_s, replica=worker.name))

    def fail_to_build(self, worker: Worker) -> None:
        del self.workers[worker.name]
        self.tell(ReplicaBuildFailed(at_s=self.now_s, replica=worker.name, failure=RAISED))

    def step(self, worker: Worker, *, ahead: bool = False) -> bool:
        """Have a worker go on by one message; with `ahead`, in the `prepare` of the shard after the current one."""
        if worker.ended or len(worker.queue) <= ahead:
            return False
        work = worker.queue[ahead]
        if work.hung or (ahead and not work.ahead):
            return False
        said = next(work.steps)
        if said == DIES:
            worker.ended = True
            self.deaths += 1
        elif said == HANGS:
            work.hung = True
        else:
            assert isinstance(said, Event)
            worker.outbox.append(said)
            if isinstance(said, ShardStaged | ShardRaised | ProbePassed):
                worker.queue.remove(work)
        return True

    def raise_unstored(self, worker: Worker) -> None:
        """Have a worker fail what it is on with an error of the storage."""
        work = worker.queue.pop(0)
        order = work.order
        worker.outbox.append(
            ShardRaised(at_s=0, shard=order.shard, attempt=order.attempt, failure=UNSTORED, start=0, stop=0)
        )

    def crash(self, worker: Worker, *, unheard: int = 0, late: int = 0) -> None:
        """End a worker; the last messages that it said are lost with it, or heard after its loss."""
        worker.ended = True
        lost = [worker.outbox.pop() for _ in range(min(unheard, len(worker.outbox)))]
        self.strays += lost[:late]

    def hear(self, worker: Worker) -> bool:
        """Have the machine hear the next message of a worker."""
        if worker.outbox:
            event = worker.outbox.popleft()
        elif worker.ended:
            del self.workers[worker.name]
            event = ReplicaLost(at_s=0, replica=worker.name, reason=worker.killed or "killed by SIGKILL")
        else:
            return False
        self.heard.append(event)
        event = _at(event, self.now_s)
        if isinstance(event, BatchBegan):
            self.under_way[event.shard, event.attempt] = (worker, self.machine.now_s)
        elif isinstance(event, BatchEnded | ShardStaged | ShardRaised | ProbePassed):
            self.under_way.pop((event.shard, event.attempt), None)
        elif isinstance(event, ReplicaLost):
            self.under_way = {key: value for key, value in self.under_way.items() if value[0] is not worker}
        if isinstance(event, ShardRaised) and event.failure.owner == "storage":
            self.failed_at.setdefault(event.shard, set()).add(worker.name)
        self.tell(event)
        return True

    def hear_stray(self) -> None:
        self.tell(_at(self.strays.pop(), self.now_s))

    def commit(self, choice: int = 0) -> bool:
        """Have the consumer take a shard."""
        able = sorted(self.staged)
        if self.ordered:
            able = [each for each in able if each[0] == len(self.commits)]
        if not able:
            return False
        shard, attempt = able[choice % len(able)]
        self.staged.remove((shard, attempt))
        self.commits[shard] = self.commits.get(shard, 0) + 1
        self.dead[shard] = self._outputs[shard, attempt]
        event = ShardCommitted(at_s=self.now_s, shard=shard, attempt=attempt)
        self.heard.append(event)
        self.tell(event)
        return True

    def pass_time(self, by_s: float) -> None:
        self.now_s += by_s
        self.tell(Tick(at_s=self.now_s))

    def safe_s(self) -> float:
        """How much time may pass before a worker that does not hang would be taken for one that does."""
        if self.limits.batch_timeout_s is None:
            return float("inf")
        hung = {(w.order.shard, w.order.attempt) for each in self.workers.values() for w in each.queue if w.hung}
        begun = [since_s for key, (_, since_s) in self.under_way.items() if key not in hung]
        return min(begun, default=float("inf")) + self.limits.batch_timeout_s - self.machine.now_s

    def run_to_the_end(self, turns: int = 20_000) -> None:
        """Left alone, every worker goes on, everything is heard, and time passes when nothing else happens."""
        for _ in range(turns):
            if self.machine.finished:
                return
            if not self.go_on():
                wake_s = self.machine.wake_s
                assert wake_s is not None, "the machine waits for nothing"
                self.now_s = max(self.now_s, wake_s)
                self.tell(Tick(at_s=self.now_s))
        raise AssertionError("the machine does not come to an end")

    def go_on(self) -> bool:
        happened = False
        for worker in list(self.workers.values()):
            if not (worker.ready or worker.ended or worker.build_hangs):
                self.build(worker)
            for ahead in (True, False):
                happened |= self.step(worker, ahead=ahead)
            while self.workers.get(worker.name) is worker and self.hear(worker):
                happened = True
            if self.machine.finished:
                return True
        while self.commit():
            happened = True
        return happened

    def newest(self, shard: int) -> int:
        """The number of the last attempt at a shard, or probe of it."""
        return self._newest.get(shard, 0)

    # --- what the machine says

    def _do(self, action: object) -> None:
        match action:
            case StartReplica(replica=name):
                assert name not in self.workers
                self.workers[name] = Worker(name)
            case StopReplica(replica=name):
                worker = self.workers.pop(name)
                assert not worker.queue or all(work.hung for work in worker.queue)
                assert len(self.workers) >= self.limits.min_replicas
            case KillReplica(replica=name, reason=reason):
                self.workers[name].ended, self.workers[name].killed = True, reason
            case Dispatch() | Probe():
                self._order(action)
            case CancelAttempt(shard=shard, attempt=attempt, replica=name):
                worker = self.workers[name]
                worker.queue = [
                    w for w in worker.queue if (w.order.shard, w.order.attempt) != (shard, attempt) or w.hung
                ]
            case Commit(shard=shard, attempt=attempt):
                assert shard not in self.commits, "a shard is committed twice"
                assert all(shard != other for other, _ in self.staged), "a shard is committed twice"
                self.staged.append((shard, attempt))
            case Fail():
                self.fail = action
            case Finish():
                assert self.machine.finished

    def _order(self, order: Dispatch | Probe) -> None:
        worker = self.workers[order.replica]
        assert worker.ready, "work goes to replicas that are ready"
        assert not worker.killed, "work goes to replicas that live"
        failed = self.failed_at.get(order.shard, set())
        if isinstance(order, Probe):
            self.probes += 1
            assert not [work for work in worker.queue if not work.hung], "a probe is alone"
        elif order.replica in failed:
            others = [each for each in self.workers.values() if each.ready and not each.killed and not each.ended]
            heard = [each for each in others if not any(isinstance(said, ReplicaReady) for said in each.outbox)]
            assert {each.name for each in heard} <= failed, "never back to a replica that failed it"
        self._newest[order.shard] = order.attempt
        work = Work(order, iter(()), ahead=self.rows[order.shard] > 0)
        work.steps = self._steps(work)
        worker.queue.append(work)

    # --- what workers do

    def _steps(self, work: Work) -> Iterator[Event | str]:
        order, bad = work.order, self.bad.get(work.order.shard, Bad())
        named = {"at_s": 0.0, "shard": order.shard, "attempt": order.attempt}
        cares = {care.batch: care for care in order.cares}
        target = (order.batch, order.piece) if isinstance(order, Probe) else (PREPARE, None)
        rows = list(range(self.rows[order.shard]))
        pieces = self._pieces(cares.get(PREPARE), rows, work)
        if target[0] == PREPARE and target[1] is not None:
            pieces = [target[1]]
        for start, stop in pieces:
            yield BatchBegan(
                batch=PREPARE, batches=0, start=start, stop=stop, first_row=start, last_row=stop - 1, **named
            )
            if bad.kill_prepare & {*rows[start:stop]}:
                yield DIES
        work.ahead = False
        if rows:
            yield BatchEnded(batch=PREPARE, **named)
        if not (target[0] == PREPARE and target[1] is not None):
            kept = [row for start, stop in pieces for row in rows[start:stop]]
            batches = [kept[at : at + self.batch_rows] for at in range(0, len(kept), self.batch_rows)]
            for number, batch in enumerate(batches):
                if number < target[0]:
                    continue
                pieces = self._pieces(cares.get(number), batch, work)
                if target[1] is not None:
                    if number > target[0]:
                        break
                    pieces = [target[1]]
                for piece in pieces:
                    yield from self._call(work, bad, number, len(batches), batch, piece)
                yield BatchEnded(batch=number, **named)
        if isinstance(order, Probe):
            yield ProbePassed(**named)
            return
        self._outputs[order.shard, order.attempt] = work.dead_rows
        if len(work.dead_rows) > order.max_dead_rows:
            row = max(work.dead_rows)
            yield ShardRaised(failure=RAISED, start=row, stop=row + 1, **named)
        elif work.dead_rows:
            yield ShardStaged(dead_rows=len(work.dead_rows), failure=RAISED, row=max(work.dead_rows), **named)
        else:
            yield ShardStaged(**named)

    def _pieces(self, care: Care | None, rows: list[int], work: Work) -> list[tuple[int, int]]:
        if care is None:
            return [(0, len(rows))] if rows else []
        dead = {each.row for each in care.dead}
        covered = [*dead, *(at for start, stop in care.pieces for at in range(start, stop))]
        assert sorted(covered) == list(range(len(rows))), "a care covers its batch, each row once"
        work.dead_rows |= {rows[at] for at in dead}
        return list(care.pieces)

    def _call(
        self, work: Work, bad: Bad, number: int, batches: int, batch: list[int], piece: tuple[int, int]
    ) -> Iterator[Event | str]:
        start, stop = piece
        order, rows = work.order, batch[start:stop]
        yield BatchBegan(
            at_s=0,
            shard=order.shard,
            attempt=order.attempt,
            batch=number,
            batches=batches,
            start=start,
            stop=stop,
            first_row=min(rows),
            last_row=max(rows),
        )
        culprit = next((row for row in rows if row in bad.rows - bad.kill_prepare), None)
        if culprit in bad.kill:
            yield DIES
        elif culprit in bad.hang:
            yield HANGS
        elif culprit in bad.raising:
            if stop - start == 1:
                work.dead_rows.add(culprit)
            elif isinstance(order, Dispatch) or self.probes_bisect:
                middle = (start + stop) // 2
                yield from self._call(work, bad, number, batches, batch, (start, middle))
                yield from self._call(work, bad, number, batches, batch, (middle, stop))


def _at(event: Event, at_s: float) -> Event:
    return type(event)(**{**{name: getattr(event, name) for name in event.__dataclass_fields__}, "at_s": at_s})
