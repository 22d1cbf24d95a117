"""`Job`: a batch job as a file, `job.toml`."""

from __future__ import annotations

import logging
import os
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from cluster.backends import Backend
from cluster.errors import SourceNotFoundError, UsageError
from cluster.failures import told_by_the_driver
from cluster.job_problems import problem
from cluster.paths import absolute, expanded
from cluster.pool import Pool
from cluster.ray import shipping
from cluster.report import RunReport
from cluster.source_table import SourceTable
from cluster.sources import Source
from cluster.working_dir import importing_from
from workers import storage
from workers.batching import BatchPolicy
from workers.sinks import JsonlSink, NpySink, ParquetSink, Sink
from workers.sinks.options import ALL_COLUMNS

_log = logging.getLogger("shoal")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BatchTable(_Table):
    """`[batch]`: how workers cut batches; see `BatchPolicy`."""

    max_rows: int = Field(default=256, ge=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_bytes: int | None = Field(default=None, ge=1)
    length_of: str | None = None
    sort_within: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _applies(self) -> BatchTable:
        self.policy()
        return self

    def policy(self) -> BatchPolicy:
        """The policy that the table describes.

        Raises:
            ValueError: A key needs another one.
        """
        return BatchPolicy(**self.model_dump())


_SINKS: dict[str, type[Sink]] = {"parquet": ParquetSink, "npy": NpySink, "jsonl": JsonlSink}


class SinkTable(_Table):
    """`[sink]`: the format of the output; see `ParquetSink`, `NpySink` and `JsonlSink`.

    Attributes:
        format: "parquet", "npy" or "jsonl".
        compression: The codec; "none" for none, by default the format's.
        compression_level, row_group_rows: As for `ParquetSink`.
        keep: The input columns to carry along; "*" for all.
    """

    format: Literal["parquet", "npy", "jsonl"] = "parquet"
    compression: str | None = None
    compression_level: int | None = None
    row_group_rows: int | None = None
    keep: list[str] = Field(default_factory=list)

    @field_validator("keep", mode="before")
    @classmethod
    def _all(cls, value: Any) -> Any:
        return [ALL_COLUMNS] if value == ALL_COLUMNS else value

    @model_validator(mode="after")
    def _applies(self) -> SinkTable:
        self.sink()
        return self

    def sink(self) -> Sink:
        """The sink that the table describes.

        Raises:
            ValueError: The format has no such option, or not with this value.
        """
        kind = _SINKS[self.format]
        options = self.model_dump(exclude={"format"}, exclude_none=True)
        known = {field.name for field in fields(kind)}
        for option in options:
            if option not in known:
                raise ValueError(f"{option!r} does not apply to the format {self.format!r}")
        if options.get("compression") == "none":
            options["compression"] = None
        return kind(**options)


class RayTable(_Table):
    """`[ray]`: where and how workers run with the backend "ray"; see `RayBackend`."""

    address: str | None = None
    num_cpus: float = Field(default=1.0, ge=0)
    num_gpus: float = Field(default=0.0, ge=0)
    resources: dict[str, float] = Field(default_factory=dict)
    strategy: Literal["spread", "pack"] | None = None
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

        [sink]
        format = "parquet"
        keep = ["id"]

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
        sink: The format of the output; a plain string is the format's name.
        working_dir: The folder that the predictor's module is imported from, while the job runs. On Ray it is sent to
            the nodes, without weights, rows and output.
        replicas: Workers; by default one per core.
        min_replicas, max_replicas: In place of `replicas`: a pool that grows and shrinks.
        backend: Where they run.
        ray: What they take of a Ray cluster.
        max_attempts, max_dead_rows, batch_timeout_s, init_timeout_s, speculate: What may go wrong before the job gives
            up; see `Pool`.
        shard_rows: The size of shards, in rows; by default it follows from the source.
        version: Stands for the predictor's code when the job is resumed.
    """

    predictor: str
    source: SourceTable
    output: str
    weights: str | None = None
    init: dict[str, Any] = Field(default_factory=dict)
    batch: BatchTable = Field(default_factory=BatchTable)
    sink: SinkTable = Field(default_factory=SinkTable)
    working_dir: str = "."
    replicas: int | None = Field(default=None, ge=1)
    min_replicas: int | None = Field(default=None, ge=1)
    max_replicas: int | None = Field(default=None, ge=1)
    backend: Literal["local", "inline", "ray"] = "local"
    ray: RayTable = Field(default_factory=RayTable)
    max_attempts: int = Field(default=3, ge=1)
    max_dead_rows: int = Field(default=0, ge=0)
    batch_timeout_s: float | None = Field(default=None, gt=0)
    init_timeout_s: float | None = Field(default=None, gt=0)
    speculate: bool = True
    shard_rows: int | None = Field(default=None, ge=1)
    version: str | None = None

    @field_validator("source", mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str) else value

    @field_validator("sink", mode="before")
    @classmethod
    def _format_alone(cls, value: Any) -> Any:
        return {"format": value} if isinstance(value, str) else value

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
        if self.backend != "ray" and "ray" in self.model_fields_set:
            _log.warning("shoal: the job's [ray] table does nothing with the backend %r; it is for 'ray'", self.backend)
        with (
            importing_from(absolute(self.working_dir), self.predictor),
            Pool(
                self.predictor,
                weights=self.weights,
                init=self.init,
                replicas=self.replicas,
                min_replicas=self.min_replicas,
                max_replicas=self.max_replicas,
                backend=self._backend(),
                max_attempts=self.max_attempts,
                max_dead_rows=self.max_dead_rows,
                batch_timeout_s=self.batch_timeout_s,
                init_timeout_s=self.init_timeout_s,
                speculate=self.speculate,
                version=self.version,
            ) as pool,
        ):
            return pool.run(
                self._source(),
                self.output,
                sink=self.sink.sink(),
                batch=self.batch.policy(),
                shard_rows=self.shard_rows,
                progress=progress,
            )

    @told_by_the_driver()
    def _source(self) -> Source:
        return self.source.source()

    def _backend(self) -> str | Backend:
        if self.backend != "ray":
            return self.backend
        from cluster.ray.backend import RayBackend

        folder = absolute(self.working_dir)
        places = (self.source.path, self.output, self.weights)
        data = [absolute(place) for place in places if place is not None and not storage.is_url(place)]
        runtime_env = shipping.with_folder(self.ray.runtime_env, folder, data)
        return RayBackend(**{**self.ray.model_dump(), "runtime_env": runtime_env})

    def _resolved(self, folder: Path) -> Job:
        def resolve(path: str) -> str:
            return path if storage.is_url(path) else str(folder / expanded(path))

        return self.model_copy(
            update={
                "source": self.source.model_copy(update={"path": resolve(self.source.path)}),
                "output": resolve(self.output),
                "weights": None if self.weights is None else resolve(self.weights),
                "working_dir": resolve(self.working_dir),
            }
        )


_TABLES: dict[str, type[BaseModel]] = {
    "source": SourceTable,
    "batch": BatchTable,
    "sink": SinkTable,
    "ray": RayTable,
}
