"""Reading a job's results back: committed rows, in input order, marked inference-only."""

from __future__ import annotations

import os

import tensor
from cluster.errors import JobFolderError
from cluster.folder import JobFolder, Record, RecordFile
from cluster.gathered import Results, as_result
from tensor import marks
from workers.columns import Columns, concat_rows
from workers.staging import INFERENCE_ONLY_KEY, mark_of


def read_results(path: str | os.PathLike[str], *, partial: bool = False) -> Results:
    """Read what a job has written to its folder.

    Args:
        path: of the job folder.
        partial: whether the committed rows will do where the job is not complete.

    Returns:
        By column name: marked tensors; Ragged of marked values; object arrays of strings, and arrays of times, which no
        tensor holds. Empty if the job has no rows.

    Raises:
        JobFolderError: it is no job folder, the job is not complete, or a file is not what its record says.
    """
    folder = JobFolder.load(path)
    records = folder.committed()
    if len(records) < folder.shards and not partial:
        missing = [str(shard) for shard in range(folder.shards) if shard not in records]
        raise JobFolderError(
            f"{folder.path} holds {len(records)} of the {folder.shards} shards of {folder.job}; missing: "
            f"{', '.join(missing[:8])}{', …' if len(missing) > 8 else ''}. "
            "Run the job again to complete it, or read what there is with partial=True"
        )
    parts = [(record, file) for record in records.values() for file in record.files]
    if not parts:
        return {}
    read = [_read(folder, file) for _, file in parts]
    jobs = {job for _, job in read}
    with tensor.inference_mode(), marks.origin(job=jobs.pop() if len(jobs) == 1 else None, rows=_rows_of(parts)):
        return {name: as_result(column) for name, column in concat_rows([columns for columns, _ in read]).items()}


def _read(folder: JobFolder, file: RecordFile) -> tuple[Columns, str | None]:
    """The rows of a committed file, and the job that its mark names."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from workers.arrow import to_columns

    path = folder.path / file.name
    try:
        with folder.open_data(file) as opened, pq.ParquetFile(opened) as parquet:
            # Not in Arrow's threads: they hold this Python file, and may let go of it while the interpreter ends.
            table = parquet.read(use_threads=False)
    except (OSError, pa.ArrowException) as error:
        raise JobFolderError(
            f"{path} cannot be read, although its shard is committed: {error}. Put the file back, or run the job "
            "again, which says how to have it computed anew"
        ) from error
    if table.num_rows != file.rows:
        raise JobFolderError(
            f"{path} has {table.num_rows} rows, its record says {file.rows}; it was changed afterwards"
        )
    mark = mark_of(table.schema)
    if mark is None:
        raise JobFolderError(
            f"{path} has no {INFERENCE_ONLY_KEY.decode()!r} in its metadata, so shoal did not write it; "
            "a tool that rewrites Parquet files has to keep their metadata"
        )
    return to_columns(table), mark.job


def _rows_of(parts: list[tuple[Record, RecordFile]]) -> tuple[marks.RowRange, ...]:
    """Which rows of the whole came from which shard and replica."""
    ranges, start = [], 0
    for record, file in parts:
        ranges.append(marks.RowRange(start, start + file.rows, shard=record.shard, replica=record.replica))
        start += file.rows
    return tuple(ranges)
