"""How far a job is: counted by the driver, shown as a bar on a terminal and as plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Any, Protocol, TextIO, cast

from cluster.words import counted

_LINE_EVERY_S = 5.0
_REDRAW_EVERY_S = 0.1


@dataclass
class Progress:
    """Counts of one job.

    Attributes:
        rows_total: Rows of the source.
        shards_total: Shards that the source was cut into.
        rows: Rows whose shard is committed, earlier runs included.
        shards: Shards that are committed, earlier runs included.
        batches: Forward calls in this run, repeated ones included.
        attempts: Shards dispatched in this run, repeated ones included.
        probes: How often a worker was used to find out what ends workers.
        dead_rows: Rows that were given up, earlier runs included; they count among `rows`.
        graph_nodes: Nodes recorded for a backward pass: 0, or the inference contract is broken.
        first_batch_s: Seconds from the start of the job to its first batch.
        started_s: On the monotonic clock.
    """

    rows_total: int
    shards_total: int
    rows: int = 0
    shards: int = 0
    batches: int = 0
    attempts: int = 0
    probes: int = 0
    dead_rows: int = 0
    graph_nodes: int = 0
    first_batch_s: float | None = None
    started_s: float = field(default_factory=monotonic)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the job started."""
        return monotonic() - self.started_s


class ProgressView(Protocol):
    """Shows a job's progress; entered before the job and left after it, however that ends."""

    def __enter__(self) -> Callable[[Progress], None]: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Callable[[Progress], None]:
        return lambda progress: None

    def __exit__(self, *_: object) -> None:
        pass


class _Harmless:
    """A text stream that never raises: a display that cannot be shown must not end the job that it shows."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        self._attempt(self._stream.write, text)
        return len(text)

    def flush(self) -> None:
        self._attempt(self._stream.flush)

    def isatty(self) -> bool:
        return self._attempt(self._stream.isatty) is True

    def _attempt(self, function: Callable[..., object], *arguments: str) -> object:
        if not self._broken:
            try:
                return function(*arguments)
            except (OSError, ValueError):  # nobody reads the pipe, the disk is full, the stream is closed
                self._broken = True
        return None


class Lines:
    """A plain line now and then, for logs.

    Args:
        stream: Where to.
        every_s: At most one line in this many seconds, and one at the end.
    """

    def __init__(self, stream: TextIO, *, every_s: float = _LINE_EVERY_S) -> None:
        self._stream = _Harmless(stream)
        self._every_s = every_s
        self._last_s = monotonic()
        self._progress: Progress | None = None

    def __enter__(self) -> Callable[[Progress], None]:
        return self._update

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._print(self._progress)

    def _update(self, progress: Progress) -> None:
        self._progress = progress
        if monotonic() - self._last_s >= self._every_s:
            self._last_s = monotonic()
            self._print(progress)

    def _print(self, progress: Progress) -> None:
        share = progress.rows / progress.rows_total if progress.rows_total else 1.0
        print(
            f"shoal: {progress.rows:,} of {counted(progress.rows_total, 'row')} ({share:.0%}), "
            f"shard {progress.shards} of {progress.shards_total}, {progress.elapsed_s:.1f} s"
            + (f", {counted(progress.dead_rows, 'dead row')}" if progress.dead_rows else ""),
            file=self._stream,
            flush=True,
        )


class Bar:
    """A bar that redraws itself, for terminals.

    Args:
        stream: The terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = _Harmless(stream)
        self._bar: Any = None
        self._task: Any = None
        self._drawn_s = 0.0

    def __enter__(self) -> Callable[[Progress], None]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("rows{task.fields[dead]}"),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=Console(file=cast(TextIO, self._stream)),
            auto_refresh=False,  # by a thread, which nobody would join
        )
        self._task = self._bar.add_task("shoal", total=None, dead="")
        self._bar.start()
        return self._update

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _update(self, progress: Progress) -> None:
        due = monotonic() - self._drawn_s >= _REDRAW_EVERY_S
        if due:
            self._drawn_s = monotonic()
        dead = f", {progress.dead_rows:,} dead" if progress.dead_rows else ""
        self._bar.update(self._task, completed=progress.rows, total=progress.rows_total, dead=dead, refresh=due)


def progress_view(show: bool | None, *, stream: TextIO | None = None) -> ProgressView:
    """The fitting view.

    Args:
        show: True for a bar on a terminal and lines elsewhere; False for nothing; None for a bar on a terminal only.
        stream: Where to; standard error by default, which a daemon may not have.
    """
    target: TextIO | None = sys.stderr if stream is None else stream
    if show is False or target is None:
        return Silent()
    if _Harmless(target).isatty():
        return Bar(target)
    return Lines(target) if show else Silent()
