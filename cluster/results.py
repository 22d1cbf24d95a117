"""Reading a job's results back: committed rows, in input order, marked inference-only; and the rows it gave up."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

import tensor
from cluster.errors import JobFolderError
from cluster.folder import JobFolder, Record, RecordFile
from cluster.gathered import Results, as_result
from tensor import marks
from workers.columns import Columns, concat_rows, row_count
from workers.dead_letters import DeadLetter
from workers.dead_letters import read_dead_letters as read_file_of_dead_letters
from workers.sinks.reading import read_files
from workers.storage import join


def read_results(path: str | os.PathLike[str], *, partial: bool = False) -> Results:
    """Read what a job has written.

    Args:
        path: The job's folder: a path, or a URL as `s3://bucket/out`.
        partial: Whether the committed rows will do where the job is not complete.

    Returns:
        By column name: marked tensors; Ragged of marked values; object arrays of strings, and arrays of times, which no
        tensor holds. Empty if the job has no rows.

    Raises:
        JobFolderError: It is no job folder, the job is not complete, or a file is not what its record says.
        UsageError: It is a URL of no store that shoal knows.
    """
    folder = JobFolder.load(path)
    records = folder.committed()
    if len(records) < folder.shards and not partial:
        missing = [str(shard) for shard in range(folder.shards) if shard not in records]
        raise JobFolderError(
            f"{folder.place} holds {len(records)} of the {folder.shards} shards of {folder.job}; missing: "
            f"{', '.join(missing[:8])}{', …' if len(missing) > 8 else ''}. "
            "Run the job again to complete it, or read what there is with partial=True"
        )
    with_rows = [record for record in records.values() if record.files]
    if not with_rows:
        return {}
    read = [_read(folder, record) for record in with_rows]
    jobs = {job for _, job in read}
    with tensor.inference_mode(), marks.origin(job=jobs.pop() if len(jobs) == 1 else None, rows=_rows_of(with_rows)):
        return {name: as_result(column) for name, column in concat_rows([columns for columns, _ in read]).items()}


def read_dead_letters(path: str | os.PathLike[str]) -> list[DeadLetter]:
    """Read which rows a job has given up, and why.

    The same is in `_shoal/dead_letters/*.parquet` for other tools to read.

    Args:
        path: The job's folder, complete or not: a path, or a URL.

    Returns:
        One entry a row, in input order.

    Raises:
        JobFolderError: It is no job folder, or a file is not what its record says.
        UsageError: It is a URL of no store that shoal knows.
    """
    folder = JobFolder.load(path)
    letters: list[DeadLetter] = []
    for record in folder.committed().values():
        if record.dead is not None:
            with _readable(folder, [record.dead]), folder.open_data(record.dead) as file:
                letters += read_file_of_dead_letters(file)
    return letters


def _read(folder: JobFolder, record: Record) -> tuple[Columns, str | None]:
    """The rows of a committed shard, and the job that computed them."""
    names = ", ".join(join(folder.place, file.name) for file in record.files)
    with _readable(folder, record.files), ExitStack() as opened:
        files = {record.suffix_of(file): opened.enter_context(folder.open_data(file)) for file in record.files}
        columns, origin = read_files(files, record.schema)
    rows = row_count(columns)
    if rows != record.rows:
        raise JobFolderError(f"{names} has {rows} rows, its record says {record.rows}; it was changed afterwards")
    if origin is None and ".parquet" in files:
        raise JobFolderError(
            f"{names} has no 'shoal.inference_only' in its metadata, so shoal did not write it; "
            "a tool that rewrites Parquet files has to keep their metadata"
        )
    return columns, folder.job if origin is None else origin.job


@contextmanager
def _readable(folder: JobFolder, files: Iterable[RecordFile]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        names = ", ".join(join(folder.place, file.name) for file in files)
        raise JobFolderError(
            f"{names} cannot be read, although its shard is committed: {error}. Put the file back, or run the job "
            "again, which says how to have it computed anew"
        ) from error


def _rows_of(records: Iterable[Record]) -> tuple[marks.RowRange, ...]:
    """Which rows of the whole came from which shard and replica."""
    ranges, start = [], 0
    for record in records:
        ranges.append(marks.RowRange(start, start + record.rows, shard=record.shard, replica=record.replica))
        start += record.rows
    return tuple(ranges)
