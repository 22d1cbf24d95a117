"""`Pool`: a model, replicated over workers, and a dataset fanned out over them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self

from cluster.arguments import Weights, arguments_of, batch_policy, code_of, hold_weights, numerics_of, positive
from cluster.backends import Backend, make_backend
from cluster.door import Door
from cluster.engine import Engine, Model, Plan
from cluster.errors import UsageError
from cluster.folder import JobFolder
from cluster.gathered import Results, gathered
from cluster.loop import LoopThread
from cluster.planning import plan_shards
from cluster.progress import progress_view
from cluster.report import RunReport
from cluster.sources import as_source
from workers.batching import BatchPolicy


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
        backend: "local" (child processes), "ray" (actors on a cluster), "inline" (this process, for debugging), or a
            `Backend`, such as `RayBackend(…)`.
        max_attempts: Workers that may die on one shard before the job gives up.
        version: Stands for the predictor's code when a job is resumed; by default the digest of its source file.

    Raises:
        UsageError: An argument that cannot work. No worker was started.
        SourceNotFoundError: There is no such weights file.
        BackendFailed: Later, at the first use: there is no such cluster, or it does not let us in.
    """

    def __init__(
        self,
        predictor: type | str,
        *,
        weights: Weights | None = None,
        init: Mapping[str, Any] | None = None,
        replicas: int | None = None,
        backend: str | Backend = "local",
        max_attempts: int = 3,
        version: str | None = None,
    ) -> None:
        runner = make_backend(backend)
        numerics = numerics_of(runner)
        if replicas is not None:
            replicas = positive("replicas", replicas)
        max_attempts = positive("max_attempts", max_attempts)
        code = code_of(predictor)
        arguments = arguments_of(code, init, weights=weights)
        model = Model(code=code, init=arguments, version=version or code.source_digest())
        held = None if weights is None else hold_weights(weights)
        self._engine = Engine(model, held, runner, numerics, replicas=replicas, max_attempts=max_attempts)
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
        """`predict` for coroutines. Concurrent calls take turns."""
        plan = await asyncio.to_thread(self._plan, source, batch, shard_rows)
        loop = await asyncio.to_thread(self._loop_for, plan)
        return await asyncio.to_thread(gathered, await loop.arun(self._engine.collect(plan)))

    def run(
        self,
        source: Any,
        output: str | os.PathLike[str],
        *,
        batch: BatchPolicy | None = None,
        shard_rows: int | None = None,
        progress: bool | None = None,
    ) -> RunReport:
        """Write the predictor's output as Parquet, each row committed exactly once.

        The same call on the same folder resumes what an earlier one left: nothing that was committed is read again.
        Read the results with `read_results`, or with any Parquet reader.

        Args:
            source, batch, shard_rows: As for `map`.
            output: A folder; new, empty, or this job's.
            progress: True shows a bar on a terminal and plain lines elsewhere, False nothing, None the bar only.

        Raises:
            JobFolderError: The folder holds something else, such as another job; it says in what they differ.
            JobFailed: The predictor raised, or workers kept dying; what is committed stays.
        """
        plan = self._plan(source, batch, shard_rows)
        folder = self._folder(plan, output)
        return self._loop_for(plan).run(self._engine.run(plan, folder, progress_view(progress)))

    async def arun(
        self,
        source: Any,
        output: str | os.PathLike[str],
        *,
        batch: BatchPolicy | None = None,
        shard_rows: int | None = None,
        progress: bool | None = None,
    ) -> RunReport:
        """`run` for coroutines; cancelling it ends the job, and what is committed stays."""
        plan = await asyncio.to_thread(self._plan, source, batch, shard_rows)
        folder = await asyncio.to_thread(self._folder, plan, output)
        loop = await asyncio.to_thread(self._loop_for, plan)
        return await loop.arun(self._engine.run(plan, folder, progress_view(progress)))

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

    def _plan(self, source: Any, batch: BatchPolicy | None, shard_rows: int | None) -> Plan:
        policy = batch_policy(batch)
        found = as_source(source)
        shards = plan_shards(found.fragments(), shard_rows=shard_rows)
        return Plan(source=found, owned=found is not source, shards=tuple(shards), policy=policy)

    def _loop_for(self, plan: Plan) -> LoopThread:
        """The driver's thread, for a job that will close its plan; where there is none, nobody else would."""
        try:
            return self._loop()
        except BaseException:
            plan.close()
            raise

    def _folder(self, plan: Plan, output: str | os.PathLike[str]) -> JobFolder:
        if not isinstance(output, str | os.PathLike):
            raise UsageError(f"output must be the path of a folder, got {output!r}")
        return JobFolder.open(output, self._engine.identity(plan), shards=len(plan.shards))
