from __future__ import annotations

from collections import deque
from contextlib import closing
from threading import Event, Lock

import numpy as np
import pytest

import tensor
from tests.workers.driving import shard_of, shards_of
from workers.batching import BatchPolicy
from workers.code import CodeRef
from workers.messages import (
    PREPARE,
    BatchDone,
    BatchStarted,
    BuildPredictor,
    CancelShard,
    RunShard,
    ShardDone,
    ShardFailed,
)
from workers.read_ahead import ReadAhead
from workers.serving import Commands, serve

PREPARED = {shard: Event() for shard in range(4)}
GATE = Event()
ALONE = Lock()
WAIT_S = 60


class Meets:
    """The first shard's call lasts until the second shard is prepared, so one must not wait for the other."""

    def __init__(self, *, end=""):
        self.scratch = np.zeros(4)
        self.end = end

    def prepare(self, columns):
        assert tensor.is_inference_mode_enabled()
        assert ALONE.acquire(blocking=False)
        try:
            return self._prepare(columns)
        finally:
            ALONE.release()

    def _prepare(self, columns):
        shard = int(columns["x"][0]) // 4
        if shard == 1 and self.end:
            PREPARED[shard].set()
            {"exit": exit_now, "raise": raise_now, "gate": wait_at_gate}[self.end]()
        self.scratch[:] = columns["x"]
        PREPARED[shard].set()
        return {"x": self.scratch}

    def __call__(self, batch):
        if batch["x"][0] == 0:
            assert PREPARED[1].wait(WAIT_S)
        return {"y": tensor.from_numpy(batch["x"]) * 2}


def exit_now():
    raise SystemExit(3)


def raise_now():
    raise ValueError("not this one")


def wait_at_gate():
    assert GATE.wait(WAIT_S)


class Conversation:
    """Commands that are all there from the start, and what is said, from whatever thread."""

    def __init__(self, *commands):
        self.said = []
        self._commands = deque(commands)

    def reports(self):
        commands = Commands(lambda: self._commands.popleft() if self._commands else None, lambda: bool(self._commands))
        return closing(serve(commands, import_code=lambda code: None, say=self.said.append))

    def run(self):
        with self.reports() as reports:
            self.said += reports
        return self.said


@pytest.fixture
def shards():
    for event in (*PREPARED.values(), GATE):
        event.clear()
    with shards_of({"x": np.arange(16.0)}, shard_rows=4) as made:
        yield made


def build(**init):
    return BuildPredictor("w0", CodeRef.of(Meets), init, None)


def run(shard, **fields):
    return RunShard("job", shard, 1, BatchPolicy(max_rows=4), **fields)


def done(reports):
    return {report.shard for report in reports if isinstance(report, ShardDone)}


def test_the_next_shard_is_prepared_while_one_is_computed(shards):
    said = Conversation(build(), *map(run, shards)).run()
    assert done(said) == {0, 1, 2, 3}
    told = [(type(each), each.shard, each.batch) for each in said if isinstance(each, BatchStarted | BatchDone)]
    assert told.index((BatchStarted, 1, PREPARE)) < told.index((BatchDone, 0, 0))
    for shard in range(4):
        own = [(kind, batch) for kind, of, batch in told if of == shard]
        assert own == [(BatchStarted, PREPARE), (BatchDone, PREPARE), (BatchStarted, 0), (BatchDone, 0)]
    for report in said:  # `prepare` reused its memory while the rows of the shard before were in use
        if isinstance(report, BatchDone) and report.batch == 0:
            assert np.asarray(report.columns["y"]).tolist() == [2 * (4 * report.shard + row) for row in range(4)]
            assert report.columns["y"].origin == tensor.marks.Origin(job="job", shard=report.shard, replica="w0")


def test_what_raises_ahead_is_reported_for_its_own_shard(shards):
    said = Conversation(build(end="raise"), *map(run, shards[:3])).run()
    assert done(said) == {0, 2}
    (failed,) = (report for report in said if isinstance(report, ShardFailed))
    assert (failed.shard, failed.start, failed.failure.message) == (1, 0, "not this one")
    assert failed.failure.line.endswith(str(raise_now.__code__.co_firstlineno + 1))
    *begun, over, _ = (report for report in said if report != said[0] and report.shard == 1)
    assert {type(report) for report in begun} == {BatchStarted}
    assert isinstance(over, BatchDone)  # its deadline does not ring while shard 0 goes on


def test_what_cannot_be_read_ahead_is_reported_for_its_own_shard(shards):
    with shard_of({"x": np.arange(4.0, 8.0)}) as missing:
        pass
    PREPARED[1].set()
    said = Conversation(build(), run(shards[0]), run(missing), run(shards[2])).run()
    assert [type(report) for report in said if isinstance(report, ShardDone | ShardFailed)] == [
        ShardDone,
        ShardFailed,
        ShardDone,
    ]


def test_sys_exit_ahead_ends_the_worker_when_its_shard_has_its_turn(shards):
    conversation = Conversation(build(end="exit"), *map(run, shards))
    with pytest.raises(SystemExit) as raised:
        conversation.run()
    assert raised.value.code == 3
    assert "exit(3)" in raised.value.__notes__[0]
    assert done(conversation.said) == {0}
    ahead = [type(report) for report in conversation.said if getattr(report, "shard", 0) == 1]
    assert ahead == [BatchStarted]  # it is known where it was


def test_a_cancelled_shard_is_dropped_and_prepare_is_not_called_twice_at_once(shards):
    conversation = Conversation(build(end="gate"), run(shards[0]), run(shards[1]))
    with conversation.reports() as reports:
        for report in reports:
            conversation.said.append(report)
            if isinstance(report, BatchDone) and report.batch == 0 and report.shard == 0:
                conversation._commands += [CancelShard("job", shards[1].index, 1), run(shards[2])]
                GATE.set()  # `prepare` of shard 1 may end from here on, before or after it is dropped
    assert done(conversation.said) == {0, 2}
    assert not any(report.shard == 1 and report.batch == 0 for report in conversation.said if hasattr(report, "batch"))


def test_prepare_that_is_dropped_between_two_calls_is_said_to_be_over(shards):
    said = []

    def steps():
        assert GATE.wait(WAIT_S)
        yield BatchStarted("job", 0, 1, PREPARE, 0, 0, 4, 0, 3)
        raise AssertionError("dropped")

    def say(report):
        said.append(report)
        ahead.drop()
        PREPARED[0].set()

    ahead = ReadAhead(run(shards[0]), steps(), say)
    GATE.set()
    assert PREPARED[0].wait(WAIT_S)
    ahead.close()
    assert [(type(report), report.batch) for report in said] == [(BatchStarted, PREPARE), (BatchDone, PREPARE)]


@pytest.mark.parametrize("at", range(20))
def test_closing_at_any_report_leaves_no_thread(shards, at):
    """The fixture that looks for leaks says so."""
    with Conversation(build(), *map(run, shards)).reports() as reports:
        for count, _ in enumerate(reports):
            if count == at:
                break


def test_nothing_runs_ahead_without_a_voice(shards):
    PREPARED[1].set()
    commands = deque([build(), *map(run, shards[:2])])
    with closing(
        serve(
            Commands(lambda: commands.popleft() if commands else None, lambda: bool(commands)),
            import_code=lambda code: None,
        )
    ) as reports:
        told = [(report.shard, report.batch) for report in reports if isinstance(report, BatchStarted)]
    assert told == [(0, PREPARE), (0, 0), (1, PREPARE), (1, 0)]
