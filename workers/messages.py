"""What a driver and a worker say to each other, as data: commands go down, reports come back.

The same messages run over every backend. They are frozen dataclasses of plain values, arrays and tensors, packed by
`tensor.wire`, so that no pickle is read from a worker, and a marked tensor arrives marked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from tensor import Tensor, wire
from workers.batching import BatchPolicy
from workers.code import CodeRef
from workers.columns import Ragged
from workers.formats import CsvFormat, JsonlFormat, TextFormat
from workers.shards import MemoryFragment, NpyFragment, NpzFragment, ParquetFragment, RecordsFragment, Shard
from workers.sinks import JsonlSink, NpySink, ParquetSink, Sink
from workers.weights import HeldFile, SnapshotRef, WeightEntry

# --- data carried by both

Owner = Literal["user", "source", "storage"]


@dataclass(frozen=True)
class Failure:
    """What went wrong in a worker, as data: the driver shows it, and no exception object crosses a process.

    Attributes:
        where: What was running, as `Classify.__call__` or `reading rows.parquet`.
        type: The exception's type, as `ValueError`.
        message: Its text.
        line: `file:line` of the innermost line of the user's own code, empty when there is none.
        source: That line's text.
        traceback: The whole traceback, from the user's code on.
        owner: Whose fault it is: the user's code, the files that are read, or the place that is written to.
    """

    where: str
    type: str
    message: str
    line: str = ""
    source: str = ""
    traceback: str = ""
    owner: Owner = "user"


@dataclass(frozen=True)
class DeadRow:
    """A row that was given up.

    Attributes:
        row: Its number within the shard, from 0; within a `Care`, its position in the batch.
        failure: What happened when it was alone.
        attempts: How often it failed, together with others and alone.
    """

    row: int
    failure: Failure
    attempts: int


PREPARE = -1
"""In place of a batch's number: the call of the predictor's `prepare` on all of the shard's rows."""


@dataclass(frozen=True)
class Care:
    """How to run a batch that has ended workers.

    Attributes:
        batch: Its number, or `PREPARE`.
        pieces: What to call the predictor on, one piece after another: (start, stop) positions within the batch. They
            may leave rows out: those in `dead`.
        dead: The rows that end workers when they are alone.
    """

    batch: int
    pieces: tuple[tuple[int, int], ...]
    dead: tuple[DeadRow, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "pieces", tuple((start, stop) for start, stop in self.pieces))
        object.__setattr__(self, "dead", tuple(self.dead))


@dataclass(frozen=True)
class Stage:
    """Where and how an attempt writes its output.

    Attributes:
        prefix: What the names of its files begin with, a local path or a URL; they are `f"{prefix}{suffix}.staged"`.
        sink: In which format.
    """

    prefix: str
    sink: Sink


@dataclass(frozen=True)
class StagedFile:
    """A file that an attempt wrote under a temporary name.

    Attributes:
        path: Where, a local path or a URL.
        suffix: What its published name ends with, as `.parquet` or `.embedding.npy`.
        rows: How many rows.
        size_bytes: Of the file.
    """

    path: str
    suffix: str
    rows: int
    size_bytes: int


@dataclass(frozen=True)
class Staged:
    """All that an attempt wrote.

    Attributes:
        files: The files of its rows; none if it has no rows, as when all of them died.
        rows: How many rows.
        digest: sha256 of its canonical rows (see `workers.columns.digest_rows`), whatever the format.
        schema: JSON of the names and types of its columns, the same for every shard of a job; empty without files.
        dead: The file of its dead letters, if rows died.
    """

    files: tuple[StagedFile, ...]
    rows: int
    digest: str
    schema: str
    dead: StagedFile | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "files", tuple(self.files))


# --- commands


class Command:
    """From the driver to a worker."""


@dataclass(frozen=True)
class BuildPredictor(Command):
    """Build the predictor; the first command of an inference worker.

    Attributes:
        replica: The worker's name.
        code: The predictor's class.
        init: Its keyword arguments.
        weights: Its weights, or None to pass none.
    """

    replica: str
    code: CodeRef
    init: Mapping[str, Any]
    weights: SnapshotRef | None


@dataclass(frozen=True)
class RunShard(Command):
    """Run one attempt at a shard.

    Attributes:
        job: The job's id.
        shard: Which rows.
        attempt: Counts the tries at this shard, from 1.
        policy: How to cut batches.
        stage: Where to write the output; None to send every batch back instead.
        cares: How to run the batches that have ended workers.
        max_dead_rows: How many rows may be given up; one more, and the attempt fails with that row's error.
        origin: The job that the output's marks name, where `job` names only one run of it.
    """

    job: str
    shard: Shard
    attempt: int
    policy: BatchPolicy
    stage: Stage | None = None
    cares: tuple[Care, ...] = ()
    max_dead_rows: int = 0
    origin: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "cares", tuple(self.cares))


@dataclass(frozen=True)
class ProbeShard(Command):
    """Find out whether a worker lives through some batches of a shard; their output is dropped, errors are ignored.

    Attributes:
        job: The job's id.
        shard: The shard.
        attempt: As for `RunShard`; attempts and probes of a shard are counted together.
        policy: How batches are cut.
        cares: As for `RunShard`.
        batch: The first batch to run, or `PREPARE`.
        piece: Positions (start, stop) within that batch to run, and nothing else; None for the whole batch and all
            that come after it.
    """

    job: str
    shard: Shard
    attempt: int
    policy: BatchPolicy
    cares: tuple[Care, ...]
    batch: int
    piece: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "cares", tuple(self.cares))
        if self.piece is not None:
            start, stop = self.piece
            object.__setattr__(self, "piece", (start, stop))


@dataclass(frozen=True)
class CancelShard(Command):
    """Drop one attempt at a shard, or one probe, if it is not through; takes effect between batches."""

    job: str
    shard: int
    attempt: int

    def covers(self, command: Command) -> bool:
        """Whether `command` is what is to be dropped."""
        return isinstance(command, RunShard | ProbeShard) and (command.job, command.shard.index, command.attempt) == (
            self.job,
            self.shard,
            self.attempt,
        )


@dataclass(frozen=True)
class CancelJob(Command):
    """Drop what is left of a job; takes effect between batches."""

    job: str

    def covers(self, command: Command) -> bool:
        """Whether `command` belongs to what is to be dropped."""
        return getattr(command, "job", None) == self.job


@dataclass(frozen=True)
class SwapWeights(Command):
    """Build the predictor anew on other weights; the old one stays if that fails."""

    weights: SnapshotRef


@dataclass(frozen=True)
class BuildTrainer(Command):
    """Build the trainer; the first command of a training worker.

    Attributes:
        replica: The worker's name.
        code: The trainer's class.
        init: Its keyword arguments beside rank and world_size.
        weights: Its weights, or None to pass none.
        rank: This worker's.
        world_size: How many ranks there are.
        seed: For `tensor.manual_seed`, the same on all ranks.
    """

    replica: str
    code: CodeRef
    init: Mapping[str, Any]
    weights: SnapshotRef | None
    rank: int
    world_size: int
    seed: int


@dataclass(frozen=True)
class OpenData(Command):
    """Map the training rows that `ComputeGradients` will name.

    Attributes:
        shard: All of the rows.
    """

    shard: Shard


@dataclass(frozen=True)
class ComputeGradients(Command):
    """Forward and backward over some rows.

    Attributes:
        rows: Their indices, int64, shape (rows,).
    """

    rows: np.ndarray


@dataclass(frozen=True)
class ApplyGradients(Command):
    """Step the optimiser with the averaged gradients.

    Attributes:
        gradients: One array a parameter, in the model's order; None where no rank had one.
    """

    gradients: tuple[np.ndarray | None, ...]


@dataclass(frozen=True)
class LoadState(Command):
    """Take over rank 0's parameters and buffers."""

    state: Mapping[str, Tensor]


@dataclass(frozen=True)
class ReadState(Command):
    """Send the model's parameters and buffers back."""


@dataclass(frozen=True)
class DigestState(Command):
    """Send the digest of the model's parameters back."""


# --- reports


class Report:
    """From a worker to the driver."""


@dataclass(frozen=True)
class Ready(Report):
    """The predictor or trainer is built."""

    pid: int


@dataclass(frozen=True)
class BuildFailed(Report):
    """The user's `__init__` raised, or the class could not be found."""

    failure: Failure


@dataclass(frozen=True)
class WorkerExited(Report):
    """The worker is gone. Said by the backend, as the worker no longer can.

    Attributes:
        reason: For people: `killed by SIGKILL`, `exited with status 0`.
    """

    reason: str


@dataclass(frozen=True)
class BatchStarted(Report):
    """A batch, or a piece of one, goes into the predictor.

    Attributes:
        batch: Its number within the shard, from 0; `PREPARE` for the call of `prepare`.
        batches: How many the shard has; 0 where that is not known yet.
        start: The first position of the piece within the batch; 0 for a whole batch.
        stop: One past its last position.
        first_row: The lowest row of the piece within the shard.
        last_row: The highest row of the piece within the shard.
    """

    job: str
    shard: int
    attempt: int
    batch: int
    batches: int
    start: int
    stop: int
    first_row: int
    last_row: int


@dataclass(frozen=True)
class BatchDone(Report):
    """A batch came out of the predictor, whole, or `prepare` did.

    Attributes:
        batch: As in `BatchStarted`.
        rows: How many rows went in.
        columns: When the job streams its results: output rows in input order, as far as they are complete; with
            `BatchPolicy(sort_within=…)` that may be none yet, or those of several batches. Else None.
        graph_nodes: Nodes recorded for a backward pass while it ran: 0, or the contract is broken.
        start: First row within the shard that `columns` stand for; what comes before it was sent before.
        stop: One past the last of them.
        dead: The rows among them that were given up, and are not in `columns`.
    """

    job: str
    shard: int
    attempt: int
    batch: int
    rows: int
    columns: Mapping[str, Any] | None
    graph_nodes: int
    start: int = 0
    stop: int = 0
    dead: tuple[DeadRow, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "dead", tuple(self.dead))


@dataclass(frozen=True)
class ShardDone(Report):
    """All batches of an attempt are through.

    Attributes:
        batches: How many.
        staged: The file, when the job writes files.
        weights_epoch: Of the weights that made the output.
        weights_digest: Of the same; empty without weights.
        dead: The rows that were given up, in the order of the rows.
    """

    job: str
    shard: int
    attempt: int
    batches: int
    staged: Staged | None
    weights_epoch: int
    weights_digest: str
    dead: tuple[DeadRow, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "dead", tuple(self.dead))


@dataclass(frozen=True)
class ProbeDone(Report):
    """The worker lived through what it was to probe."""

    job: str
    shard: int
    attempt: int


@dataclass(frozen=True)
class ShardFailed(Report):
    """User code raised, or the rows could not be read.

    Attributes:
        failure: What.
        start: First row of the batch within the shard.
        stop: One past its last row.
    """

    job: str
    shard: int
    attempt: int
    failure: Failure
    start: int
    stop: int


@dataclass(frozen=True)
class WeightsSwapped(Report):
    """The predictor runs on other weights from now on."""

    epoch: int


@dataclass(frozen=True)
class SwapFailed(Report):
    """The user's `__init__` raised on the new weights; the old predictor stays."""

    failure: Failure


@dataclass(frozen=True)
class Gradients(Report):
    """One rank's part of a step.

    Attributes:
        rows: How many rows it covers; 0 when the batch had fewer rows than ranks.
        loss: The mean over those rows.
        gradients: One array a parameter, in the model's order; None where there is none.
    """

    rows: int
    loss: float
    gradients: tuple[np.ndarray | None, ...]


@dataclass(frozen=True)
class Done(Report):
    """A training command without another answer is through."""

    command: str


@dataclass(frozen=True)
class State(Report):
    """The model's parameters and buffers by name, or for `DigestState` the digest of the parameters alone."""

    digest: str = ""
    tensors: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingFailed(Report):
    """The user's training code raised."""

    failure: Failure


# --- how they travel

for _kind in (
    BatchPolicy,
    Care,
    CodeRef,
    CsvFormat,
    DeadRow,
    Failure,
    HeldFile,
    JsonlFormat,
    JsonlSink,
    MemoryFragment,
    NpyFragment,
    NpzFragment,
    NpySink,
    ParquetFragment,
    ParquetSink,
    Ragged,
    RecordsFragment,
    Shard,
    SnapshotRef,
    Stage,
    Staged,
    StagedFile,
    TextFormat,
    WeightEntry,
    *Command.__subclasses__(),
    *Report.__subclasses__(),
):
    wire.message(f"workers.{_kind.__name__}")(_kind)


def encode(message: Command | Report) -> list[memoryview]:
    """A message as the buffers of one frame, large arrays uncopied.

    Raises:
        tensor.wire.WireTypeError: It holds a value that cannot travel, as a predictor's `init` may.
    """
    return wire.pack(message)


def decode_command(frame: bytes | bytearray) -> Command:
    """The command in a frame; its arrays are read-only views on it."""
    command = wire.unpack(frame)
    if not isinstance(command, Command):
        raise wire.WireError(f"expected a command, got {type(command).__name__}")
    return command


def decode_report(frame: bytes | bytearray) -> Report:
    """The report in a frame; its arrays are read-only views on it, and its marked tensors are marked."""
    report = wire.unpack(frame)
    if not isinstance(report, Report):
        raise wire.WireError(f"expected a report, got {type(report).__name__}")
    return report
