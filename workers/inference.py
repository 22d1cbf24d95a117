"""The inference worker: one predictor, built once, every batch inside `inference_mode`.

It knows nothing of processes or sockets: `handle` turns one command into reports, one at a time, so the same class
serves a thread, a child process and an actor. Whoever drives it may stop between two reports.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tensor
from tensor import autograd, marks
from workers.batching import cut_batches
from workers.columns import Columns, row_count, slice_rows
from workers.errors import PredictorError
from workers.failures import Step, failure_of, naming_columns
from workers.messages import (
    BatchDone,
    BatchStarted,
    BuildFailed,
    BuildPredictor,
    CancelJob,
    Command,
    Failure,
    Ready,
    Report,
    RunShard,
    ShardDone,
    ShardFailed,
    SwapFailed,
    SwapWeights,
    WeightsSwapped,
)
from workers.outputs import OutputCheck, check_rows, checked_mapping
from workers.reading import read_shard
from workers.shards import MemoryFragment, Shard
from workers.staging import StagedWriter
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
            case SwapWeights(weights=weights):
                yield self._swap(weights)
            case CancelJob():
                pass  # what was running was stopped by whoever drives us
            case _:
                raise TypeError(f"an inference worker does not know {type(command).__name__}")

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

    def _run(self, command: RunShard) -> Generator[Report, None, None]:
        shard, attempt = command.shard, command.attempt
        start, stop = 0, shard.rows
        writer = None if command.stage is None else StagedWriter(Path(command.stage), job=command.job)
        reading = Step("source", f"reading {_place(shard)}")
        preparing = Step("user", f"{self._code.name}.prepare")
        calling = Step("user", f"{self._code.name}.__call__")
        staging = Step("storage", f"staging {command.stage}")
        check = OutputCheck(calling.where)
        step = reading
        try:
            rows = read_shard(shard)
            step = preparing
            rows = self._prepare(rows, command)
            batches = cut_batches(shard.rows, command.policy)
            for index, (start, stop) in enumerate(batches):
                step = calling
                yield BatchStarted(command.job, shard.index, attempt, index)
                output, graph_nodes = self._predict(slice_rows(rows, start, stop), command, check)
                if writer is not None:
                    step = staging
                    writer.write(output)
                streamed = output if writer is None else None
                yield BatchDone(command.job, shard.index, attempt, index, stop - start, streamed, graph_nodes)
            step = staging
            staged = None if writer is None else writer.finish()
        except Exception as error:
            if step is staging and isinstance(error, PredictorError):
                step = calling  # what cannot be stored is the predictor's
            yield ShardFailed(command.job, shard.index, attempt, failure_of(error, step), start, stop)
            return
        finally:
            if writer is not None:
                writer.discard()
        epoch, digest = (self._weights.epoch, self._weights.digest) if self._weights else (0, "")
        yield ShardDone(command.job, shard.index, attempt, len(batches), staged, epoch, digest)

    def _prepare(self, rows: Columns, command: RunShard) -> Columns:
        prepare = getattr(self._predictor, "prepare", None)
        if prepare is None:
            return rows
        where = f"{self._code.name}.prepare"
        with self._inference(command), naming_columns(rows):
            prepared = checked_mapping(prepare(rows), where)
        check_rows(prepared, command.shard.rows, where)
        return prepared

    def _predict(self, batch: Columns, command: RunShard, check: OutputCheck) -> tuple[Columns, int]:
        """The batch's output, every number in it marked, and how many graph nodes were made on the way (R16)."""
        with self._inference(command):
            rows = row_count(batch)  # before the predictor, which may change the dict
            with autograd.counting_nodes() as counted, naming_columns(batch):
                output = self._predictor(batch)
            return check.take(output, rows=rows), counted.nodes

    @contextmanager
    def _inference(self, command: RunShard) -> Iterator[None]:
        with (
            tensor.inference_mode(),
            marks.origin(job=command.job, shard=command.shard.index, replica=self._replica),
        ):
            yield


def _place(shard: Shard) -> str:
    return "the columns in memory" if isinstance(shard.fragment, MemoryFragment) else shard.fragment.path
