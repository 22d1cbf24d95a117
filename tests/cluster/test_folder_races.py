"""Two drivers on one job folder, in every interleaving that Hypothesis finds worth trying."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster.folder import JobFolder, Record
from tests.cluster.committer import IDENTITY, files, leftovers, stage


class Died(BaseException):
    """Raised at a checkpoint in place of a crash."""


class Driver:
    """Runs a function in a thread that stops at every checkpoint until it is its turn."""

    def __init__(self, work: Callable[[Callable[[str], None]], Record]) -> None:
        self.result: Record | None = None
        self.failure: Exception | None = None
        self._work = work
        self._dying = self._done = False
        self._turn, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def step(self) -> None:
        """Let it run to its next checkpoint, or to its end."""
        if not self._done:
            self._turn.release()
            self._stopped.acquire(timeout=100)

    def finish(self, *, die: bool = False) -> None:
        """Let it run to its end, or let it die where it stands."""
        self._dying = die
        while not self._done:
            self.step()
        self._thread.join(timeout=100)

    def _checkpoint(self, step: str) -> None:
        self._stopped.release()
        self._turn.acquire(timeout=100)
        if self._dying:
            raise Died

    def _run(self) -> None:
        self._turn.acquire(timeout=100)
        try:
            self.result = self._work(self._checkpoint)
        except Died:
            pass
        except Exception as error:
            self.failure = error
        finally:
            self._done = True
            self._stopped.release()


INTERLEAVINGS = st.lists(st.booleans(), max_size=24)


def race(place: str, turns: list[bool], *, one_dies: bool) -> None:
    """Let two drivers take turns, and see that they agree."""

    def driver(data: bytes) -> Driver:
        def work(checkpoint: Callable[[str], None]) -> Record:
            job = JobFolder.open(place, IDENTITY, shards=1, checkpoint=checkpoint)
            return job.commit(stage(job, 0, data))

        return Driver(work)

    drivers = [driver(b"mine"), driver(b"the other's")]
    for turn in turns:
        drivers[turn].step()
    drivers[0].finish(die=one_dies)
    drivers[1].finish()

    assert [driver.failure for driver in drivers] == [None, None]
    job = JobFolder.open(place, IDENTITY, shards=1)
    [record] = job.committed().values()
    assert {driver.result for driver in drivers} <= {record, None if one_dies else record}
    [data] = files(place).values()
    assert data == (b"mine" if record.size_bytes == 4 else b"the other's")
    assert leftovers(place) == []


@settings(max_examples=50)
@given(INTERLEAVINGS, st.booleans())
def test_one_record_wins_and_everyone_adopts_it(turns, one_dies):
    with tempfile.TemporaryDirectory() as name:
        race(f"{name}/out", turns, one_dies=one_dies)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(INTERLEAVINGS, st.booleans())
def test_one_record_wins_in_an_object_store(bucket, turns, one_dies):
    race(f"{bucket}/{secrets.token_hex(8)}", turns, one_dies=one_dies)
