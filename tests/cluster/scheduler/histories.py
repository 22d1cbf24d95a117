"""Random histories for the machine, as a rule-based Hypothesis machine; run with few and with many examples."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from cluster.scheduler import BatchBegan, BatchEnded, Limits
from tests.cluster.scheduler.world import Bad, Worker, World

_TIMEOUT_S = 8.0


@st.composite
def bad_rows(draw: st.DrawFn, rows: int, *, hangs: bool) -> Bad:
    """Some of the rows, and what is wrong with each."""
    kinds = ["kill", "kill_prepare", "raising", *(["hang"] if hangs else [])]
    found: dict[str, set[int]] = {kind: set() for kind in kinds}
    if rows:
        for row, kind in draw(st.dictionaries(st.integers(0, rows - 1), st.sampled_from(kinds), max_size=3)).items():
            found[kind].add(row)
    return Bad(**{kind: frozenset(those) for kind, those in found.items()})


class Histories(RuleBasedStateMachine):
    """Workers crash, hang, raise and are slow; messages are lost with their worker, late, twice, and in any order
    between workers; clocks jump. Every shard is committed exactly once, without exactly the rows that nobody can do.

    Accidents are bounded, so that no shard may use up its attempts: ending the job would be wrong.
    """

    world: World | None = None

    @initialize(data=st.data())
    def start(self, data: st.DataObject) -> None:
        draw = data.draw
        rows = draw(st.lists(st.integers(0, 9), min_size=1, max_size=6), label="rows of each shard")
        timeout_s = draw(st.sampled_from([None, _TIMEOUT_S]), label="batch_timeout_s")
        bad = {i: draw(bad_rows(n, hangs=timeout_s is not None), label=f"bad in {i}") for i, n in enumerate(rows)}
        self.accidents = draw(st.integers(0, 5), label="accidents")
        self.build_losses, self.build_failures = 2, 1
        fewest = draw(st.integers(1, 3), label="min_replicas")
        # Two accidents on the same row may take it for one that ends workers.
        self.mistakes = self.accidents // 2
        limits = Limits(
            min_replicas=fewest,
            max_replicas=fewest + draw(st.integers(0, 2), label="more replicas"),
            max_attempts=max(self.accidents + 1, 2),
            # A worker that crashes before it was heard to be ready counts as one that was building.
            max_build_losses=self.build_losses + self.accidents + 1,
            in_flight=draw(st.integers(1, 3), label="in_flight"),
            open_shards=draw(st.integers(0, 4), label="open_shards"),
            batch_timeout_s=timeout_s,
            init_timeout_s=draw(st.sampled_from([None, 1000.0]), label="init_timeout_s"),
            max_dead_rows=sum(len(each.rows) for each in bad.values()) + self.mistakes,
            idle_s=3.0,
        )
        self.world = World(
            rows,
            bad,
            batch_rows=draw(st.integers(1, 5), label="rows of a batch"),
            limits=limits,
            ordered=draw(st.booleans(), label="ordered"),
            probes_bisect=draw(st.booleans(), label="probes bisect"),
        )
        if draw(st.booleans(), label="second attempts from the start"):
            self.world.know_durations()

    def _worker(self, data: st.DataObject, workers: list[Worker] | None = None) -> Worker:
        assert self.world is not None
        workers = list(self.world.workers.values()) if workers is None else workers
        return workers[data.draw(st.integers(0, len(workers) - 1), label="worker")]

    @property
    def _goes_on(self) -> bool:
        return self.world is not None and not self.world.machine.finished

    @property
    def _building(self) -> list[Worker]:
        workers = () if self.world is None else self.world.workers.values()
        return [each for each in workers if not (each.ready or each.ended or each.build_hangs)]

    @property
    def _living(self) -> list[Worker]:
        workers = () if self.world is None else self.world.workers.values()
        return [each for each in workers if not each.ended]

    # --- what should happen

    @precondition(lambda self: self._goes_on and self._building)
    @rule(data=st.data())
    def worker_gets_ready(self, data: st.DataObject) -> None:
        self.world.build(self._worker(data, self._building))

    @precondition(lambda self: self._goes_on and self._living)
    @rule(data=st.data(), steps=st.integers(1, 9), ahead=st.booleans())
    def worker_goes_on(self, data: st.DataObject, steps: int, ahead: bool) -> None:
        worker = self._worker(data, self._living)
        for _ in range(steps):
            self.world.step(worker, ahead=ahead)

    @precondition(lambda self: self._goes_on and self.world.workers)
    @rule(data=st.data(), messages=st.integers(1, 9))
    def messages_are_heard(self, data: st.DataObject, messages: int) -> None:
        worker = self._worker(data)
        for _ in range(messages):
            if self.world.workers.get(worker.name) is not worker:
                break
            self.world.hear(worker)

    @precondition(lambda self: self._goes_on)
    @rule(turns=st.integers(1, 5))
    def all_go_on(self, turns: int) -> None:
        for _ in range(turns):
            if self._goes_on:
                self.world.go_on()

    @precondition(lambda self: self._goes_on and self.world.staged)
    @rule(choice=st.integers(0, 5))
    def consumer_takes_a_shard(self, choice: int) -> None:
        self.world.commit(choice)

    @precondition(lambda self: self._goes_on)
    @rule(by_s=st.floats(0, 5))
    def time_passes(self, by_s: float) -> None:
        """No call takes so long that it would be taken for one that hangs."""
        clock_s = max(self.world.machine.now_s, self.world.now_s)
        self.world.pass_time(max(min(by_s, self.world.safe_s() - 0.01 - (clock_s - self.world.machine.now_s)), 0))

    # --- what should not

    @precondition(lambda self: self._goes_on and self.accidents and self._living)
    @rule(data=st.data(), unheard=st.integers(0, 3), late=st.integers(0, 3))
    def worker_crashes(self, data: st.DataObject, unheard: int, late: int) -> None:
        workers = [each for each in self._living if each.ready]
        if workers:
            self.accidents -= 1
            self.world.crash(self._worker(data, workers), unheard=unheard, late=late)

    @precondition(lambda self: self._goes_on and self.build_losses and self._building)
    @rule(data=st.data(), hangs=st.booleans())
    def worker_is_lost_while_it_builds(self, data: st.DataObject, hangs: bool) -> None:
        self.build_losses -= 1
        worker = self._worker(data, self._building)
        if hangs and self.world.limits.init_timeout_s is not None:
            worker.build_hangs = True
        else:
            self.world.crash(worker)

    @precondition(lambda self: self._goes_on and self.build_failures and self._building)
    @rule(data=st.data())
    def worker_fails_to_build(self, data: st.DataObject) -> None:
        self.build_failures -= 1
        self.world.fail_to_build(self._worker(data, self._building))

    @precondition(lambda self: self._goes_on and self.accidents)
    @rule(data=st.data())
    def storage_fails(self, data: st.DataObject) -> None:
        workers = [each for each in self._living if each.queue and not each.queue[0].hung]
        if workers:
            self.accidents -= 1
            self.world.raise_unstored(self._worker(data, workers))

    @precondition(lambda self: self._goes_on and self.accidents and self.world.limits.batch_timeout_s)
    @rule()
    def all_are_too_slow(self) -> None:
        self.accidents -= 1
        self.world.pass_time(_TIMEOUT_S + 1)

    @rule(by_s=st.floats(0, 50))
    def clock_jumps_back(self, by_s: float) -> None:
        self.world.now_s -= by_s

    @precondition(lambda self: self._goes_on and self.world.strays)
    @rule()
    def message_is_late(self) -> None:
        self.world.hear_stray()

    @precondition(lambda self: self._goes_on and self.world.heard)
    @rule(data=st.data())
    def message_arrives_again(self, data: st.DataObject) -> None:
        """Of attempts that live, all but what a batch does: workers tell of it in order, over a stream."""
        event = self.world.heard[data.draw(st.integers(0, len(self.world.heard) - 1), label="message")]
        if not isinstance(event, BatchBegan | BatchEnded) or event.attempt < self.world.newest(event.shard):
            self.world.tell(event)

    def teardown(self) -> None:
        if self.world is None:
            return
        world = self.world
        world.run_to_the_end()
        assert world.fail is None, world.fail
        assert world.commits == dict.fromkeys(range(len(world.rows)), 1), "a shard is lost or doubled"
        wrong = 0
        for shard, dead in world.dead.items():
            bad = world.bad[shard].rows
            assert bad <= dead, f"rows {bad - dead} of shard {shard} cannot have been done"
            wrong += len(dead - bad)
        assert wrong <= self.mistakes, f"{wrong} rows were given up without need"
