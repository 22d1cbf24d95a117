"""`shoal status`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cluster.cli.failing import told_as_one_message
from cluster.fence import Fence
from cluster.folder import JobFolder
from cluster.report import given_up
from cluster.stores import open_store
from cluster.words import counted

_SHOWN = 5


def show_status(place: str) -> None:
    """Print how far the job in a folder is, and what became of it."""
    with told_as_one_message():
        folder = JobFolder.load(place)
        fence = Fence.read(open_store(place))
        at_work = "" if fence is None else _at_work(fence)  # looked at before the report: a run ends with it
        report, records = folder.report(), folder.committed()
        dead_rows = sum(record.dead_rows for record in records.values())
        rows = sum(record.rows for record in records.values())
        lines = [
            f"{folder.job} in {folder.place}",
            f"{len(records):,} of {counted(folder.shards, 'shard')} committed, with {counted(rows, 'row')}",
        ]
        if dead_rows:
            lines += [f"{given_up(dead_rows)}:", *_dead(place, dead_rows)]
        if fence is None and report is None:
            lines.append("no run of it has begun yet")
        if fence is not None and (report is None or report.get("driver") != fence.driver):
            lines.append(at_work)
            if report is not None:
                lines.append(f"earlier, {_ended(report)}")
        elif report is not None:
            lines.append(_ended(report))
    print("\n".join(lines))


def _at_work(fence: Fence) -> str:
    """What became of a run that has left no report."""
    process = f"process {fence.pid} on {fence.host}"
    alive = fence.process_lives()
    if alive is None:
        return f"running, or lost: {process}, since {fence.started}; only there can be seen whether it lives"
    if alive:
        return f"running: {process}, since {fence.started}"
    return f"killed or lost: {process}, which began {fence.started}, is gone"


def _ended(report: Mapping[str, Any]) -> str:
    run = f"the run of {report['started_at']}"
    match report["status"]:
        case "finished":
            idle = " (nothing was left to do)" if report["resumed_shards"] == report["shards"] else ""
            return f"{run} finished after {report['seconds']:.1f} s{idle}, digest {report['digest']}"
        case "interrupted":
            return f"{run} was interrupted; what is committed stays, and the same command goes on with it"
    return f"{run} {report['status']}: {report['error']}"


def _dead(place: str, dead_rows: int) -> list[str]:
    from cluster.results import read_dead_letters

    letters = read_dead_letters(place)
    lines = [
        f"  row {letter.row} of {letter.source}: {letter.error_type}: {letter.message.splitlines()[0]}"
        for letter in letters[:_SHOWN]
    ]
    if dead_rows > _SHOWN:
        lines.append(f"  … and {dead_rows - _SHOWN:,} more: read_dead_letters({place!r})")
    return lines
