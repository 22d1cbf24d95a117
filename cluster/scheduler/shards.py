"""The books on shards: which wait, which are open, and what happened to them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cluster.errors import InvalidTransition
from cluster.scheduler.cares import Cares
from cluster.scheduler.events import BatchBegan, Event
from cluster.scheduler.quarantine import Quarantine
from cluster.scheduler.states import TRANSITIONS, ShardState
from workers.messages import PREPARE

if TYPE_CHECKING:
    from cluster.scheduler.actions import Action
    from cluster.scheduler.losses import Case
    from cluster.scheduler.replicas import Replica


@dataclass(slots=True, eq=False)
class Attempt:
    """One attempt at a shard, or one probe of it, that is not over.

    Attributes:
        shard: The shard's index.
        number: Counts the attempts at the shard and its probes, from 1.
        replica: Where it is.
        since_s: When it became the first in its replica's queue; until then, when it was dispatched.
        probe: Whether it is a probe.
        under_way: The piece of a batch that went into the predictor and has not come out.
        size: How many rows the batch under way has.
        overdue: The piece that its worker is killed for.
        ended: The last batch that came out.
    """

    shard: int
    number: int
    replica: Replica
    since_s: float
    probe: bool = False
    under_way: BatchBegan | None = None
    size: int = 0
    overdue: BatchBegan | None = None
    ended: int = PREPARE - 1

    @property
    def is_preparing(self) -> bool:
        """Whether `prepare` is what it has under way."""
        return self.under_way is not None and self.under_way.batch == PREPARE

    def begin(self, began: BatchBegan) -> None:
        """A piece goes in. The first one of a batch is all of it, unless a care says otherwise."""
        same = self.under_way is not None and self.under_way.batch == began.batch
        self.size = max(self.size, began.stop) if same else began.stop
        self.under_way = began


@dataclass(slots=True, eq=False)
class OpenShard:
    """A shard that was dispatched and is not committed: nothing is kept of the others.

    Attributes:
        index: Its number.
        state: Where it is.
        numbers: How many attempts and probes it had.
        runs: How many attempts it had.
        losses: How many of them a worker's death ended for no reason that was found.
        raises: How many failed to read or to store it.
        live: The attempts that are not over, by number; two when a straggler got a second one.
        winner: The attempt that is staged.
        failed_at: Replicas that live and failed it.
        patience_s: Until when it waits for a replica that starts, if all others failed it.
        cares: How to run it; None as long as nothing in it ended a worker.
        quarantine: The search for what does.
        case: The death that brought it there.
        how: The last failure's reason, for people.
        rows: The rows that it happened on.
    """

    index: int
    state: ShardState = ShardState.PLANNED
    numbers: int = 0
    runs: int = 0
    losses: int = 0
    raises: int = 0
    live: dict[int, Attempt] = field(default_factory=dict)
    winner: int = 0
    failed_at: frozenset[str] = frozenset()
    patience_s: float = 0.0
    cares: Cares | None = None
    quarantine: Quarantine | None = None
    case: Case | None = None
    how: str = ""
    rows: tuple[int, int] = (0, 0)


class Shards:
    """All shards of a job.

    Args:
        indices: Of the shards to do.
        window: How many may be open.
    """

    def __init__(self, indices: Iterable[int], *, window: int) -> None:
        self._fresh = sorted(indices, reverse=True)  # never dispatched; the lowest comes first
        self._again: list[int] = []  # a heap: open, and to be dispatched anew
        self._to_probe: list[int] = []  # a heap: in quarantine, and not being probed
        self._window = window
        self._numbers: dict[int, int] = {}  # of committed shards: how many attempts and probes each had
        self._stories: dict[int, list[str]] = {}  # of shards that had trouble
        self._counts = dict.fromkeys(ShardState, 0)  # of open shards
        self.open: dict[int, OpenShard] = {}
        self.total = len(self._fresh)

    # --- queries

    def state_of(self, index: int) -> ShardState:
        """Where a shard is."""
        if index in self._numbers:
            return ShardState.COMMITTED
        shard = self.open.get(index)
        return ShardState.PLANNED if shard is None else shard.state

    def count(self, state: ShardState) -> int:
        """How many open shards are in a state."""
        return self._counts[state]

    @property
    def committed(self) -> int:
        """How many are committed."""
        return len(self._numbers)

    @property
    def unstaged(self) -> int:
        """How many are still to run."""
        return self.total - len(self._numbers) - self._counts[ShardState.STAGED]

    @property
    def dispatchable(self) -> int:
        """How many wait for nothing but a replica. Those that were open before need no room among the open ones."""
        if self._fresh and (room := self._window - len(self.open)) > 0:
            return len(self._again) + min(room, len(self._fresh))
        return len(self._again)

    @property
    def to_probe(self) -> int:
        """How many wait for a replica to be probed on."""
        return len(self._to_probe)

    def find(self, event: Event, index: int, number: int) -> OpenShard | None:
        """The open shard that an event is about; None if it is committed.

        Raises:
            InvalidTransition: There never was such an attempt.
        """
        shard = self.open.get(index)
        if number > (self._numbers.get(index, 0) if shard is None else shard.numbers):
            raise InvalidTransition(f"{event!r} names an attempt that was never dispatched")
        return shard

    # --- queues

    def next(self) -> OpenShard:
        """Take the shard that is to be dispatched first: the lowest, as a consumer may wait for it."""
        if self._again:
            return self.open[heapq.heappop(self._again)]
        index = self._fresh.pop()
        shard = self.open[index] = OpenShard(index)
        self._counts[ShardState.PLANNED] += 1
        return shard

    def put_back(self, shard: OpenShard) -> None:
        """Have a shard dispatched again."""
        heapq.heappush(self._again, shard.index)

    def next_to_probe(self) -> OpenShard:
        """Take the shard that is to be probed first."""
        return self.open[heapq.heappop(self._to_probe)]

    def put_to_probe(self, shard: OpenShard) -> None:
        """Have a shard probed."""
        heapq.heappush(self._to_probe, shard.index)

    # --- changes

    def move(self, shard: OpenShard, to: ShardState, cause: Event | Action | type[Event]) -> None:
        """Take a shard to a state.

        Raises:
            InvalidTransition: `TRANSITIONS` does not allow it.
        """
        state = shard.state
        kind = cause if isinstance(cause, type) else type(cause)
        if to not in TRANSITIONS.get((state, kind), ()):
            raise self.invalid(shard, cause)
        if to is state:
            return
        self._counts[state] -= 1
        if to is ShardState.COMMITTED:
            del self.open[shard.index]
            self._numbers[shard.index] = shard.numbers
        else:
            self._counts[to] += 1
            shard.state = to

    def invalid(self, shard: OpenShard, cause: Event | Action | type[Event]) -> InvalidTransition:
        """The error that says what the table does not allow."""
        story = "".join(f"\n  {line}" for line in self.story_of(shard.index))
        return InvalidTransition(f"shard {shard.index} is {shard.state.value} and met {cause!r}; its story:{story}")

    def note(self, shard: OpenShard, at_s: float, what: str) -> None:
        """Add a line to the story of a shard that had trouble."""
        self._stories.setdefault(shard.index, []).append(f"{at_s:.3f} s: {what}")

    def story_of(self, index: int) -> list[str]:
        """What happened to a shard, a line each: its troubles, and where it is now."""
        lines = list(self._stories.get(index, ()))
        shard = self.open.get(index)
        if shard is None:
            return [*lines, self.state_of(index).value]
        for attempt in shard.live.values():
            kind = "probe" if attempt.probe else "attempt"
            batch = f", batch {attempt.under_way.batch} under way" if attempt.under_way else ""
            lines.append(f"{attempt.since_s:.3f} s: {kind} {attempt.number} at {attempt.replica.name}{batch}")
        if shard.winner:
            lines.append(f"attempt {shard.winner} is staged")
        return lines

    def check(self) -> None:
        """Raise AssertionError unless the books agree; for tests."""
        of_state: dict[ShardState, list[int]] = {state: [] for state in ShardState}
        for index, shard in self.open.items():
            of_state[shard.state].append(index)
            busy = shard.state in (ShardState.DISPATCHED, ShardState.RUNNING)
            assert busy <= bool(shard.live), f"shard {index} is {shard.state.value} and nowhere"
            assert len(shard.live) <= (2 if busy else shard.state is ShardState.QUARANTINED)
            if shard.state is not ShardState.DEAD:
                assert (shard.state is ShardState.QUARANTINED) == (shard.quarantine is not None)
            assert all(attempt.probe != busy for attempt in shard.live.values())
        assert {state: len(found) for state, found in of_state.items()} == self._counts, "open shards are counted"
        assert sorted(self._again) == sorted(of_state[ShardState.PLANNED]), "planned shards are queued, each once"
        unprobed = [index for index in of_state[ShardState.QUARANTINED] if not self.open[index].live]
        assert sorted(self._to_probe) == sorted(unprobed), "shards in quarantine are probed or queued"
        assert len(self.open) <= self._window, "a slow consumer bounds the open shards"
        assert not self.open or not self._fresh or max(self.open) < self._fresh[-1], "the lowest are opened first"
        assert len(self._fresh) + len(self.open) + len(self._numbers) == self.total, "no shard is lost"
