"""`[source]` of a job file: where the rows come from."""

from __future__ import annotations

import inspect
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from cluster.errors import UsageError
from cluster.sources import CsvSource, JsonlSource, NpySource, NpzSource, ParquetSource, Source, TextSource
from cluster.sources.choose import FileKind, kind_by_name, kind_of_path

_FORMATS: dict[str, FileKind] = {
    "parquet": ParquetSource,
    "npy": NpySource,
    "npz": NpzSource,
    "csv": CsvSource,
    "jsonl": JsonlSource,
    "text": TextSource,
}


class SourceTable(BaseModel):
    """`[source]`: where the rows come from.

    Attributes:
        path: A file, a folder or a pattern, local or a URL.
        format: What the files are; by default their extension says it.
        column: The name of the one column of .npy and text files.
        columns: The columns to read; by default all.
        column_names, types, delimiter, quote_char: As for `CsvSource`; an empty `quote_char` where quotes mean nothing.
        hive: Whether folders such as `year=2024` make columns of Parquet files.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    path: str
    format: Literal["parquet", "npy", "npz", "csv", "jsonl", "text"] | None = None
    column: str | None = None
    columns: list[str] | None = None
    column_names: list[str] | None = None
    types: dict[str, str] | None = None
    delimiter: str | None = None
    quote_char: str | None = None
    hive: bool | None = None

    @model_validator(mode="after")
    def _applies(self) -> SourceTable:
        kind = _FORMATS[self.format] if self.format is not None else kind_by_name(self.path)
        if kind is not None:
            self._check_options(kind)
        return self

    def source(self) -> Source:
        """The source that the table describes.

        Raises:
            UsageError: The files are of a kind that has no such option; and see the source's own errors.
        """
        kind = _FORMATS[self.format] if self.format is not None else kind_of_path(self.path)
        try:
            self._check_options(kind)
        except ValueError as error:
            raise UsageError(f"[source] {error}") from None
        return kind(self.path, **self._options)

    @property
    def _options(self) -> dict[str, Any]:
        return self.model_dump(exclude={"path", "format"}, exclude_none=True)

    def _check_options(self, kind: FileKind) -> None:
        known = list(inspect.signature(kind).parameters)[1:]
        for option in self._options:
            if option not in known:
                raise ValueError(
                    f"{option!r} does not apply to {self.path}, which is read as {_name_of(kind)}; the options are "
                    f"{', '.join(known)}"
                )


def _name_of(kind: FileKind) -> str:
    return next(name for name, known in _FORMATS.items() if known is kind)
