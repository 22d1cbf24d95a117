"""Reports on their way out of an actor: said in any of its threads, carried by the one stream that it has."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from workers.messages import BatchDone, BatchStarted, Report, encode


@dataclass(frozen=True)
class _Parcel:
    """Frames that travel together, and whether the driver has them."""

    frames: np.ndarray
    arrived: threading.Event = field(default_factory=threading.Event)


class Outgoing:
    """Brings reports to the driver in the order in which they are said.

    Who says one waits until the driver has it: else nobody would know what a worker was at that dies the next moment.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[memoryview] = []
        self._parcels: queue.SimpleQueue[_Parcel | None] = queue.SimpleQueue()
        self._last_batch = -1

    def tell(self, report: Report) -> None:
        """Say what the thread that computes has to say.

        Each item of the stream costs Ray a millisecond, so that a batch is done is said together with what comes next:
        that another one starts. The last one of a shard is said at once, as storing the output may take its time.
        """
        if isinstance(report, BatchStarted):
            self._last_batch = report.batches - 1
        if isinstance(report, BatchDone) and report.batch != self._last_batch:
            with self._lock:
                self._held += encode(report)
        else:
            self.say(report)

    def say(self, report: Report) -> None:
        """Say something at once, in any thread."""
        with self._lock:
            parcel = _Parcel(np.frombuffer(b"".join([*self._held, *encode(report)]), np.uint8))
            self._held.clear()
            self._parcels.put(parcel)
        parcel.arrived.wait()

    def close(self) -> None:
        """Nothing more will be said."""
        self._parcels.put(None)

    def stream(self) -> Generator[np.ndarray, None, None]:
        """Yield one or more frames at a time, uint8, shape (bytes,), until closed; resumed when the driver has them."""
        while (parcel := self._parcels.get()) is not None:
            yield parcel.frames
            parcel.arrived.set()
