"""What a finished job or training run says of itself."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from cluster.words import counted


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What `Pool.run` did.

    Attributes:
        job: The job's id.
        output: The folder.
        rows: Rows of output that are committed, earlier runs included.
        dead_rows: Rows of input that were given up, earlier runs included; see `read_dead_letters`.
        shards: Shards committed, earlier runs included.
        resumed_shards: Shards that an earlier run had committed, and that were not read again.
        resumed_rows: Their rows.
        batches: Forward calls in this run.
        attempts: Shards dispatched in this run; above `shards - resumed_shards` when some were tried again.
        probes: How often a worker was used to find out what ends workers.
        workers_lost: Workers that ended by themselves in this run.
        graph_nodes: Nodes recorded for a backward pass while predicting: 0, or the inference contract is broken.
        training_copies: Calls of `tensor.as_training_data` in this process so far.
        started_at: When this run began, as ISO 8601.
        seconds: From the start of this run to its end.
        first_batch_s: From the start of this run to its first batch; None when there was nothing to do.
        digest: sha256 over the output rows' digests in order: equal for equal rows. Empty where the job is not through.
        predictor: Its name.
        version: Of its code: what the user named, or the digest of its source.
        weights_digest: Of the weights; empty without weights.
        numerics: The numerics profile.
        backend: Where the replicas ran.
        versions: Of Python and the libraries, in the driver.
        private_bytes: Memory of its own that each replica had at the end, without mapped weights.
    """

    job: str
    output: str
    rows: int
    dead_rows: int
    shards: int
    resumed_shards: int
    resumed_rows: int
    batches: int
    attempts: int
    probes: int
    workers_lost: int
    graph_nodes: int
    training_copies: int
    started_at: str
    seconds: float
    first_batch_s: float | None
    digest: str
    predictor: str
    version: str
    weights_digest: str
    numerics: Mapping[str, str | int]
    backend: str
    versions: Mapping[str, str]
    private_bytes: Mapping[str, int]

    @property
    def rows_per_s(self) -> float:
        """Rows of this run, without those of earlier ones, over its seconds."""
        return (self.rows - self.resumed_rows) / self.seconds if self.seconds else 0.0

    def __str__(self) -> str:
        lines = [f"{counted(self.rows, 'row')} in {counted(self.shards, 'shard')}, in {self.output}"]
        if self.resumed_shards:
            lines.append(f"{self.seconds:.2f} s; {counted(self.resumed_shards, 'shard')} had been committed before")
        elif self.first_batch_s is None:
            lines.append(f"{self.seconds:.2f} s")
        else:
            speed = f"{self.rows_per_s:,.0f} rows/s, first batch after {self.first_batch_s:.2f} s"
            lines.append(f"{self.seconds:.2f} s, {speed}")
        if self.dead_rows:
            lines.append(f"{given_up(self.dead_rows)}; read_dead_letters({self.output!r}) has what there is to know")
        if self.workers_lost:
            were = "was" if self.workers_lost == 1 else "were"
            lines.append(f"{counted(self.workers_lost, 'worker')} {were} lost and replaced")
        lines.append(f"digest {self.digest}")
        lines += [f"{name}: {size / 2**20:.0f} MiB of private memory" for name, size in self.private_bytes.items()]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return asdict(self)


def given_up(dead_rows: int) -> str:
    """How many rows were given up, in words."""
    return f"{counted(dead_rows, 'row')} {'was' if dead_rows == 1 else 'were'} given up"


def versions() -> dict[str, str]:
    """Of Python and of the libraries that decide what a job computes and writes, in this process."""
    found = {"python": platform.python_version()}
    for name in ("shoal", "numpy", "pyarrow", "ray"):
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


@dataclass(frozen=True, kw_only=True)
class FitReport:
    """What `TrainingPool.fit` did.

    Attributes:
        losses: Mean loss of each epoch, weighted by rows.
        steps: Optimiser steps.
        rows: Rows seen, over all epochs.
        world_size: Ranks.
        seconds: From the first step to the last.
        digest: sha256 of the parameters, equal on all ranks.
    """

    losses: tuple[float, ...]
    steps: int
    rows: int
    world_size: int
    seconds: float
    digest: str

    @property
    def rows_per_s(self) -> float:
        """Rows per second, over all ranks."""
        return self.rows / self.seconds if self.seconds else 0.0
