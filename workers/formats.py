"""How the records of a file of lines are read: all that planning found out, so that every part is read alike.

Column types are names of Arrow types (see `workers.readers.types`). They are settled before the run, from the start of
the first file or by the user, and so do not depend on which part of a file a worker reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

ColumnTypes: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TextFormat:
    """One row a line.

    Attributes:
        column: The name of the one column.
    """

    column: str


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonlFormat:
    """One row a line, which holds a JSON object; blank lines are none.

    Attributes:
        columns: The columns to read, with their types.
        floats: Which of these are float64 because some of their whole numbers are missing; none may lose digits so.
        others: Whether objects may have other keys, which are skipped.
    """

    columns: ColumnTypes
    others: bool
    floats: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple((name, kind) for name, kind in self.columns))
        object.__setattr__(self, "floats", tuple(self.floats))


@dataclass(frozen=True, kw_only=True, slots=True)
class CsvFormat:
    """One row a record, which ends with a line, or goes on after it inside quotes; empty lines are none.

    Attributes:
        names: The names of all columns of the file, in its order.
        columns: The columns to read, with their types.
        floats: Which of these are float64 because some of their whole numbers are missing; none may lose digits so.
        delimiter: Between values.
        quote_char: Around values that hold delimiters or line ends; empty where quotes mean nothing.
    """

    names: tuple[str, ...]
    columns: ColumnTypes
    delimiter: str
    quote_char: str
    floats: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        object.__setattr__(self, "columns", tuple((name, kind) for name, kind in self.columns))
        object.__setattr__(self, "floats", tuple(self.floats))


RecordFormat: TypeAlias = TextFormat | JsonlFormat | CsvFormat
