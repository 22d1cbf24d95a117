"""An inference worker driven by hand, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from workers.arrow import to_table
from workers.code import CodeRef
from workers.columns import Columns
from workers.inference import InferenceWorker
from workers.messages import BatchDone, BatchStarted, BuildPredictor, Command, Ready, Report, decode_report, encode
from workers.shards import MemoryFragment, Shard


def worker_of(predictor: type, **init) -> InferenceWorker:
    """A worker whose predictor is built."""
    worker = InferenceWorker(BuildPredictor("w0", CodeRef.of(predictor), init, None))
    assert isinstance(worker.start(), Ready)
    return worker


@contextmanager
def shards_of(columns: Columns, *, shard_rows: int) -> Iterator[list[Shard]]:
    """Shards of so many rows, in a file that is there as long as the block lasts."""
    table = to_table(columns)
    with TemporaryDirectory() as folder:
        path = Path(folder, "rows.arrow")
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        found = path.stat()
        fragment = MemoryFragment(path=str(path), digest="", size_bytes=found.st_size, mtime_ns=found.st_mtime_ns)
        starts = range(0, table.num_rows, shard_rows)
        yield [
            Shard(
                index=index,
                id=f"{index:06}",
                fragment=fragment,
                start=start,
                stop=min(start + shard_rows, table.num_rows),
            )
            for index, start in enumerate(starts)
        ]


@contextmanager
def shard_of(columns: Columns) -> Iterator[Shard]:
    """One shard of all of the rows."""
    with shards_of(columns, shard_rows=10**9) as (shard,):
        yield shard


def reports_of(worker: InferenceWorker, command: Command) -> list[Report]:
    """All that a worker says to a command; outputs are copied, as they would be on their way."""
    return [_travelled(report) for report in worker.handle(command)]


def calls_in(reports: list[Report]) -> list[tuple[int, int, int]]:
    """Every call of the predictor that was announced: batch, start, stop."""
    return [(report.batch, report.start, report.stop) for report in reports if isinstance(report, BatchStarted)]


def streamed(reports: list[Report], column: str) -> list[list]:
    """One output column, for each report that has some."""
    return [
        np.asarray(report.columns[column]).tolist()
        for report in reports
        if isinstance(report, BatchDone) and report.columns is not None
    ]


def _travelled(report: Report) -> Report:

    return decode_report(b"".join(encode(report)))
