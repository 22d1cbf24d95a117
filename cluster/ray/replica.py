"""The driver's end of one worker: an actor, the commands on their way to it, and the stream of its reports."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any

import numpy as np
import ray
from ray.exceptions import ActorUnavailableError, RayError

from cluster.backends.outbox import Outbox
from cluster.ray.actor import Leaving, Placed, actor_class, version_here
from cluster.ray.objects import SharedObjects
from cluster.ray.placement import Placement
from cluster.ray.telling import death_text
from cluster.ray.watch import ClusterWatch
from tensor import wire
from workers.failures import Step, failure_of
from workers.messages import (
    BuildFailed,
    BuildPredictor,
    BuildTrainer,
    Command,
    Failure,
    OpenData,
    Owner,
    ProbeShard,
    Report,
    RunShard,
    ShardFailed,
    SwapFailed,
    SwapWeights,
    TrainingFailed,
    WorkerExited,
    decode_report,
    encode,
)

_EXIT_GRACE_S = 1.0
"""How long an idle worker may take to leave by itself when the backend closes."""
_END_S = 10.0
"""How long the end of its reports may take after that."""
_ANSWER_S = 5.0
"""How long a worker may take to say how much memory it has."""
_log = logging.getLogger("shoal")

_CAUSE_S = 1.0
"""How long the cluster may take to say why an actor cannot be reached."""


class Replica:
    """One worker, from its start to its last report.

    Args:
        worker: Its name.
        options: Ray's options for the actor.
        environment: Its variables.
        placement: Says on which node.
        head: Of the cluster.
        objects: What it shares with others.
        outbox: Where its reports go.
    """

    def __init__(
        self,
        worker: str,
        options: Mapping[str, Any],
        environment: Mapping[str, str],
        placement: Placement,
        head: ClusterWatch,
        objects: SharedObjects,
        outbox: Outbox,
    ) -> None:
        self._worker = worker
        self._options = options
        self._environment = environment
        self._placement = placement
        self._head = head
        self._objects = objects
        self._outbox = outbox
        self._place: Placed | None = None
        self._started_s = monotonic()
        self._actor: Any = None
        self._is_killed = False
        self._commands: asyncio.Queue[Command | None] = asyncio.Queue()
        self._created = asyncio.Event()
        self._exited = asyncio.Event()
        self._reason = ""
        self._sending = asyncio.create_task(self._send_commands(), name=f"commands to {worker}")
        self._receiving = asyncio.create_task(self._receive_reports(), name=f"reports of {worker}")
        self._receiving.add_done_callback(self._end)

    @property
    def has_exited(self) -> bool:
        """Whether its last report was made."""
        return self._exited.is_set()

    @property
    def waits_s(self) -> float:
        """For how long it has waited to run on some node; 0 once it does, or has exited."""
        return 0.0 if self._place or self.has_exited else monotonic() - self._started_s

    def send(self, command: Command) -> None:
        """Queue a command."""
        self._commands.put_nowait(command)

    def kill(self) -> None:
        """End the actor's process now; the end of its reports follows."""
        self._is_killed = True
        if self._actor is None:
            self._receiving.cancel()  # an actor that is being made ends with the last that refers to it
        elif ray.is_initialized():  # else the user left the cluster, and Ray would join another one to ask it
            with suppress(RayError, ValueError):  # it is gone
                ray.kill(self._actor)

    async def private_bytes(self) -> int | None:
        """Memory of its process alone; None where it does not answer in time."""
        if self._actor is None:
            return None
        try:
            async with asyncio.timeout(_ANSWER_S):
                found: int | None = await self._actor.private_bytes.remote()
        except (RayError, TimeoutError):
            return None
        return found

    async def close(self) -> None:
        """End it, if possible after what it is doing, and wait for its last report."""
        self._commands.put_nowait(None)
        try:
            await asyncio.wait_for(self._exited.wait(), _EXIT_GRACE_S)
        except TimeoutError:
            self.kill()
        await asyncio.wait({self._receiving}, timeout=_END_S)
        self._receiving.cancel()  # it hears no end where the cluster is gone

    async def abandon(self) -> None:
        """Ask nothing more of the cluster, which is gone."""
        self._is_killed = True
        for task in (self._sending, self._receiving):
            task.cancel()
        await asyncio.wait({self._sending, self._receiving})

    async def _create(self) -> Any:
        await self._head.until_there()
        options = {**self._options, **await self._placement.options_for(self._worker)}
        worker_class = actor_class(self._worker, dict(self._environment))
        return await asyncio.to_thread(worker_class.options(**options).remote)

    async def _send_commands(self) -> None:
        await self._created.wait()
        while (command := await self._commands.get()) is not None:
            try:
                memory = await self._objects.reference(command)
                self._actor.push.remote(np.frombuffer(b"".join(encode(command)), np.uint8), memory)
            except Exception as error:  # no room, or a job that ended before has closed its rows: the worker goes on
                refusal = _refusal(command, error)
                if refusal is None:
                    self._reason = f"ended by the driver, which could not send it {type(command).__name__}: {error}"
                    self.kill()
                    return
                self._outbox.put(self._worker, refusal)
        self._actor.push.remote(None)

    async def _receive_reports(self) -> None:
        try:
            self._actor = await self._create()
        except Exception as error:  # what Ray finds wrong with a runtime_env only now
            self._reason = f"could not be started: {error}"
            return
        self._created.set()
        try:
            async for reference in self._actor.serve.remote():
                match await reference:
                    case Placed() as placed:
                        self._place = placed
                        self._placement.runs_on(self._worker, placed.node_id)
                        _check(placed)
                    case Leaving(reason=told):
                        self._reason = told
                    case frames:
                        for frame in _split(frames):
                            self._outbox.put(self._worker, self._localised(decode_report(frame)))
        except RayError as error:
            self._reason = self._reason or death_text(await self._cause_of(error), placed=self._place)
        except Exception as error:  # it sent what is no report, or cannot be understood
            self._reason = f"ended by the driver: {error}"
        else:
            self._reason = self._reason or "left"
        finally:
            if not self._is_killed:
                self.kill()
            self._sending.cancel()
            await asyncio.wait({self._sending})

    def _end(self, _: asyncio.Task[None]) -> None:
        self._sending.cancel()
        self._placement.has_left(self._worker)
        self._exited.set()
        self._outbox.put(self._worker, WorkerExited(self._reason or "killed by the driver"))

    async def _cause_of(self, error: RayError) -> RayError:
        """Why the actor is gone; where only its connection was seen to break, the cluster may know more in a moment."""
        if isinstance(error, ActorUnavailableError):
            try:
                async with asyncio.timeout(_CAUSE_S):
                    await self._actor.private_bytes.remote()
            except RayError as later:
                return later
            except TimeoutError:
                pass
        return error

    def _localised(self, report: Report) -> Report:
        """The report; where files could not be read or written, with the node on which."""
        if self._place is None or not isinstance(report, ShardFailed) or report.failure.owner == "user":
            return report
        where = (
            f"{report.failure.where} on node {self._place.node} (on a cluster, files must lie on storage that every "
            "node has under the same path)"
        )
        return replace(report, failure=replace(report.failure, where=where))


def _split(frames: np.ndarray) -> Iterator[bytearray]:
    """Frames that arrived together, copied out of the object store."""
    while len(frames):
        size_bytes = wire.frame_size(frames[: wire.PRELUDE_BYTES].tobytes())
        yield bytearray(frames[:size_bytes].data)
        frames = frames[size_bytes:]


def _refusal(command: Command, error: Exception) -> Report | None:
    """What a worker would have answered to a command that cannot be carried to it; None where it has no such answer."""
    match command:
        case RunShard(job=job, shard=shard, attempt=attempt) | ProbeShard(job=job, shard=shard, attempt=attempt):
            return ShardFailed(job, shard.index, attempt, _failure(error, "rows"), 0, shard.rows)
        case BuildPredictor() | BuildTrainer():
            return BuildFailed(_failure(error, "weights"))
        case SwapWeights():
            return SwapFailed(_failure(error, "weights"))
        case OpenData():
            return TrainingFailed(_failure(error, "rows"))
    return None


def _failure(error: Exception, what: str) -> Failure:
    owner: Owner = "storage" if isinstance(error, MemoryError) else "source"
    return failure_of(error, Step(owner, f"sharing the {what} with the workers"))


def _check(placed: Placed) -> None:
    if placed.is_late:
        _log.warning(
            "shoal: on node %s NumPy was loaded before its threads could be set; the last bits of results may differ",
            placed.node,
        )
    ours = version_here()
    if placed.version and ours and placed.version != ours:
        raise RuntimeError(
            f"node {placed.node} has shoal {placed.version}, and the driver has shoal {ours}; install the same one "
            "everywhere"
        )
