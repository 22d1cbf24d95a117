"""Which columns of Parquet files miss values, and what follows: found out before the run, so that all shards agree.

Whole numbers with nulls become floats with NaN in the whole source, as in pandas. Booleans and lists have no such way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workers.errors import ColumnsError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_EXACT = 2**53  # whole numbers up to here are exact as float64


class ParquetNulls:
    """What the files of a source say of nulls, as a rule in their footers' statistics."""

    def __init__(self) -> None:
        self._missing: dict[str, str] = {}  # columns of whole numbers, and the first file that misses some
        self._large: dict[str, str] = {}  # the same, and what would lose digits as floats
        self._lists: set[str] = set()  # columns of lists that were looked into

    def look(self, path: str, file: pq.ParquetFile, schema: pa.Schema) -> None:
        """Look at the columns of a file.

        Args:
            path: What to call it.
            file: It, open.
            schema: Of the columns that are read; their types are carried.

        Raises:
            ColumnsError: Nulls that NumPy has no place for.
        """
        import pyarrow as pa
        from pyarrow import types as kinds

        from workers.arrow import is_whole

        for field in schema:
            if not field.nullable and not kinds.is_nested(field.type):
                continue
            if is_whole(field.type):
                self._look_at_numbers(path, file, field.name)
            elif kinds.is_boolean(field.type):
                if nulls := sum(_nulls(file, field.name)):
                    raise ColumnsError(
                        f"{path}: column {field.name!r} (bool) has {nulls} nulls, and NumPy has no place for them; "
                        "fill them first, or choose other columns with columns=[…]"
                    )
            elif kinds.is_nested(field.type) or isinstance(field.type, pa.BaseExtensionType):
                self._look_into_lists(path, file, field.name)

    def floats(self) -> tuple[str, ...]:
        """The columns of whole numbers that are to be read as float64.

        Raises:
            ColumnsError: One holds numbers that would lose digits.
        """
        for name, path in self._missing.items():
            if name in self._large:
                raise ColumnsError(
                    f"{path}: column {name!r} misses values, so all of it would become float64 with NaN, and "
                    f"{self._large[name]} would lose digits; fill the nulls first, or choose other columns with "
                    "columns=[…]"
                )
        return tuple(sorted(self._missing))

    def _look_at_numbers(self, path: str, file: pq.ParquetFile, name: str) -> None:
        if name not in self._missing and any(_nulls(file, name)):
            self._missing[name] = path
        for statistics in _statistics(file, name):
            if statistics is not None and statistics.has_min_max:
                for value in (statistics.min, statistics.max):
                    if abs(value) > _EXACT:
                        self._large.setdefault(name, f"{value} in {path}")

    def _look_into_lists(self, path: str, file: pq.ParquetFile, name: str) -> None:
        """Look into the first row group that may have nulls; workers find what is in later ones.

        For statistics, an empty list is a null too. To read all lists of all files here might take hours.
        """
        from workers.arrow import to_columns

        if name in self._lists:
            return
        for group, statistics in enumerate(_statistics(file, name)):
            if statistics is None or not statistics.has_null_count or statistics.null_count:
                self._lists.add(name)
                try:
                    to_columns(file.read_row_group(group, columns=[name], use_threads=False))
                except ColumnsError as error:
                    raise ColumnsError(
                        f"{path}: row group {group}: {error}, or choose other columns with columns=[…]"
                    ) from error
                return


def _nulls(file: pq.ParquetFile, name: str) -> Iterator[int]:
    """How many nulls a column has, row group by row group."""
    for group, statistics in enumerate(_statistics(file, name)):
        if statistics is not None and statistics.has_null_count:
            yield statistics.null_count
        else:
            batches = file.iter_batches(row_groups=[group], columns=[name], use_threads=False)
            yield sum(batch.column(0).null_count for batch in batches)


def _statistics(file: pq.ParquetFile, name: str) -> Iterator[Any]:
    """What the footer says of a column, row group by row group; None where it says nothing."""
    paths = [file.schema.column(index).path for index in range(len(file.schema))]
    index = next(index for index, path in enumerate(paths) if path == name or path.startswith(f"{name}."))
    for group in range(file.metadata.num_row_groups):
        yield file.metadata.row_group(group).column(index).statistics
