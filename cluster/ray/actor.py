"""The worker's end, inside Ray: an actor that serves the driver until its commands end.

One call, `serve`, lasts as long as the worker and streams its reports; what they are about is done in a thread beside
it. Commands arrive by `push`, in yet another one, so that a job can be cancelled between two of its batches.

Ray keeps processes ready, and takes one of them for the actor; a process with variables of its own would be started
anew, which takes a second. So the actor sets its variables itself, and imports nothing before that which loads NumPy.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import traceback
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray

if TYPE_CHECKING:
    import numpy as np

    from cluster.ray.outgoing import Outgoing
    from workers.code import CodeRef
    from workers.messages import Command

_GROUPS = {"serve": 1, "control": 1}
"""Ray's concurrency groups: one thread streams reports, another one takes commands and answers questions."""


@dataclass(frozen=True)
class Placed:
    """The actor runs; said once, first.

    Attributes:
        node: The address of its machine.
        node_id: Ray's name for that.
        pid: Of its process there.
        version: shoal's, there; empty where it came without its metadata, by `runtime_env`.
        is_late: Whether NumPy was loaded before the actor could set its variables.
    """

    node: str
    node_id: str
    pid: int
    version: str
    is_late: bool


@dataclass(frozen=True)
class Leaving:
    """The user's code ended the worker; its last word. The driver ends the process then, so that the word arrives."""

    reason: str


class WorkerActor:
    """Serves one driver.

    Args:
        worker: Its name.
        environment: Variables to set before NumPy is loaded.
    """

    def __init__(self, worker: str, environment: Mapping[str, str]) -> None:
        self._worker = worker
        self._is_late = "numpy" in sys.modules
        os.environ.update(environment)
        self._arrived: queue.SimpleQueue[tuple[np.ndarray, np.ndarray | None] | None] = queue.SimpleQueue()
        self._leaving: Leaving | None = None

    def __repr__(self) -> str:
        """What Ray puts before each line that the user's code prints."""
        return self._worker

    @ray.method(concurrency_group="control")
    def push(self, frame: np.ndarray | None, memory: np.ndarray | None = None) -> None:
        """Take a command; None after the last one.

        Args:
            frame: The command, uint8, shape (bytes,).
            memory: What it refers to (see `workers.places`), uint8, shape (bytes,), read-only in this node's store.
        """
        self._arrived.put(None if frame is None else (frame, memory))

    @ray.method(concurrency_group="control")
    def private_bytes(self) -> int | None:
        """Memory of its process alone."""
        from workers.memory import private_bytes

        return private_bytes(os.getpid())

    # Resumed only when the driver has taken what was yielded: so no report is lost with the process, and no more than
    # one of each worker waits in the object store.
    @ray.method(concurrency_group="serve", num_returns="streaming", _generator_backpressure_num_objects=1)
    def serve(self) -> Generator[Placed | np.ndarray | Leaving, None, None]:
        """Yield `Placed`, then reports as one or more frames, uint8, shape (bytes,), then perhaps `Leaving`."""
        node = ray.get_runtime_context().get_node_id()
        yield Placed(ray.util.get_node_ip_address(), node, os.getpid(), version_here(), self._is_late)
        from cluster.ray.outgoing import Outgoing

        outgoing = Outgoing()
        threading.Thread(target=self._compute, args=(outgoing,), name="compute", daemon=True).start()
        yield from outgoing.stream()
        if self._leaving is not None:
            yield self._leaving

    def _compute(self, outgoing: Outgoing) -> None:
        from workers.serving import Commands, serve

        commands = Commands(self._next, lambda: not self._arrived.empty())
        try:
            with closing(serve(commands, import_code=import_code, say=outgoing.say)) as reports:
                for report in reports:
                    outgoing.tell(report)
        except SystemExit as error:
            notes = getattr(error, "__notes__", ["no line is known"])
            self._leaving = Leaving(f"{_exit_text(error)} ({'; '.join(notes)})")
        except BaseException as error:  # what would end a process: KeyboardInterrupt, a user's own
            traceback.print_exc()
            self._leaving = Leaving(f"ended by {type(error).__name__}({', '.join(map(repr, error.args))})")
        finally:
            outgoing.close()

    def _next(self) -> Command | None:
        from workers.messages import decode_command
        from workers.places import hand_over

        arrived = self._arrived.get()
        if arrived is None:
            return None
        frame, memory = arrived
        command = decode_command(frame.tobytes())
        return command if memory is None else hand_over(command, memory.data)


def actor_class(worker: str, environment: Mapping[str, str]) -> Any:
    """The remote class of one worker; its constructor takes nothing.

    To read arguments, Ray would load pyarrow, and that loads NumPy. The class itself travels by value.

    Args:
        worker: Its name.
        environment: Its variables.
    """

    class Worker(WorkerActor):
        def __init__(self) -> None:
            super().__init__(worker, environment)

    # Our scheduler alone retries: it knows which attempts are over.
    return ray.remote(max_restarts=0, max_task_retries=0, concurrency_groups=_GROUPS)(Worker)


def version_here() -> str:
    """Shoal's version in this process, as in `Placed`."""
    try:
        return metadata.version("shoal")
    except metadata.PackageNotFoundError:
        return ""


def _exit_text(error: SystemExit) -> str:
    status = 0 if error.code is None else error.code if isinstance(error.code, int) else 1
    return f"exited with status {status}"


def import_code(code: CodeRef) -> None:
    """Look where the driver looks too, after all that this node has by itself, such as what `runtime_env` brought."""
    sys.path += [place for place in code.path if place not in sys.path and Path(place).exists()]
