"""What a pool does, as coroutines on its own event loop. `cluster.pool` is the door to it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, replace
from itertools import accumulate
from time import monotonic
from typing import Any

from cluster.answering import Requests
from cluster.backends import Backend, Said
from cluster.building import kill_overdue, wait_until_built
from cluster.driver import Work
from cluster.errors import PoolBusy, UsageError, WorkersLost
from cluster.failures import error_of
from cluster.fleet import Fleet
from cluster.folder import JobFolder
from cluster.folder_job import About, FolderJob
from cluster.gather import Batch
from cluster.gathered import Results
from cluster.idle import Idle
from cluster.model import Model
from cluster.numerics import NumericsProfile
from cluster.plan import Plan, plan_in_memory
from cluster.planning import plan_digest
from cluster.progress import ProgressView
from cluster.report import RunReport
from cluster.requests import Gathered
from cluster.scheduler import Limits, ReplicaBuildFailed, ReplicaLost, ReplicaReady
from cluster.streaming import StreamJob
from workers.batching import BatchPolicy
from workers.columns import Columns
from workers.dead_letters import DeadLetter, dead_letters_of
from workers.messages import BuildPredictor, Failure, SwapFailed, SwapWeights, WeightsSwapped
from workers.sinks import Sink
from workers.weights import WeightSnapshot

_SPARE_ROWS = 16
"""How many rows a job of several requests may give up, so that bad rows of one do not end it for the others."""


class _Turn:
    """One job's turn on a pool.

    Not a generator: a loop that ends closes its generators all at once, and one inside another would be in its way.
    """

    def __init__(self, lock: asyncio.Lock, check_free: Callable[[], None], plans: Sequence[Plan], idle: Idle) -> None:
        self._lock = lock
        self._check_free = check_free
        self._plans = plans
        self._idle = idle

    async def __aenter__(self) -> None:
        try:
            self._check_free()
            await self._lock.acquire()
        except BaseException:
            self._close_plans()
            raise
        self._idle.end()

    async def __aexit__(self, *_: object) -> None:
        self._idle.begin()
        self._lock.release()
        self._close_plans()

    def _close_plans(self) -> None:
        for plan in self._plans:
            plan.close()


class Engine:
    """The fleet of a pool and what is done with it, one job at a time.

    Args:
        model: What replicas run.
        weights: Their weights, if any.
        backend: Where they run.
        numerics: How they compute.
        limits: What a job may not exceed; how many replicas there are is settled when the backend is opened.
        replicas: How many to keep, (fewest, most); None for as many as suit the backend.
    """

    def __init__(
        self,
        model: Model,
        weights: WeightSnapshot | None,
        backend: Backend,
        numerics: NumericsProfile,
        limits: Limits,
        *,
        replicas: tuple[int | None, int | None],
    ) -> None:
        self.weights = weights
        self._model = model
        self._backend = backend
        self._numerics = numerics
        self._replicas = replicas
        self._limits = limits
        self._fleet: Fleet | None = None
        self._turn = asyncio.Lock()
        self._idle = Idle(self._shrink, after_s=limits.idle_s)
        self._open_stream = False
        self._requests = Requests(self._turn_of_requests, self._run_together)
        self.dead_letters: list[DeadLetter] = []

    def __str__(self) -> str:
        fewest, most = self._replicas
        if self._fleet is not None:
            fewest, most = self._limits.min_replicas, self._limits.max_replicas
        replicas = most if fewest == most else f"{fewest} to {most}"
        return f"{self._model.code.name}, replicas={replicas}, backend={self._backend.name!r}"

    @property
    def fleet(self) -> Fleet:
        """The workers."""
        assert self._fleet is not None, "open() comes first"
        return self._fleet

    async def open(self) -> None:
        """Start the workers, without waiting until they are built.

        Raises:
            UsageError, BackendFailed: See `Backend.open`.
        """
        fewest, most = self._replicas
        room = await self._backend.open(most, self._numerics.environment())
        self._limits = replace(self._limits, min_replicas=min(fewest or room, room), max_replicas=room, open_shards=0)
        self._fleet = Fleet(self._backend)
        for _ in range(self._limits.min_replicas):
            self._start_replica(self.weights)

    async def wait_ready(self) -> None:
        """Wait until every replica is built; those that are lost meanwhile are replaced, a bounded number of times.

        Raises:
            JobFailed: The predictor's `__init__` raised, or workers kept dying in it.
        """
        async with self._alone():
            await wait_until_built(self.fleet, self._limits, lambda: self._start_replica(self.weights))

    async def collect(self, plan: Plan) -> list[Results]:
        """Run a job and return all of its batches in input order."""
        async with self._alone(plan):
            self.dead_letters = []
            batches = []
            async with self._streaming(plan, self._limits, ordered=True) as job:
                while (batch := await job.next()) is not None:
                    self._keep_dead(plan, batch)
                    if batch.columns:
                        batches.append(batch.columns)
            return batches

    async def stream(self, plan: Plan, *, ordered: bool) -> AsyncGenerator[Results, None]:
        """Run a job for a user who may stop at any batch; closing the generator ends it.

        Args:
            plan: What to run.
            ordered: Whether batches leave in input order.
        """
        async with self._alone(plan):
            self.dead_letters = []
            async with self._streaming(plan, self._limits, ordered=ordered) as job:
                try:
                    while (batch := await job.next()) is not None:
                        self._keep_dead(plan, batch)
                        if batch.columns:
                            self._open_stream = True
                            yield batch.columns
                            self._open_stream = False
                finally:
                    self._open_stream = False

    async def answer(self, columns: Columns, policy: BatchPolicy) -> list[Results]:
        """Run rows together with those of other callers; see `Requests.ask`."""
        self._check_free()
        return await self._requests.ask(columns, policy)

    async def _run_together(self, parts: Sequence[Columns], policy: BatchPolicy) -> Gathered:
        """Run a job on rows in memory, in our turn."""
        plan = await asyncio.to_thread(plan_in_memory, parts, policy)
        limits = replace(self._limits, max_dead_rows=_SPARE_ROWS)
        first = list(accumulate((shard.rows for shard in plan.shards), initial=0))
        batches: list[Results] = []
        dead: list[tuple[int, Failure]] = []
        try:
            async with self._streaming(plan, limits, ordered=True) as job:
                while (batch := await job.next()) is not None:
                    dead += [(first[batch.shard] + row.row, row.failure) for row in batch.dead]
                    if batch.columns:
                        batches.append(batch.columns)
        finally:
            plan.close()
        return Gathered(batches=batches, dead=dead)

    def _streaming(self, plan: Plan, limits: Limits, *, ordered: bool) -> StreamJob:
        job = f"{self._model.code.name.rpartition(':')[2]}-{secrets.token_hex(4)}"  # it runs once
        return StreamJob(self.fleet, replace(self._work(plan, job, job), limits=limits), ordered=ordered)

    def _keep_dead(self, plan: Plan, batch: Batch) -> None:
        if batch.dead:
            self.dead_letters += dead_letters_of(plan.shards[batch.shard], batch.dead, None)

    def identity(self, plan: Plan, sink: Sink) -> dict[str, Any]:
        """What a job must have in common with the one that it resumes."""
        return {
            **self._model.identity("" if self.weights is None else self.weights.digest),
            "source": plan.source.identity(),
            "plan": plan_digest(plan.shards),
            "shard_rows": plan.shard_rows,
            "batch": asdict(plan.policy),
            "sink": {"format": type(sink).__name__, **asdict(sink)},
            "numerics": self._numerics.to_dict(),
        }

    async def run(self, plan: Plan, folder: JobFolder, sink: Sink, view: ProgressView) -> RunReport:
        """Run a job into its folder, from where an earlier run left it."""
        async with self._alone(plan):
            about = About(
                predictor=self._model.code.name,
                version=self._model.code_version,
                weights_digest="" if self.weights is None else self.weights.digest,
                backend=self._backend.name,
                numerics=self._numerics.to_dict(),
            )
            if folder.identity["weights"] != about.weights_digest:
                raise UsageError("the pool's weights were swapped while this job waited for its turn; start it again")
            work = self._work(plan, folder.job, f"{folder.job}-{folder.run}")
            return await FolderJob(self.fleet, work, folder, sink, about).run(view)

    async def private_bytes(self) -> dict[str, int]:
        """Memory of its own that each ready replica has."""
        return await self.fleet.private_bytes()

    async def swap(self, weights: WeightSnapshot) -> None:
        """Have every replica build its predictor on other weights; all of them, or none.

        Raises:
            UsageError: The pool has no weights to swap.
            UserCodeFailed: The predictor's `__init__` raised on the new weights; the old ones stay in use.
            WorkersLost: A worker died on them; the old ones stay in use.
        """
        async with self._alone():
            if self.weights is None:
                raise UsageError("this pool was made without weights, so its predictor takes none; make a new pool")
            try:
                await self._swap_all(weights)
            except BaseException:  # also when interrupted: some replicas have swapped
                self.fleet.kill_all()  # the next job starts others, on the weights that stay in use
                raise
            self.weights = weights

    def kill(self) -> None:
        """End the workers at once, without waiting."""
        if self._fleet is not None:
            self._fleet.kill_all()

    async def close(self) -> None:
        """End the workers."""
        self._idle.end()
        if self._fleet is not None:
            await self._fleet.close()
            self._fleet = None

    async def _swap_all(self, weights: WeightSnapshot) -> None:
        fleet = self.fleet
        waiting = set(fleet.replicas)
        replaced: set[str] = set()
        for name in waiting:
            fleet.replicas[name].ready, fleet.replicas[name].started_s = False, monotonic()
            fleet.send(name, SwapWeights(weights.ref))
        while waiting:
            match await fleet.next(until_s=kill_overdue(fleet, self._limits.init_timeout_s)):
                case Said(worker=name, report=WeightsSwapped()):
                    fleet.replicas[name].ready = True
                    waiting.discard(name)
                case ReplicaReady(replica=name) if name in replaced:
                    waiting.discard(name)
                case Said(report=SwapFailed(failure=failure)) | ReplicaBuildFailed(failure=failure):
                    raise error_of(failure)
                case ReplicaLost(replica=name, reason=reason) if name in replaced:
                    raise WorkersLost(f"a worker ended while it built the predictor on the new weights: {reason}")
                case ReplicaLost(replica=name):  # it may have died before, of something else
                    waiting.discard(name)
                    name = self._start_replica(weights)
                    waiting.add(name)
                    replaced.add(name)

    def _shrink(self) -> None:
        """Give back the workers that a job had brought in beyond the fewest."""
        for name in list(self.fleet.replicas)[self._limits.min_replicas :]:
            self.fleet.discard(name)

    def _start_replica(self, weights: WeightSnapshot | None) -> str:
        name = f"w{self.fleet.next_replica}"
        self.fleet.next_replica += 1
        self.fleet.start(name, self._build(name, weights))
        return name

    def _build(self, name: str, weights: WeightSnapshot | None) -> BuildPredictor:
        return BuildPredictor(name, self._model.code, self._model.init, None if weights is None else weights.ref)

    def _work(self, plan: Plan, job: str, run: str) -> Work:
        return Work(
            job=job,
            run=run,
            shards={shard.index: shard for shard in plan.shards},
            policy=plan.policy,
            limits=self._limits,
            build=lambda name: self._build(name, self.weights),
        )

    def _alone(self, *plans: Plan) -> _Turn:
        """Our turn, to be entered; the sources of `plans` are let go of after it."""
        return _Turn(self._turn, self._check_free, plans, self._idle)

    def _turn_of_requests(self) -> AbstractAsyncContextManager[None]:
        """A turn of those who have asked while the pool was free; it may not be by now."""
        return _Turn(self._turn, lambda: None, (), self._idle)

    def _check_free(self) -> None:
        if self._open_stream:
            # Waiting would be for ever: the iterator's owner is, as a rule, whoever calls us.
            raise PoolBusy(
                "an iterator of this pool's map() is still open, and a pool does one job at a time: "
                "read it to its end or close() it first, or use a second pool"
            )
