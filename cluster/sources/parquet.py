"""Parquet files as a source."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster.errors import SourceNotFoundError, UsageError
from cluster.paths import absolute
from cluster.sources.base import FileIdentity, FragmentRows
from workers.errors import ColumnsError
from workers.shards import ParquetFragment
from workers.staging import mark_of

if TYPE_CHECKING:
    import pyarrow as pa

    from tensor import Origin


class ParquetSource:
    """One or more Parquet files; each of their row groups is a fragment.

    Args:
        path: a file, a folder (its *.parquet files), or a pattern such as "data/2024-*.parquet"; in the order of their
            names, without names that start with "_" or ".".
        columns: names of the columns to read; None means all.

    Raises:
        SourceNotFoundError: there is no such file.
        UsageError: a file is not Parquet, lacks a column, or has other columns than the first.
        ColumnsError: a column has a type that shoal does not carry.
    """

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str] | None = None) -> None:
        if isinstance(columns, str):
            raise UsageError(f"columns must be a list of names, got the string {columns!r}; write [{columns!r}]")
        if columns is not None and not columns:
            raise UsageError("columns=[] leaves nothing to read; None reads all columns")
        self._columns = None if columns is None else tuple(columns)
        self._files = [FileIdentity.of(file) for file in _files(absolute(path))]
        self._fragments: list[FragmentRows] = []
        self._mark: Origin | None = None
        first: pa.Schema | None = None
        for file in self._files:
            schema, row_counts = _read_footer(file.path, self._columns)
            self._mark = self._mark or mark_of(schema)
            if first is None:
                _check_types(file.path, schema)
                first = schema
            _check_same(self._files[0].path, first, file.path, schema)
            self._fragments += [
                FragmentRows(ParquetFragment(row_group=row_group, columns=self._columns, **asdict(file)), rows)
                for row_group, rows in enumerate(row_counts)
            ]

    def fragments(self) -> list[FragmentRows]:
        """Return the row groups of all files."""
        return list(self._fragments)

    def identity(self) -> dict[str, Any]:
        """Return paths, sizes and times of the files, and the columns."""
        return {
            "kind": "parquet",
            "columns": None if self._columns is None else list(self._columns),
            "files": [asdict(file) for file in self._files],
        }

    def mark(self) -> Origin | None:
        """Return the job of the first file that a job has written, if any."""
        return self._mark

    def close(self) -> None:
        """Do nothing: the source holds nothing open."""


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found, looked_for = list(path.glob("*.parquet")), f"no *.parquet file in the folder {path}"
    elif path.exists() or not any(mark in str(path) for mark in "*?["):
        return [path]
    else:
        matches = glob(str(path), recursive=True)  # noqa: PTH207  (Path.glob takes no absolute patterns)
        found, looked_for = [Path(match) for match in matches], f"no file of the pattern {path}"
    files = sorted(file for file in found if file.name[0] not in "_." and file.is_file())
    if not files:
        raise SourceNotFoundError(f"there is {looked_for} (names that start with '_' or '.' do not count)")
    return files


def _read_footer(path: str, columns: tuple[str, ...] | None) -> tuple[pa.Schema, list[int]]:
    """The schema of the chosen columns, and the rows of each row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as parquet:
            schema, metadata = parquet.schema_arrow, parquet.metadata
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path} is not a Parquet file that can be read: {error}") from error
    if columns is not None:
        missing = [name for name in columns if name not in schema.names]
        if missing:
            raise UsageError(f"{path} has no column {', '.join(map(repr, missing))}; it has {', '.join(schema.names)}")
        schema = pa.schema([schema.field(name) for name in columns], metadata=schema.metadata)
    return schema, [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]


def _check_types(path: str, schema: pa.Schema) -> None:
    from workers.arrow import check_schema

    try:
        check_schema(schema)
    except ColumnsError as error:
        raise ColumnsError(f"{path}: {error}; columns=[…] chooses which to read") from error


def _check_same(first_path: str, first: pa.Schema, path: str, schema: pa.Schema) -> None:
    before = {field.name: str(field.type) for field in first}
    now = {field.name: str(field.type) for field in schema}
    differences = [
        f"{name!r} is {before.get(name, 'missing')} in the first and {now.get(name, 'missing')} in the second"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]
    if differences:
        raise UsageError(f"{first_path} and {path} do not hold the same columns: {'; '.join(differences)}")
