"""What a pool does, as coroutines on its own event loop. `cluster.pool` is the door to it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import Any

from cluster.backends import Backend, Said
from cluster.driver import Driver, Work
from cluster.errors import PoolBusy, UsageError, WorkersLost
from cluster.failures import error_of
from cluster.fleet import Fleet
from cluster.folder import JobFolder
from cluster.gather import Batch
from cluster.gathered import Results
from cluster.numerics import NumericsProfile
from cluster.outputs import FolderOutput, StreamOutput
from cluster.planning import plan_digest
from cluster.progress import Progress, ProgressView
from cluster.report import RunReport
from cluster.scheduler import Limits, ReplicaBuildFailed, ReplicaLost, ReplicaReady
from cluster.sources import Source
from tensor import marks, wire
from workers.batching import BatchPolicy
from workers.code import CodeRef
from workers.messages import BuildPredictor, SwapFailed, SwapWeights, WeightsSwapped
from workers.shards import Shard
from workers.weights import WeightSnapshot


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A source and how it is cut, before anything runs.

    Attributes:
        source: The rows.
        owned: Whether the job made the source of what the user gave, and so has to close it.
        shards: All of them.
        policy: How workers cut batches.
    """

    source: Source
    owned: bool
    shards: tuple[Shard, ...]
    policy: BatchPolicy

    @property
    def rows(self) -> int:
        """Rows of the source."""
        return sum(shard.rows for shard in self.shards)

    def close(self) -> None:
        """Let go of the source."""
        if self.owned:
            self.source.close()


@dataclass(frozen=True, kw_only=True)
class Model:
    """What every replica of a pool runs.

    Attributes:
        code: The predictor's class.
        init: Its keyword arguments.
        version: Stands for the code when jobs are compared; its source's digest unless the user gives one.
    """

    code: CodeRef
    init: Mapping[str, Any]
    version: str

    def identity(self, weights_digest: str) -> dict[str, Any]:
        """What two runs of one job must have in common."""
        return {
            "predictor": self.code.name,
            "version": self.version,
            "init": {name: _jsonable(value) for name, value in self.init.items()},
            "weights": weights_digest,
        }


class _Turn:
    """One job's turn on a pool.

    Not a generator: a loop that ends closes its generators all at once, and one inside another would be in its way.
    """

    def __init__(self, lock: asyncio.Lock, check_free: Callable[[], None], plans: Sequence[Plan]) -> None:
        self._lock = lock
        self._check_free = check_free
        self._plans = plans

    async def __aenter__(self) -> None:
        try:
            self._check_free()
            await self._lock.acquire()
        except BaseException:
            self._close_plans()
            raise

    async def __aexit__(self, *_: object) -> None:
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
        replicas: How many; None for as many as suit the backend.
        max_attempts: See `Limits`.
    """

    def __init__(
        self,
        model: Model,
        weights: WeightSnapshot | None,
        backend: Backend,
        numerics: NumericsProfile,
        *,
        replicas: int | None,
        max_attempts: int,
    ) -> None:
        self.weights = weights
        self._model = model
        self._backend = backend
        self._numerics = numerics
        self._replicas = replicas
        self._max_attempts = max_attempts
        self._limits = Limits(replicas=replicas or 1, max_attempts=max_attempts)
        self._fleet: Fleet | None = None
        self._turn = asyncio.Lock()
        self._open_stream = False

    def __str__(self) -> str:
        replicas = self._replicas if self._fleet is None else self._limits.replicas
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
        replicas = await self._backend.open(self._replicas, self._numerics.environment())
        self._limits = Limits(replicas=replicas, max_attempts=self._max_attempts)
        self._fleet = Fleet(self._backend)
        for _ in range(self._limits.replicas):
            self._start_replica(self.weights)

    async def wait_ready(self) -> None:
        """Wait until every replica is built; those that are lost meanwhile are replaced, a bounded number of times.

        Raises:
            JobFailed: The predictor's `__init__` raised, or workers kept dying in it.
        """
        async with self._alone():
            for _ in range(self._limits.replicas - len(self.fleet.replicas)):
                self._start_replica(self.weights)
            lost = 0
            while not all(replica.ready for replica in self.fleet.replicas.values()):
                match await self.fleet.next():
                    case ReplicaBuildFailed(failure=failure):
                        raise error_of(failure)
                    case ReplicaLost(reason=reason):
                        lost += 1
                        if lost == self._limits.max_build_losses:
                            raise WorkersLost(
                                f"{lost} workers ended while building the predictor, the last one {reason}"
                            )
                        self._start_replica(self.weights)

    async def collect(self, plan: Plan) -> list[Results]:
        """Run a job and return all of its batches in input order."""
        async with aclosing(self.stream(plan, ordered=True, to_user=False)) as batches:
            return [batch async for batch in batches]

    async def stream(self, plan: Plan, *, ordered: bool, to_user: bool = True) -> AsyncGenerator[Results, None]:
        """Run a job and yield its batches as they come; closing the generator ends it.

        Args:
            plan: What to run.
            ordered: Whether batches leave in input order.
            to_user: Whether it is a user who takes them, and may stop at any.
        """
        work = self._work(plan, f"{self._model.code.name.rpartition(':')[2]}-{secrets.token_hex(4)}", plan.shards)
        async with self._alone(plan):
            output = StreamOutput(work.shards, ordered=ordered)
            driver = Driver(self.fleet, work, output, Progress(plan.rows, len(plan.shards)))
            running = asyncio.create_task(driver.run(), name=f"job {work.job}")
            running.add_done_callback(lambda _: output.close())
            try:
                while (item := await output.next()) is not None:
                    if isinstance(item, Batch):
                        self._open_stream = to_user
                        yield item.value
                        self._open_stream = False
                    else:
                        driver.taken(item.shard, item.attempt)
                await running  # raises what ended the job
            finally:
                self._open_stream = False
                running.cancel()
                await asyncio.wait({running})

    def identity(self, plan: Plan) -> dict[str, Any]:
        """What a job must have in common with the one that it resumes."""
        return {
            **self._model.identity("" if self.weights is None else self.weights.digest),
            "source": plan.source.identity(),
            "plan": plan_digest(plan.shards),
            "batch": asdict(plan.policy),
            "numerics": self._numerics.to_dict(),
        }

    async def run(self, plan: Plan, folder: JobFolder, view: ProgressView) -> RunReport:
        """Run a job into its folder, from where an earlier run left it."""
        async with self._alone(plan):
            weights_digest = "" if self.weights is None else self.weights.digest
            if folder.identity["weights"] != weights_digest:
                raise UsageError("the pool's weights were swapped while this job waited for its turn; start it again")
            committed = await asyncio.to_thread(folder.committed)
            rows_before = sum(record.rows for record in committed.values())
            progress = Progress(plan.rows, len(plan.shards), rows=rows_before, shards=len(committed))
            work = self._work(plan, folder.job, [shard for shard in plan.shards if shard.index not in committed])
            output = FolderOutput(folder, work.shards, committed.values())
            lost_before = self.fleet.lost
            with view as on_progress:
                on_progress(progress)
                await Driver(self.fleet, work, output, progress, on_progress).run()
            records = await asyncio.to_thread(folder.committed)
            report = RunReport(
                job=folder.job,
                output=str(folder.path),
                rows=progress.rows,
                shards=progress.shards,
                resumed_shards=len(committed),
                resumed_rows=rows_before,
                batches=progress.batches,
                attempts=progress.attempts,
                workers_lost=self.fleet.lost - lost_before,
                graph_nodes=progress.graph_nodes,
                training_copies=marks.training_copies(),
                seconds=progress.elapsed_s,
                first_batch_s=progress.first_batch_s,
                digest=rows_digest([records[shard.index].digest for shard in plan.shards]),
                weights_digest=weights_digest,
                numerics=self._numerics.to_dict(),
                private_bytes=await self.fleet.private_bytes(),
            )
            await asyncio.to_thread(folder.finish, report.to_dict())
            return report

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
        if self._fleet is not None:
            await self._fleet.close()
            self._fleet = None

    async def _swap_all(self, weights: WeightSnapshot) -> None:
        fleet = self.fleet
        waiting = set(fleet.replicas)
        replaced: set[str] = set()
        for name in waiting:
            fleet.send(name, SwapWeights(weights.ref))
        while waiting:
            match await fleet.next():
                case Said(worker=name, report=WeightsSwapped()):
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

    def _start_replica(self, weights: WeightSnapshot | None) -> str:
        name = f"w{self.fleet.next_replica}"
        self.fleet.next_replica += 1
        self.fleet.start(name, self._build(name, weights))
        return name

    def _build(self, name: str, weights: WeightSnapshot | None) -> BuildPredictor:
        return BuildPredictor(name, self._model.code, self._model.init, None if weights is None else weights.ref)

    def _work(self, plan: Plan, job: str, shards: Sequence[Shard]) -> Work:
        return Work(
            job=job,
            shards={shard.index: shard for shard in shards},
            policy=plan.policy,
            limits=self._limits,
            build=lambda name: self._build(name, self.weights),
        )

    def _alone(self, *plans: Plan) -> _Turn:
        """Our turn, to be entered; the sources of `plans` are let go of after it."""
        return _Turn(self._turn, self._check_free, plans)

    def _check_free(self) -> None:
        if self._open_stream:
            # Waiting would be for ever: the iterator's owner is, as a rule, whoever calls us.
            raise PoolBusy(
                "an iterator of this pool's map() is still open, and a pool does one job at a time: "
                "read it to its end or close() it first, or use a second pool"
            )


def rows_digest(shard_digests: Iterable[str]) -> str:
    """One digest for the output of a job: sha256 over its shards' digests in order."""
    return hashlib.sha256("\n".join(shard_digests).encode()).hexdigest()


def _jsonable(value: Any) -> Any:
    """The value where JSON can show it to people, else what tells it from others."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return "sha256:" + hashlib.sha256(b"".join(wire.pack(value))).hexdigest()
