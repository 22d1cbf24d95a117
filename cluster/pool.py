"""`Pool`: a model, replicated over workers, and a dataset fanned out over them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

from cluster.arguments import (
    Weights,
    arguments_of,
    batch_policy,
    deadline,
    hold_weights,
    numerics_of,
    output_of,
    pool_size,
    positive,
    predictor_of,
    sink_of,
    whole,
)
from cluster.backends import Backend, make_backend
from cluster.door import Door
from cluster.engine import Engine
from cluster.failures import told_by_the_driver
from cluster.folder import JobFolder
from cluster.gathered import Results, gathered
from cluster.loop import LoopThread
from cluster.model import Model
from cluster.plan import Plan
from cluster.planning import plan_shards
from cluster.progress import progress_view
from cluster.report import RunReport
from cluster.requests import columns_of
from cluster.scheduler import Limits
from cluster.sources import IterableSource, as_source, spilled
from workers.batching import BatchPolicy
from workers.dead_letters import DeadLetter
from workers.sinks import Sink


class Pool(Door):
    """Replicas of a predictor, ready for one job after another.

        with Pool(Embed, weights="model.safetensors", replicas=4) as pool:
            for batch in pool.map("texts.parquet"): ...   # streamed, in input order, bounded memory
            table = pool.predict("texts.parquet")         # gathered
            report = pool.run("texts.parquet", "out/")    # committed files, exactly once, resumable

    Everything that comes out is inference-only: no code, in any process, can train on it by accident. A job that lost
    workers goes on with new ones; rows are neither lost nor doubled. One pool does one job at a time.

    Args:
        predictor: A class, built once per replica (see `workers.protocols.Predictor`), or its name as "module:Class".
        weights: A safetensors file; the index of a checkpoint in several files, or a folder with one of them; a mapping
            of name to tensor or array; or a `WeightSnapshot`. Kept once on this machine, or node of a cluster, and
            mapped by every replica there. With None the predictor gets no `weights` argument.
        init: Further keyword arguments of the predictor: numbers, strings, arrays, and lists and dicts of them.
        replicas: Workers; by default one per core that this process may use, one for "inline", and for "ray" as many as
            the cluster has room for.
        min_replicas, max_replicas: In place of `replicas`, a pool that grows with what there is to do and gives idle
            workers back; `min_replicas` is 1 by default.
        backend: "local" (child processes), "ray" (actors on a cluster), "inline" (this process, for debugging), or a
            `Backend`, such as `RayBackend(…)`.
        max_attempts: How often a shard may fail for reasons that are not its rows' (workers that die and leave no trace
            of why, files that cannot be read or written) before the job gives up; and how often a row that ends workers
            must have done so before it counts as dead.
        max_dead_rows: How many rows a job may give up: rows on which the predictor raises, or that end workers, also
            when they are alone. One more ends the job; 0 ends it at the first. `run` keeps them as dead letters, `map`
            and `predict` in `pool.dead_letters`.
        batch_timeout_s: How long the predictor may take for one batch, or for one `prepare`, in seconds. A worker that
            takes longer is killed, and its rows count as rows that end workers. None for any time.
        init_timeout_s: How long building the predictor may take, in seconds. None for any time.
        speculate: Whether idle workers run shards a second time, at the end of a job, that take much longer than
            others; the first to be through counts.
        version: Stands for the predictor's code when a job is resumed; by default the digest of its source files.

    Raises:
        UsageError: An argument that cannot work. No worker was started.
        SourceNotFoundError: There is no such weights file.
        SourceFailed: Somebody writes to the weights file.
        BackendFailed: Later, at the first use: there is no such cluster, or it does not let us in.
    """

    def __init__(
        self,
        predictor: type | str,
        *,
        weights: Weights | None = None,
        init: Mapping[str, Any] | None = None,
        replicas: int | None = None,
        min_replicas: int | None = None,
        max_replicas: int | None = None,
        backend: str | Backend = "local",
        max_attempts: int = 3,
        max_dead_rows: int = 0,
        batch_timeout_s: float | None = None,
        init_timeout_s: float | None = None,
        speculate: bool = True,
        version: str | None = None,
    ) -> None:
        runner = make_backend(backend)
        numerics = numerics_of(runner)
        limits = Limits(
            max_attempts=positive("max_attempts", max_attempts),
            max_dead_rows=whole("max_dead_rows", max_dead_rows),
            batch_timeout_s=deadline("batch_timeout_s", batch_timeout_s, runner),
            init_timeout_s=deadline("init_timeout_s", init_timeout_s, runner),
            speculate=bool(speculate) and runner.capabilities.isolates,
        )
        size = pool_size(replicas, min_replicas, max_replicas)
        code = predictor_of(predictor)
        arguments = arguments_of(code, init, weights=weights)
        model = Model(code=code, init=arguments, files=code.digests(), version=version)
        held = None if weights is None else hold_weights(weights)
        self._engine = Engine(model, held, runner, numerics, limits, replicas=size)
        super().__init__(self._engine, held, name="shoal driver")

    # --- jobs

    def map(
        self, source: Any, *, batch: BatchPolicy | None = None, ordered: bool = True, shard_rows: int | None = None
    ) -> Generator[Results, None, None]:
        """Stream the predictor's output, batch by batch.

        Memory is bounded: a slow consumer holds the workers back. Leaving the loop early, or closing the iterator, ends
        the job.

        Args:
            source: A path (.npy, .parquet, a folder of Parquet files), a mapping of columns, an array, or a source.
            batch: How batches are cut.
            ordered: Yield in input order; False yields in order of arrival.
            shard_rows: The size of shards, in rows; by default it follows from the source.

        Returns:
            An iterator over dicts of columns: marked tensors, `Ragged` of them, object arrays of strings.

        Raises:
            UsageError: The source is none, or has columns that shoal does not carry.
            SourceFailed: It cannot be read.
            JobFailed: From the iterator: the predictor raised, or workers kept dying.
        """
        plan = self._plan(source, batch, shard_rows)
        return self._keep_open(self._loop_for(plan).iterate(self._engine.stream(plan, ordered=ordered)))

    async def amap(
        self, source: Any, *, batch: BatchPolicy | None = None, ordered: bool = True, shard_rows: int | None = None
    ) -> AsyncGenerator[Results, None]:
        """`map` for `async for`; close it with `aclose()` (or `contextlib.aclosing`) when leaving early."""
        plan = await asyncio.to_thread(self._plan, source, batch, shard_rows)
        loop = await asyncio.to_thread(self._loop_for, plan)
        async with aclosing(loop.aiterate(self._engine.stream(plan, ordered=ordered))) as batches:
            async for results in batches:
                yield results

    def predict(self, source: Any, *, batch: BatchPolicy | None = None, shard_rows: int | None = None) -> Results:
        """The predictor's whole output in memory, in input order.

        Args, errors: as for `map`.

        Returns:
            Columns over all rows: marked tensors (whose `origin` says which replica made which rows), `Ragged` of them,
            object arrays of strings. Empty for a source without rows.
        """
        plan = self._plan(source, batch, shard_rows)
        return gathered(self._loop_for(plan).run(self._engine.collect(plan)))

    async def apredict(
        self, source: Any, *, batch: BatchPolicy | None = None, shard_rows: int | None = None
    ) -> Results:
        """`predict` for coroutines, made for many concurrent callers.

        Rows in memory (columns, an array) are computed together with those of other callers that look the same and want
        the same batches, and answered separately. An answer has a row for each row of the request; where a row fails,
        its own caller gets the error, whatever `max_dead_rows` says. Numbers may differ in their last bits from those
        of other batches. Other sources are jobs of their own, as for `predict`; these take turns.

        Args, errors: as for `map`.
        """
        policy = batch_policy(batch)
        with told_by_the_driver():
            columns = None if shard_rows is not None else await asyncio.to_thread(columns_of, source)
        if columns is not None:
            loop = await asyncio.to_thread(self._loop)
            batches = await loop.arun(self._engine.answer(columns, policy))
        else:
            plan = await asyncio.to_thread(self._plan, source, batch, shard_rows)
            loop = await asyncio.to_thread(self._loop_for, plan)
            batches = await loop.arun(self._engine.collect(plan))
        return await asyncio.to_thread(gathered, batches)

    def run(
        self,
        source: Any,
        output: str | os.PathLike[str],
        *,
        sink: Sink | None = None,
        batch: BatchPolicy | None = None,
        shard_rows: int | None = None,
        progress: bool | None = None,
    ) -> RunReport:
        """Write the predictor's output, each row committed exactly once.

        The same call on the same folder resumes what an earlier one left: nothing that was committed is read again.
        Read the results with `read_results`, or with any Parquet reader.

        Args:
            source, batch, shard_rows: As for `map`.
            output: A folder, or a prefix in an object store as "s3://bucket/job"; new, empty, or this job's.
            sink: The format of the files, and which input columns they carry along; `ParquetSink()` by default.
            progress: True shows a bar on a terminal and plain lines elsewhere, False nothing, None the bar only.

        Raises:
            JobFolderError: The folder holds something else, such as another job; it says in what they differ.
            JobFailed: The predictor raised, or workers kept dying; what is committed stays.
        """
        sink, output = sink_of(sink), output_of(output)
        plan = self._plan(source, batch, shard_rows, output)
        folder = self._folder(plan, output, sink)
        return self._loop_for(plan).run(self._engine.run(plan, folder, sink, progress_view(progress)))

    async def arun(
        self,
        source: Any,
        output: str | os.PathLike[str],
        *,
        sink: Sink | None = None,
        batch: BatchPolicy | None = None,
        shard_rows: int | None = None,
        progress: bool | None = None,
    ) -> RunReport:
        """`run` for coroutines; cancelling it ends the job, and what is committed stays."""
        sink, output = sink_of(sink), output_of(output)
        plan = await asyncio.to_thread(self._plan, source, batch, shard_rows, output)
        folder = await asyncio.to_thread(self._folder, plan, output, sink)
        loop = await asyncio.to_thread(self._loop_for, plan)
        return await loop.arun(self._engine.run(plan, folder, sink, progress_view(progress)))

    def swap(self, weights: Weights) -> None:
        """Have all replicas go on with other weights, after the job at hand; all of them, or none.

        Raises:
            UsageError: The pool was made without weights.
            UserCodeFailed: The predictor's `__init__` raised on them; the old weights stay in use.
            WorkersLost: A worker died on them; the old weights stay in use.
        """
        held = hold_weights(weights)
        try:
            self._loop().run(self._engine.swap(held))
        except BaseException:
            held.close()
            raise
        self._hold(held)

    async def aswap(self, weights: Weights) -> None:
        """`swap` for coroutines."""
        held = await asyncio.to_thread(hold_weights, weights)
        loop = await asyncio.to_thread(self._loop)
        try:
            await loop.arun(self._engine.swap(held))
        except BaseException:
            held.close()
            raise
        self._hold(held)

    # --- the pool itself

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """The rows that the last `map` or `predict` gave up (see `max_dead_rows`), as far as it has come."""
        return list(self._engine.dead_letters)

    def wait_ready(self) -> None:
        """Wait until every replica is built. Jobs need not wait: they use the replicas that are ready.

        Raises:
            JobFailed: The predictor's `__init__` raised, or workers kept dying in it.
        """
        self._loop().run(self._engine.wait_ready())

    def private_bytes(self) -> dict[str, int]:
        """Memory of its own that each ready replica has, by name, without libraries and mapped weights.

        Empty where replicas have no process of their own.
        """
        return self._loop().run(self._engine.private_bytes())

    def __repr__(self) -> str:
        return f"Pool({self._engine}{', closed' if self._closed else ''})"

    def __enter__(self) -> Self:
        self._loop()
        return self

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._loop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    def _keep_open(self, batches: Generator[Results, None, None]) -> Generator[Results, None, None]:
        """The batches, with a hold on the pool: `for batch in Pool(...).map(...)` is all there is of it."""
        yield from batches

    @told_by_the_driver()
    def _plan(
        self,
        source: Any,
        batch: BatchPolicy | None,
        shard_rows: int | None,
        output: str | os.PathLike[str] | None = None,
    ) -> Plan:
        """How a source is cut; rows of an iterable are written down first, in the job's folder where it has one."""
        policy = batch_policy(batch)
        found = as_source(source)
        if output is not None and isinstance(found, IterableSource):
            planned = spilled(found, *JobFolder.rows_place(output))
        else:
            planned = spilled(found)
        try:
            shards = plan_shards(planned.fragments(), shard_rows=shard_rows)
        except BaseException:
            if planned is not source:
                planned.close()
            raise
        return Plan(
            source=planned, owned=planned is not source, shards=tuple(shards), policy=policy, shard_rows=shard_rows
        )

    def _loop_for(self, plan: Plan) -> LoopThread:
        """The driver's thread, for a job that will close its plan; where there is none, nobody else would."""
        try:
            return self._loop()
        except BaseException:
            plan.close()
            raise

    def _folder(self, plan: Plan, output: str | os.PathLike[str], sink: Sink) -> JobFolder:
        try:
            return JobFolder.open(output, self._engine.identity(plan, sink), shards=len(plan.shards))
        except BaseException:  # nobody else would
            plan.close()
            raise
