"""Parquet files as a source."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cluster.errors import UsageError
from cluster.sources.base import FileSource, FragmentRows
from cluster.sources.choice import checked_choice
from cluster.sources.files import file_fields, find_files, reaching
from cluster.sources.hive import Partition, partitions_of
from cluster.sources.parquet_nulls import ParquetNulls
from workers import storage
from workers.errors import ColumnsError
from workers.shards import ParquetFragment
from workers.sinks.marking import mark_of

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tensor import Origin


class ParquetSource(FileSource):
    """One or more Parquet files; each of their row groups is a fragment.

    Whole numbers of which the files miss some become float64 with NaN, in all of the source.

    Args:
        path: A file, a folder (with all .parquet and .pq files in it and its folders), or a pattern such as
            "data/2024-*.parquet"; in the order of their names, without names that start with "_" or ".". Local or a URL
            such as "s3://bucket/data/".
        columns: Names of the columns to read; None means all.
        hive: Whether folders such as `year=2024` make columns, of whole numbers where all values are such, else of
            strings.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceError: The files cannot be reached.
        UsageError: A file is not Parquet, lacks a column, or has other columns than the first.
        ColumnsError: A column has a type that shoal does not carry, or nulls where NumPy has no place for them.
    """

    def __init__(
        self, path: str | os.PathLike[str], columns: Sequence[str] | None = None, *, hive: bool = True
    ) -> None:
        wanted = checked_choice(columns)
        found = find_files(path, (".parquet", ".pq"))
        partitions = partitions_of(found) if hive else [()] * len(found.files)
        nulls = ParquetNulls()
        row_groups: list[tuple[dict[str, Any], Sequence[int]]] = []
        mark: Origin | None = None
        first: pa.Schema | None = None
        for file, partition in zip(found.files, partitions, strict=True):
            with _opened(file.place) as parquet:
                schema = parquet.schema_arrow
                _check_apart(file.place, schema, partition)
                in_file, in_folders = _divided(wanted, file.place, schema, partition)
                if in_file is not None:
                    schema = schema.empty_table().select(in_file).schema.with_metadata(schema.metadata)
                mark = mark or mark_of(schema)
                if first is None:
                    _check_types(file.place, schema)
                    first = schema
                _check_same(found.files[0].place, first, file.place, schema)
                nulls.look(file.place, parquet, schema)
                row_groups.append(
                    ({"columns": in_file, "partition": in_folders, **file_fields(file)}, _row_counts(parquet))
                )
        floats = nulls.floats()
        super().__init__(
            [listed for fields, row_counts in row_groups for listed in _fragments(fields, row_counts, floats)],
            {
                "kind": "parquet",
                "columns": None if wanted is None else list(wanted),
                "hive": [name for name, _ in partitions[0]],
                "files": found.identity(),
            },
            mark,
        )


def _fragments(fields: dict[str, Any], row_counts: Sequence[int], floats: tuple[str, ...]) -> Iterator[FragmentRows]:
    """Those of one file."""
    first_row = 0
    for row_group, rows in enumerate(row_counts):
        yield FragmentRows(ParquetFragment(row_group=row_group, floats=floats, first_row=first_row, **fields), rows)
        first_row += rows


@contextmanager
def _opened(path: str) -> Iterator[pq.ParquetFile]:
    """A file, to look at its footer."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with reaching(), storage.open_input(path) as file:
        try:
            with pq.ParquetFile(file) as parquet:
                yield parquet
        except pa.ArrowException as error:
            raise UsageError(f"{path} is not a Parquet file that can be read: {error}") from error


def _row_counts(parquet: pq.ParquetFile) -> list[int]:
    metadata = parquet.metadata
    return [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]


def _divided(
    wanted: tuple[str, ...] | None, path: str, schema: pa.Schema, partition: Partition
) -> tuple[tuple[str, ...] | None, Partition]:
    """Which columns to read of the file, and which of its folders."""
    if wanted is None:
        return None, partition
    there = [*schema.names, *(name for name, _ in partition)]
    missing = [name for name in wanted if name not in there]
    if missing:
        raise UsageError(f"{path} has no column {', '.join(map(repr, missing))}; it has {', '.join(there)}")
    in_folders = tuple((name, value) for name, value in partition if name in wanted)
    return tuple(name for name in wanted if name in schema.names), in_folders


def _check_apart(path: str, schema: pa.Schema, partition: Partition) -> None:
    both = [name for name, _ in partition if name in schema.names]
    if both:
        raise UsageError(
            f"{path} has the column {', '.join(map(repr, both))} in the file and in the name of a folder; "
            "ParquetSource(…, hive=False) takes the file's"
        )


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
