"""One attempt at a shard, or one probe of it: who makes it, and what all of its reports have in common."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import tensor
from tensor import autograd, marks
from workers.batching import Batch
from workers.failures import Step, failure_of, naming_columns
from workers.messages import BatchDone, BatchStarted, DeadRow, Failure, ProbeShard, RunShard, ShardFailed
from workers.pieces import own_rows
from workers.ragged import Array
from workers.shards import Shard


class AttemptFailed(Exception):
    """The attempt is over: what went wrong, and on which rows of the shard."""

    def __init__(self, failure: Failure, start: int, stop: int) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.start = start
        self.stop = stop


@contextmanager
def during(step: Step, start: int, stop: int) -> Iterator[None]:
    """Have an error inside end the attempt.

    Args:
        step: What is being done.
        start: The first row of the shard that it is done with.
        stop: One past the last one.

    Raises:
        AttemptFailed: There was an error.
    """
    try:
        yield
    except AttemptFailed:
        raise
    except Exception as error:
        raise AttemptFailed(failure_of(error, step), start, stop) from error


class Losses:
    """The rows that an attempt gave up.

    Args:
        most: How many there may be; None for any number.
    """

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._rows: dict[int, DeadRow] = {}

    def add(self, dead: DeadRow) -> None:
        """Give a row up.

        Raises:
            AttemptFailed: That is one too many.
        """
        self._rows[dead.row] = dead
        if self._most is not None and len(self._rows) > self._most:
            raise AttemptFailed(dead.failure, dead.row, dead.row + 1)

    def between(self, start: int, stop: int) -> tuple[DeadRow, ...]:
        """Those from row `start` to row `stop`, in the order of the rows."""
        return tuple(self._rows[row] for row in sorted(self._rows) if start <= row < stop)

    def all(self) -> tuple[DeadRow, ...]:
        """All of them, in the order of the rows."""
        return tuple(self._rows[row] for row in sorted(self._rows))


@dataclass(frozen=True)
class Attempt:
    """Who tries what.

    Attributes:
        job: The job's id, in reports.
        origin: The job that marks name.
        shard: The shard.
        number: Of the attempt.
        replica: The worker's name.
        predictor: Its predictor.
        name: Of the predictor's class.
    """

    job: str
    origin: str
    shard: Shard
    number: int
    replica: str
    predictor: Any
    name: str

    @classmethod
    def at(cls, command: RunShard | ProbeShard, *, replica: str, predictor: Any, name: str) -> Attempt:
        """What a command asks for."""
        origin = command.origin if isinstance(command, RunShard) else None  # what a probe makes is dropped
        return cls(command.job, origin or command.job, command.shard, command.attempt, replica, predictor, name)

    @property
    def reading(self) -> Step:
        """The step of reading the rows."""
        return Step("source", f"reading {self.shard.fragment.place}")

    @property
    def preparing(self) -> Step:
        """The step of the predictor's `prepare`."""
        return Step("user", f"{self.name}.prepare")

    @property
    def calling(self) -> Step:
        """The step of the predictor's `__call__`."""
        return Step("user", f"{self.name}.__call__")

    @contextmanager
    def inference(self) -> Iterator[None]:
        """The mode in which everything of the user's runs, and everything that is done with what it returned."""
        with (
            tensor.inference_mode(),
            marks.origin(job=self.origin, shard=self.shard.index, replica=self.replica),
        ):
            yield

    def call(self, method: Any, columns: Mapping[str, Any], batch: Batch) -> tuple[object, int]:
        """Call one of the predictor's methods on some rows.

        Returns:
            What it returned, and how many graph nodes were made on the way (R16).
        """
        with self.inference(), autograd.counting_nodes() as counted, naming_columns(columns):
            returned = method(own_rows(columns, batch))
        return returned, counted.nodes

    def started(self, batch: int, batches: int, piece: tuple[int, int], rows: range | Array) -> BatchStarted:
        """A piece of a batch goes into the predictor.

        Args:
            batch: The batch's number.
            batches: How many there are.
            piece: Its positions (start, stop) in the batch.
            rows: The numbers of the batch's rows within the shard.
        """
        start, stop = piece
        first, last = extent(rows[start:stop])
        return BatchStarted(self.job, self.shard.index, self.number, batch, batches, start, stop, first, last)

    def done(
        self,
        batch: int,
        rows: int,
        graph_nodes: int,
        columns: Mapping[str, Any] | None = None,
        covers: tuple[int, int] = (0, 0),
        dead: tuple[DeadRow, ...] = (),
    ) -> BatchDone:
        """A whole batch came out of the predictor; arguments as of `BatchDone`."""
        return BatchDone(self.job, self.shard.index, self.number, batch, rows, columns, graph_nodes, *covers, dead)

    def failed(self, error: AttemptFailed) -> ShardFailed:
        """The attempt is over."""
        return ShardFailed(self.job, self.shard.index, self.number, error.failure, error.start, error.stop)


def extent(rows: range | Array) -> tuple[int, int]:
    """The lowest and the highest of some (at least one) row numbers."""
    if isinstance(rows, range):
        return rows[0], rows[-1]
    return int(rows.min()), int(rows.max())
