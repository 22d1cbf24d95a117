"""`shoal status`."""

from __future__ import annotations

from cluster.cli.failing import told_as_one_message
from cluster.folder import JobFolder
from cluster.report import given_up

_SHOWN = 5


def show_status(place: str) -> None:
    """Print how far the job in a folder is, and what became of it."""
    with told_as_one_message():
        folder = JobFolder.load(place)
        records = folder.committed()
        dead_rows = sum(record.dead_rows for record in records.values())
        rows = sum(record.rows for record in records.values())
        print(f"{folder.job} in {folder.place}")
        print(f"{len(records):,} of {folder.shards:,} shards are committed, with {rows:,} rows")
        if dead_rows:
            print(f"{given_up(dead_rows)}:")
            _show_dead(place, dead_rows)
        report = folder.report()
        if report is None:
            print("no run of it has ended yet, or the last one was killed")
        elif report["status"] == "finished":
            print(
                f"finished in {report['seconds']:.1f} s (the run of {report['started_at']}), digest {report['digest']}"
            )
        else:
            print(f"the run of {report['started_at']} {report['status']}: {report['error']}")


def _show_dead(place: str, dead_rows: int) -> None:
    from cluster.results import read_dead_letters

    letters = read_dead_letters(place)
    for letter in letters[:_SHOWN]:
        print(f"  row {letter.row} of {letter.source}: {letter.error_type}: {letter.message.splitlines()[0]}")
    if dead_rows > _SHOWN:
        print(f"  … and {dead_rows - _SHOWN:,} more: read_dead_letters({place!r})")
