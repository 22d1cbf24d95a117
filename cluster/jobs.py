"""`Job`: a batch job as a file, `job.toml`."""

from __future__ import annotations

import difflib
import os
import reprlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cluster.errors import SourceNotFoundError, UsageError
from cluster.paths import absolute, expanded
from cluster.pool import Pool
from cluster.report import RunReport
from cluster.sources import NpySource, ParquetSource, Source
from cluster.working_dir import importing_from
from workers.batching import BatchPolicy


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BatchTable(_Table):
    """`[batch]`: how workers cut batches."""

    max_rows: int = Field(default=256, ge=1)


class SourceTable(_Table):
    """`[source]`: where the rows come from.

    Attributes:
        path: A .npy or Parquet file, a folder of Parquet files, or a pattern.
        column: The name of a .npy file's column; "data" by default.
        columns: The columns to read of Parquet files; all by default.
    """

    path: str
    column: str | None = None
    columns: list[str] | None = None

    @property
    def is_npy(self) -> bool:
        """Whether the path is a .npy file's; else Parquet is meant."""
        return self.path.endswith(".npy")

    @model_validator(mode="after")
    def _applies(self) -> SourceTable:
        if self.is_npy and self.columns is not None:
            raise ValueError(
                f"'columns' picks columns of Parquet files; {self.path} is one array: name it with 'column'"
            )
        if not self.is_npy and self.column is not None:
            raise ValueError(f"'column' names a .npy file's array; pick columns of {self.path} with 'columns', a list")
        return self


class Job(_Table):
    """A batch job: what `shoal run job.toml` runs.

        predictor = "predict:Classify"      # module:Class, importable from working_dir
        weights   = "model.safetensors"
        output    = "out/"
        replicas  = 2

        [source]
        path = "images.npy"
        column = "pixels"

        [init]
        normalize = true

        [batch]
        max_rows = 256

    Paths are relative to the job file's folder.

    Attributes:
        predictor: "module:Class".
        source: Where the rows come from; a plain string is its path.
        output: The folder to write to, or to resume.
        weights: A safetensors file.
        init: Keyword arguments of the predictor.
        batch: How batches are cut.
        working_dir: The folder that the predictor's module is imported from, while the job runs.
        replicas: Workers; by default one per core.
        backend: Where they run.
        max_attempts: Workers that may die on one shard before the job gives up.
        shard_rows: The size of shards, in rows; by default it follows from the source.
        version: Stands for the predictor's code when the job is resumed.
    """

    predictor: str
    source: SourceTable
    output: str
    weights: str | None = None
    init: dict[str, Any] = Field(default_factory=dict)
    batch: BatchTable = Field(default_factory=BatchTable)
    working_dir: str = "."
    replicas: int | None = Field(default=None, ge=1)
    backend: Literal["local", "inline"] = "local"
    max_attempts: int = Field(default=3, ge=1)
    shard_rows: int | None = Field(default=None, ge=1)
    version: str | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], **overrides: Any) -> Job:
        """Read a job file.

        Args:
            path: The TOML file.
            overrides: Fields to use in place of the file's; None leaves the file's.

        Raises:
            FileNotFoundError: There is no such file.
            UsageError: It is not TOML, or a key in it is unknown, missing or wrong.
        """
        file = Path(path).resolve()
        if not file.is_file():
            raise SourceNotFoundError(f"there is no job file {file}")
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file}: not a TOML file: {error}") from None
        values |= {name: value for name, value in overrides.items() if value is not None}
        try:
            job = cls(**values)
        except ValidationError as error:
            problems = "\n".join(f"  {_problem(dict(item))}" for item in error.errors())
            raise UsageError(f"{file}: this job cannot run:\n{problems}") from None
        return job._resolved(file.parent)

    def run(self, *, progress: bool | None = None) -> RunReport:
        """Run the job to its end, or go on with it; see `Pool.run`."""
        with (
            importing_from(absolute(self.working_dir), self.predictor),
            Pool(
                self.predictor,
                weights=self.weights,
                init=self.init,
                replicas=self.replicas,
                backend=self.backend,
                max_attempts=self.max_attempts,
                version=self.version,
            ) as pool,
        ):
            return pool.run(
                self._source(),
                self.output,
                batch=BatchPolicy(max_rows=self.batch.max_rows),
                shard_rows=self.shard_rows,
                progress=progress,
            )

    def _source(self) -> Source:
        if self.source.is_npy:
            return NpySource(self.source.path, self.source.column or "data")
        return ParquetSource(self.source.path, self.source.columns)

    def _resolved(self, folder: Path) -> Job:
        def resolve(path: str) -> str:
            return str(folder / expanded(path))

        return self.model_copy(
            update={
                "source": self.source.model_copy(update={"path": resolve(self.source.path)}),
                "output": resolve(self.output),
                "weights": None if self.weights is None else resolve(self.weights),
                "working_dir": resolve(self.working_dir),
            }
        )


_TABLES: dict[str, type[BaseModel]] = {"source": SourceTable, "batch": BatchTable}


def _problem(error: Mapping[str, Any]) -> str:
    """One line on one key; for an unknown key, the known ones."""
    *tables, key = (str(part) for part in error["loc"])
    place = ".".join([*tables, key])
    if error["type"] == "missing":
        return f"{place}: missing"
    if error["type"] == "value_error":  # ours
        return f"{place}: {error['ctx']['error']}"
    if error["type"] != "extra_forbidden":
        return f"{place}: expected {_expected(place, error)}, got {reprlib.repr(error['input'])}"
    table = _TABLES[tables[-1]] if tables else Job
    close = difflib.get_close_matches(key, table.model_fields, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"the keys here are {', '.join(table.model_fields)}"
    return f"{place}: unknown key; {hint}"


def _expected(place: str, error: Mapping[str, Any]) -> str:
    """What belongs in a key, in a job file's words rather than pydantic's."""
    if place == "source":
        return "a path or a table"
    match error["type"]:
        case "int_type" | "int_from_float":
            return "a whole number"
        case "string_type":
            return "a string"
        case "list_type":
            return "a list"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "a table"
        case "greater_than_equal":
            return f"a number from {error['ctx']['ge']}"
        case "literal_error":
            return str(error["ctx"]["expected"])
    return str(error["msg"]).removeprefix("Input should be ")
