"""The inference worker: one predictor, built once, every batch inside `inference_mode`.

It knows nothing of processes or sockets: `handle` turns one command into reports, one at a time, so the same class
serves a thread, a child process and an actor. Whoever drives it may stop between two reports.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

import tensor
from tensor import marks
from workers.attempt import Attempt, AttemptFailed, Losses
from workers.columns import Columns
from workers.errors import PredictorError
from workers.failures import Step, failure_of
from workers.messages import (
    PREPARE,
    BuildFailed,
    BuildPredictor,
    CancelJob,
    CancelShard,
    Command,
    Failure,
    ProbeDone,
    ProbeShard,
    Ready,
    Report,
    RunShard,
    ShardDone,
    SwapFailed,
    SwapWeights,
    WeightsSwapped,
)
from workers.preparing import Prepared, prepare, read
from workers.read_ahead import ReadAhead
from workers.reading import ShardReader
from workers.shard_probe import probe_shard
from workers.shard_run import ShardRun
from workers.shards import Shard
from workers.weights import SnapshotRef


class InferenceWorker:
    """Builds a predictor and runs shards through it.

    Args:
        command: How to build it.
    """

    def __init__(self, command: BuildPredictor) -> None:
        self._replica = command.replica
        self._code = command.code
        self._init = command.init
        self._weights = command.weights
        self._predictor: Any = None
        self._reader = ShardReader()
        self._ahead: ReadAhead | None = None
        self._is_preparing = False
        self._probed: tuple[Shard, Columns] | None = None

    def start(self) -> Report:
        """Build the predictor."""
        failure = self._build(self._weights)
        return Ready(pid=os.getpid()) if failure is None else BuildFailed(failure)

    def handle(self, command: Command) -> Generator[Report, None, None]:
        """Carry out one command.

        Exceptions of the user's code become reports; `SystemExit` and the like end the worker, as the user meant.
        """
        match command:
            case RunShard():
                yield from self._run(command)
            case ProbeShard():
                yield from self._probe(command)
            case SwapWeights(weights=weights):
                yield self._swap(weights)
            case CancelJob() | CancelShard():
                pass  # what was running was stopped by whoever drives us
            case _:
                raise TypeError(f"an inference worker does not know {type(command).__name__}")

    def look_ahead(self, command: Command | None, say: Callable[[Report], None]) -> None:
        """Read and prepare the next shard in a thread, while another one is computed; any other one is dropped.

        Args:
            command: What will be handled next, as far as is known.
            say: Sends a report from that thread.
        """
        if self._ahead is not None:
            if self._ahead.command is command:
                return
            self._ahead.drop()
            if self._ahead.is_running:
                return
            self._ahead = None
        if isinstance(command, RunShard) and not self._is_preparing:  # `prepare` is never called twice at once
            with suppress(RuntimeError):  # no room for a thread: it is read when it is its turn
                self._ahead = ReadAhead(command, self._prepare(command), say)

    def close(self) -> None:
        """Drop what was read ahead, wait for the end of the thread, and close files."""
        self._drop_ahead()
        self._reader.close()

    def _drop_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None

    def _swap(self, weights: SnapshotRef) -> Report:
        failure = self._build(weights)
        if failure is not None:
            return SwapFailed(failure)
        self._weights = weights
        return WeightsSwapped(epoch=weights.epoch)

    def _build(self, weights: SnapshotRef | None) -> Failure | None:
        """Build the predictor; where that fails, the one before stays."""
        step = Step("source", "opening the weights")
        try:
            with tensor.inference_mode(), marks.origin(replica=self._replica):
                arguments = {} if weights is None else {"weights": weights.tensors()}
                step = Step("user", f"{self._code.name}.__init__")
                predictor = self._code.resolve()(**arguments, **self._init)
            if not callable(predictor):
                raise PredictorError(f"{self._code.name} has no __call__(self, batch), so it cannot predict")
        except Exception as error:
            return failure_of(error, step)
        self._predictor = predictor
        return None

    def _attempt(self, command: RunShard | ProbeShard) -> Attempt:
        return Attempt.at(command, replica=self._replica, predictor=self._predictor, name=self._code.name)

    def _run(self, command: RunShard) -> Generator[Report, None, None]:
        attempt = self._attempt(command)
        try:
            self._is_preparing = True
            try:
                prepared = yield from self._prepared(command)
            finally:
                self._is_preparing = False
            batches, staged, dead = yield from ShardRun(attempt, command, prepared).run()
        except AttemptFailed as failed:
            yield attempt.failed(failed)
            return
        epoch, digest = (self._weights.epoch, self._weights.digest) if self._weights else (0, "")
        yield ShardDone(command.job, command.shard.index, command.attempt, batches, staged, epoch, digest, dead)

    def _probe(self, command: ProbeShard) -> Generator[Report, None, None]:
        self._drop_ahead()
        attempt = self._attempt(command)
        with suppress(AttemptFailed):
            raw = self._read(attempt)
            self._probed = (command.shard, raw)  # the next command is about the same shard, as a rule
            yield from probe_shard(attempt, command, raw)
        yield ProbeDone(command.job, command.shard.index, command.attempt)

    def _prepared(self, command: RunShard) -> Generator[Report, None, Prepared]:
        """The rows of a shard: those that were read ahead, or read now."""
        if self._ahead is not None and self._ahead.command is command:
            ahead, self._ahead = self._ahead, None
            return ahead.result()
        self._drop_ahead()
        return (yield from self._prepare(command))

    def _prepare(self, command: RunShard) -> Generator[Report, None, Prepared]:
        """Read and prepare a shard; also in a thread."""
        attempt = self._attempt(command)
        care = next((care for care in command.cares if care.batch == PREPARE), None)
        return (yield from prepare(attempt, self._read(attempt), care, Losses(command.max_dead_rows)))

    def _read(self, attempt: Attempt) -> Columns:
        probed, self._probed = self._probed, None
        return probed[1] if probed is not None and probed[0] == attempt.shard else read(attempt, self._reader)
