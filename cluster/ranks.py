"""The ranks of a training pool, driven step by step from the driver's loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

from cluster.averaging import average, mean_loss
from cluster.backends import Backend, Said
from cluster.errors import UsageError, UserCodeFailed, WorkersLost
from cluster.failures import error_of
from cluster.fleet import Fleet
from cluster.scheduler import ReplicaBuildFailed, ReplicaLost, ReplicaReady
from tensor import Tensor
from workers.messages import (
    ApplyGradients,
    Command,
    ComputeGradients,
    DigestState,
    Done,
    Gradients,
    LoadState,
    OpenData,
    ReadState,
    Report,
    State,
    TrainingFailed,
)
from workers.shards import Shard

R = TypeVar("R", bound=Report)


class Ranks:
    """Workers that act together: every command goes to all of them and is answered by all of them.

    Args:
        backend: Runs them.
        builds: The first command of each rank, by its worker's name, in the order of the ranks.
        environment: Variables of theirs.
        timeout_s: The longest that any rank may take for an answer.
    """

    def __init__(
        self, backend: Backend, builds: Mapping[str, Command], environment: Mapping[str, str], *, timeout_s: float
    ) -> None:
        self._backend = backend
        self._builds = builds
        self._environment = environment
        self._timeout_s = timeout_s
        self._names = tuple(builds)
        self._fleet: Fleet | None = None
        self._turn = asyncio.Lock()
        self._broken = ""

    @property
    def _workers(self) -> Fleet:
        assert self._fleet is not None, "open() comes first"
        return self._fleet

    async def open(self) -> None:
        """Start the ranks, and give all of them rank 0's parameters and buffers.

        Raises:
            UsageError: There is no room for all of them at once.
        """
        room = await self._backend.open(len(self._names), self._environment)
        self._fleet = Fleet(self._backend, replaces=False)
        if room < len(self._names):
            raise UsageError(
                f"there is room for {room} of the {len(self._names)} ranks, and they only step together; "
                f"lower world_size to {room}"
            )
        for name, build in self._builds.items():
            self._fleet.start(name, build)
        async with self._turn:
            await self._answers("building the trainer", self._names)
        await self._share_state()

    def kill(self) -> None:
        """End the ranks at once, without waiting."""
        if self._fleet is not None:
            self._fleet.kill_all()

    async def close(self) -> None:
        """End the ranks."""
        if self._fleet is not None:
            await self._fleet.close()
            self._fleet = None

    async def open_data(self, shard: Shard) -> None:
        """Have the ranks map the rows."""
        await self._all([OpenData(shard)] * len(self._names), Done)

    async def epoch(self, order: np.ndarray, batch_rows: int) -> float:
        """Visit the rows once, in the order given, and return their mean loss."""
        loss = 0.0
        for start in range(0, len(order), batch_rows):
            batch = order[start : start + batch_rows]
            loss += await self._step(batch) * len(batch)
        return loss / len(order)

    async def agree(self) -> str:
        """Make sure that all ranks hold the same parameters, give them rank 0's buffers, and return the digest."""
        digests = await self.digests()
        if len(set(digests)) > 1:
            self._broken = "the ranks' parameters differ"
            raise UserCodeFailed(
                "the ranks' parameters differ after equal gradients: the trainer must build the same optimizer on each "
                f"rank, with the same settings (digests: {', '.join(digest[:12] for digest in digests)})"
            )
        await self._share_state()  # buffers, such as running means, follow each rank's own rows
        return digests[0]

    async def _share_state(self) -> None:
        state = await self.state()
        await self._all([LoadState(state)] * len(self._names), Done)

    async def state(self) -> Mapping[str, Tensor]:
        """Rank 0's parameters and buffers."""
        (state,) = await self._exchange({self._names[0]: ReadState()}, State)
        return state.tensors

    async def digests(self) -> list[str]:
        """The digest of every rank's parameters."""
        return [state.digest for state in await self._all([DigestState()] * len(self._names), State)]

    async def _step(self, batch: np.ndarray) -> float:
        parts = np.array_split(batch, len(self._names))
        answers = await self._all([ComputeGradients(part) for part in parts], Gradients)
        await self._all([ApplyGradients(average(answers))] * len(self._names), Done)
        return mean_loss(answers)

    async def _all(self, commands: Sequence[Command], kind: type[R]) -> list[R]:
        """Send each rank its command and return the answers in the order of the ranks."""
        return await self._exchange(dict(zip(self._names, commands, strict=True)), kind)

    async def _exchange(self, commands: Mapping[str, Command], kind: type[R]) -> list[R]:
        """Send commands of one type and return the answers in the same order."""
        what = type(next(iter(commands.values())))
        async with self._turn:  # answers do not say to whom they are
            if self._broken:
                raise WorkersLost(
                    f"this training pool cannot go on after an earlier failure; make a new one: {self._broken}"
                )
            for name, command in commands.items():
                self._workers.send(name, command)
            answers = await self._answers(what.__name__, tuple(commands))
        failures = [answer.failure for answer in answers if isinstance(answer, TrainingFailed)]
        if failures:
            if what in (ApplyGradients, LoadState):  # some ranks have changed, and others not
                self._broken = f"{failures[0].where} raised {failures[0].type}: {failures[0].message}"
            raise error_of(failures[0])
        return [answer for answer in answers if isinstance(answer, kind)]

    async def _answers(self, what: str, names: Sequence[str]) -> list[Report]:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._collect(names)
        except TimeoutError:
            self._broken = f"a rank took more than {self._timeout_s:g} s for {what}"
            raise WorkersLost(f"{self._broken}; raise TrainingPool(timeout_s=...) if it only needs longer") from None
        except BaseException as error:  # the answers that are missing would be taken for the next ones
            self._broken = str(error) or type(error).__name__
            raise

    async def _collect(self, names: Sequence[str]) -> list[Report]:
        answers: dict[str, Report] = {}
        while len(answers) < len(names):
            match await self._workers.next():
                case ReplicaReady(replica=name):
                    answers[name] = Done("build")
                case ReplicaBuildFailed(failure=failure):
                    raise error_of(failure)
                case ReplicaLost(replica=name, reason=reason):
                    raise WorkersLost(f"{name} of {len(self._names)} ended while it trained: {reason}")
                case Said(worker=name, report=report):
                    answers[name] = report
        return [answers[name] for name in names]
