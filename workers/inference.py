"""The inference worker: one predictor, built once, every batch inside `inference_mode`.

It knows nothing of processes or sockets: `handle` turns one command into reports, one at a time, so the same class
serves a thread, a child process and an actor. Whoever drives it may stop between two reports.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import tensor
from tensor import Tensor, autograd, marks
from workers.batching import cut_batches
from workers.columns import Columns, Ragged, row_count, slice_rows
from workers.errors import ColumnsError, PredictorError
from workers.failures import failure_of, naming_columns
from workers.messages import (
    BatchDone,
    BatchStarted,
    BuildFailed,
    BuildPredictor,
    CancelJob,
    Command,
    Ready,
    Report,
    RunShard,
    ShardDone,
    ShardFailed,
    SwapFailed,
    SwapWeights,
    WeightsSwapped,
)
from workers.reading import read_shard
from workers.schema import schema_of
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
        try:
            self._predictor = self._build(self._weights)
        except Exception as error:
            return BuildFailed(failure_of(error, f"{self._code.name}.__init__"))
        return Ready(pid=os.getpid())

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

    def _build(self, weights: SnapshotRef | None) -> Any:
        with tensor.inference_mode(), marks.origin(replica=self._replica):
            arguments = {} if weights is None else {"weights": weights.tensors()}
            predictor = self._code.resolve()(**arguments, **self._init)
        if not callable(predictor):
            raise PredictorError(f"{self._code.name} has no __call__(self, batch), so it cannot predict")
        return predictor

    def _swap(self, weights: SnapshotRef) -> Report:
        try:
            self._predictor = self._build(weights)
        except Exception as error:
            return SwapFailed(failure_of(error, f"{self._code.name}.__init__"))
        self._weights = weights
        return WeightsSwapped(epoch=weights.epoch)

    def _run(self, command: RunShard) -> Generator[Report, None, None]:
        shard, attempt = command.shard, command.attempt
        start, stop = 0, shard.rows
        writer = None if command.stage is None else StagedWriter(Path(command.stage), job=command.job)
        where = f"reading {shard.fragment.path}"
        try:
            rows = read_shard(shard)
            where = f"{self._code.name}.prepare"
            rows = self._prepare(rows, command)
            batches = cut_batches(shard.rows, command.policy)
            where = f"{self._code.name}.__call__"
            for index, (start, stop) in enumerate(batches):
                yield BatchStarted(command.job, shard.index, attempt, index)
                output, graph_nodes = self._predict(slice_rows(rows, start, stop), command)
                if writer is not None:
                    writer.write(output)
                streamed = output if writer is None else None
                yield BatchDone(command.job, shard.index, attempt, index, stop - start, streamed, graph_nodes)
            staged = None if writer is None else writer.finish()
        except Exception as error:
            yield ShardFailed(command.job, shard.index, attempt, failure_of(error, where), start, stop)
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
        with self._inference(command), naming_columns(rows):
            prepared = dict(prepare(rows))
        _check_rows(prepared, command.shard.rows, f"{self._code.name}.prepare")
        return prepared

    def _predict(self, batch: Columns, command: RunShard) -> tuple[Columns, int]:
        """The batch's output, every number in it marked, and how many graph nodes were made on the way (R16)."""
        where = f"{self._code.name}.__call__"
        with self._inference(command):
            with autograd.counting_nodes() as counted, naming_columns(batch):
                output = self._predictor(batch)
            if not isinstance(output, Mapping):
                raise PredictorError(
                    f"{where} returned {type(output).__name__}; expected a dict of column name to array"
                )
            try:
                columns = {str(name): _marked(value, str(name)) for name, value in output.items()}
            except ColumnsError as error:
                raise PredictorError(f"{where} returned what shoal does not carry: {error}") from None
        _check_rows(columns, row_count(batch), where)
        return columns, counted.nodes

    @contextmanager
    def _inference(self, command: RunShard) -> Iterator[None]:
        with (
            tensor.inference_mode(),
            marks.origin(job=command.job, shard=command.shard.index, replica=self._replica),
        ):
            yield


def _marked(value: object, name: str) -> Any:
    """An output column as it leaves the worker: numbers as marked tensors, strings as they are."""
    match value:
        case Tensor():
            return value if value.is_inference() else value.detach()
        case Ragged():
            return Ragged(_marked(value.values, name), value.offsets)
        case np.ndarray() if value.dtype.kind in "biuf":
            return tensor.from_numpy(value)
        case np.ndarray() if value.dtype.kind in "OUS":
            strings = value.astype(object, copy=False)
            schema_of({name: strings})  # raises where they are no strings
            return strings
        case np.ndarray() if value.dtype.kind in "mM":
            return value  # no tensor holds times
        case np.ndarray():
            raise ColumnsError(f"column {name!r} is an array of {value.dtype}; convert it to numbers or strings")
        case _ if hasattr(value, "__array__") and hasattr(value, "shape"):  # another library's tensor
            return _marked(np.asarray(value), name)
    raise ColumnsError(f"column {name!r} is a {type(value).__name__}; expected a Tensor, a NumPy array or Ragged")


def _check_rows(columns: Columns, rows: int, where: str) -> None:
    try:
        returned = row_count(columns)
    except ColumnsError as error:
        raise PredictorError(f"{where} returned columns that do not fit together: {error}") from None
    if returned != rows:
        raise PredictorError(f"{where} got {rows} rows and returned {returned}; expected one row out for each row in")
