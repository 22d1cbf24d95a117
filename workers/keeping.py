"""Input columns that a sink carries along beside the output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.columns import Columns, take_rows
from workers.errors import ColumnsError, PredictorError
from workers.ragged import Array
from workers.sinks.options import ALL_COLUMNS


class KeptColumns:
    """The input columns to carry along.

    Args:
        raw: The rows of a shard as they were read.
        keep: Names of columns, or `ALL_COLUMNS`.
        where: What returns the output, as `Classify.__call__`.

    Raises:
        ColumnsError: The rows have no such column.
    """

    def __init__(self, raw: Columns, keep: Sequence[str], where: str) -> None:
        missing = [name for name in keep if name not in raw and name != ALL_COLUMNS]
        if missing:
            raise ColumnsError(
                f"the sink keeps the input column {missing[0]!r}, which is not there; the columns are: "
                f"{', '.join(map(repr, raw))}"
            )
        self._columns = {name: raw[name] for name in (raw if ALL_COLUMNS in keep else keep)}
        self._where = where

    def beside(self, output: Mapping[str, Any], rows: Array) -> dict[str, Any]:
        """The kept columns, then the output.

        Args:
            output: Columns.
            rows: The numbers of the shard's rows that it is for, int64.

        Raises:
            PredictorError: The output has a column of the same name.
        """
        if not self._columns:
            return dict(output)
        both = [name for name in output if name in self._columns]
        if both:
            raise PredictorError(
                f"{self._where} returned the column {both[0]!r}, and the sink keeps the input column of that name; "
                "return it under another name, or leave it out of keep"
            )
        return {**take_rows(self._columns, rows), **output}
