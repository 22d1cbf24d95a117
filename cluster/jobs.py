"""`Job`: a batch job as a file, `job.toml`."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cluster.backends import Backend
from cluster.errors import SourceNotFoundError, UsageError
from cluster.job_problems import problem
from cluster.paths import absolute, expanded
from cluster.pool import Pool
from cluster.ray import shipping
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


class RayTable(_Table):
    """`[ray]`: where and how workers run with the backend "ray"; see `RayBackend`."""

    address: str | None = None
    num_cpus: float = Field(default=1.0, ge=0)
    num_gpus: float = Field(default=0.0, ge=0)
    resources: dict[str, float] = Field(default_factory=dict)
    runtime_env: dict[str, Any] = Field(default_factory=dict)


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

        [ray]                               # for backend = "ray"
        num_cpus = 2

    Paths are relative to the job file's folder.

    Attributes:
        predictor: "module:Class".
        source: Where the rows come from; a plain string is its path.
        output: The folder to write to, or to resume.
        weights: A safetensors file, or a folder with a checkpoint of several.
        init: Keyword arguments of the predictor.
        batch: How batches are cut.
        working_dir: The folder that the predictor's module is imported from, while the job runs. On Ray it is sent to
            the nodes, without weights, rows and output.
        replicas: Workers; by default one per core.
        backend: Where they run.
        ray: What they take of a Ray cluster.
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
    backend: Literal["local", "inline", "ray"] = "local"
    ray: RayTable = Field(default_factory=RayTable)
    max_attempts: int = Field(default=3, ge=1)
    shard_rows: int | None = Field(default=None, ge=1)
    version: str | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], **overrides: Any) -> Job:
        """Read a job file, with its paths made absolute.

        Args:
            path: The TOML file.
            overrides: Fields to use in place of the file's; None leaves the file's.

        Raises:
            FileNotFoundError: There is no such file.
            UsageError: It is not TOML, or a key in it is unknown, missing or wrong.
        """
        return cls.as_written(path, **overrides)._resolved(Path(path).resolve().parent)

    @classmethod
    def as_written(cls, path: str | os.PathLike[str], **overrides: Any) -> Job:
        """Read a job file, with its paths as they stand there; arguments and errors as for `from_file`."""
        file = Path(path).resolve()
        if not file.is_file():
            raise SourceNotFoundError(f"there is no job file {file}")
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file}: not a TOML file: {error}") from None
        values |= {name: value for name, value in overrides.items() if value is not None}
        try:
            return cls(**values)
        except ValidationError as error:
            problems = "\n".join(f"  {problem(dict(item), cls, _TABLES)}" for item in error.errors())
            raise UsageError(f"{file}: this job cannot run:\n{problems}") from None

    def run(self, *, progress: bool | None = None) -> RunReport:
        """Run the job to its end, or go on with it; see `Pool.run`.

        Raises:
            UsageError: The job was sent to a cluster, and its rows or output are in the temporary copy of its folder.
        """
        shipping.refuse_copies(source=self.source.path, output=self.output)
        with (
            importing_from(absolute(self.working_dir), self.predictor),
            Pool(
                self.predictor,
                weights=self.weights,
                init=self.init,
                replicas=self.replicas,
                backend=self._backend(),
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

    def _backend(self) -> str | Backend:
        if self.backend != "ray":
            return self.backend
        from cluster.ray.backend import RayBackend

        folder = absolute(self.working_dir)
        data = [absolute(path) for path in (self.source.path, self.output, self.weights) if path is not None]
        runtime_env = shipping.with_folder(self.ray.runtime_env, folder, data)
        return RayBackend(**{**self.ray.model_dump(), "runtime_env": runtime_env})

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


_TABLES: dict[str, type[BaseModel]] = {"source": SourceTable, "batch": BatchTable, "ray": RayTable}
