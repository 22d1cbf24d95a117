"""The job folder: committed output, and enough of the job's story to go on after a crash.

    out/part-000012.parquet            published data, one file a shard
    out/_shoal/manifest.json           which job this is
    out/_shoal/records/000012.json     which attempt's files are shard 12
    out/_shoal/staged/…                what attempts have written; not Parquet to any reader's eyes
    out/_shoal/temporary/…             files on their way into place
    out/_shoal/report.json             how it ended

A shard is committed by the creation of its record, and by nothing else: whoever creates it wins, whoever comes later
adopts what it says. Everything after that only carries out what the record says and may be done again, by anyone, at
any time: the staged file is renamed to its final name, and then the leftovers of other attempts are deleted. A staged
file whose shard has no record is never deleted, because another driver may be about to commit it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from cluster.durable import fsync_folder, put_if_absent, replace
from cluster.errors import JobFolderError
from cluster.paths import absolute
from cluster.records import Record, RecordFile

__all__ = ["COMMIT_STEPS", "JobFolder", "Record", "RecordFile", "job_id"]

_FORMAT = 1

COMMIT_STEPS = ("temporary_written", "linked", "link_durable", "renamed", "rename_durable", "leftovers_removed")
"""The steps of a commit, in order. The record exists, and the shard is committed, from "linked" on."""


def job_id(identity: Mapping[str, Any]) -> str:
    """Return the name of a job: equal for equal identities, in any folder and on any machine."""
    story = json.dumps(identity, sort_keys=True)
    name = str(identity.get("predictor", "job")).rpartition(":")[2].rpartition(".")[2]
    return f"{name}-{hashlib.sha256(story.encode()).hexdigest()[:12]}"


class JobFolder:
    """A job's output on a local file system. Make one with `open` or `load`.

    All methods may be called from several threads, and by several drivers at once.
    """

    def __init__(self, path: Path, manifest: Mapping[str, Any], *, checkpoint: Callable[[str], None]) -> None:
        self.path = path
        self.job: str = manifest["job"]
        self.shards: int = manifest["shards"]
        self.identity: Mapping[str, Any] = manifest["identity"]
        self._checkpoint = checkpoint
        # Attempts are counted from 1 in every run, and a worker of a run that crashed may still be writing.
        self._run = secrets.token_hex(4)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        identity: Mapping[str, Any],
        *,
        shards: int,
        checkpoint: Callable[[str], None] = lambda step: None,
    ) -> JobFolder:
        """Create the folder of a new job, or open that of the same job in order to resume it, and recover it.

        A folder in which another job has committed nothing yet is taken over.

        Args:
            path: of the folder; it is created where missing.
            identity: what makes the job the same job, as JSON values.
            shards: how many shards the job has.
            checkpoint: called with a step's name after each step of a write; a test's chance to die there.

        Raises:
            JobFolderError: the folder holds another job (says in what it differs), holds something else, or cannot be
                written.
        """
        folder = absolute(path)
        manifest = {"format": _FORMAT, "job": job_id(identity), "shards": shards, "identity": identity}
        with _explained(folder):
            _create(folder)
            data = _to_json(manifest)
            put_if_absent(_manifest_path(folder), data, temporaries=_temporaries(folder), reached=checkpoint)
            found = _read_manifest(folder)
            if (found["job"], found["shards"]) != (manifest["job"], shards):
                if any(_records(folder).iterdir()):
                    raise JobFolderError(_another_job(folder, found, json.loads(data)))
                _take_over(folder, data)
                found = _read_manifest(folder)
            job = cls(folder, found, checkpoint=checkpoint)
            job.recover()
        return job

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> JobFolder:
        """Open a job folder for reading.

        Raises:
            JobFolderError: it is no job folder.
        """
        folder = absolute(path)
        if not _manifest_path(folder).is_file():
            what = "is no job folder" if folder.is_dir() else "is a file" if folder.exists() else "does not exist"
            raise JobFolderError(f"{folder} {what}; expected a folder that a job has written, with {_HIDDEN}/ inside")
        with _explained(folder):
            return cls(folder, _read_manifest(folder), checkpoint=lambda step: None)

    def committed(self) -> dict[int, Record]:
        """Return the records of all committed shards, by index, in order."""
        with _explained(self.path):
            records = [self._own(_read_record(path)) for path in _records(self.path).glob("*.json")]
        return {record.shard: record for record in sorted(records, key=lambda record: record.shard)}

    def staged_path(self, shard: int, *, attempt: int, replica: str) -> Path:
        """Return where an attempt stages its output."""
        safe_replica = re.sub(r"[^A-Za-z0-9]+", "_", replica)
        return _staged(self.path) / f"{shard:06d}-{attempt}-{safe_replica}-{self._run}.staged"

    def open_data(self, file: RecordFile) -> BinaryIO:
        """Open a committed file for reading, also where a crash has left it staged.

        Raises:
            JobFolderError: it is gone.
        """
        published, staged = self.path / file.name, _staged(self.path) / file.staged
        for path in (published, staged, published):  # a driver may publish it between two looks
            with suppress(FileNotFoundError):
                return path.open("rb")
        raise JobFolderError(f"{published} is missing, although its shard is committed; put it back")

    def commit(self, record: Record) -> Record:
        """Make one attempt's staged files the output of its shard.

        Returns:
            The record that counts: this one, or the one that another attempt created before.

        Raises:
            JobFolderError: a staged file is missing or not as long as it should be, or the folder cannot be written.
        """
        path = _record_path(self.path, record.shard)
        with _explained(self.path):
            problem = self._missing(record)
            fsync_folder(_staged(self.path))
            if not problem:
                put_if_absent(
                    path, _to_json(record.to_dict()), temporaries=_temporaries(self.path), reached=self._checkpoint
                )
            elif not path.exists():  # or else another driver has committed the shard and deleted our files
                raise JobFolderError(f"shard {record.shard} cannot be committed: {problem}")
            winner = self._own(_read_record(path))
            self._publish(winner)
            self._remove_leftovers({winner.shard})
        return winner

    def recover(self) -> None:
        """Carry out what records say where a crash came between, and delete what no record can need any more.

        Raises:
            JobFolderError: a file that a record names is gone or has another size.
        """
        with _explained(self.path):
            for temporary in _temporaries(self.path).iterdir():
                temporary.unlink(missing_ok=True)
            committed = self.committed()
            for record in committed.values():
                self._publish(record)
            self._remove_leftovers(committed)

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Write how the job ended to `_shoal/report.json`, and delete what late attempts have left.

        Args:
            summary: JSON values.
        """
        with _explained(self.path):
            self._remove_leftovers(self.committed())
            replace(self.path / _HIDDEN / "report.json", _to_json(summary), temporaries=_temporaries(self.path))

    def _own(self, record: Record) -> Record:
        """The record, if it is of this job: a job that was taken over may have had a driver alive."""
        if record.job != self.job:
            raise JobFolderError(
                f"{self.path} holds a record of {record.job} beside {self.job}: two different jobs were started on it "
                "at once. Give each a folder of its own"
            )
        return record

    def _missing(self, record: Record) -> str | None:
        """What is wrong with the staged files of a record, if anything."""
        for file in record.files:
            path = _staged(self.path) / file.staged
            try:
                size_bytes = path.stat().st_size
            except FileNotFoundError:
                return f"{path} is missing"
            if size_bytes != file.size_bytes:
                return f"{path} has {size_bytes} bytes, its writer reported {file.size_bytes}"
        return None

    def _publish(self, record: Record) -> None:
        moved = False
        for file in record.files:
            published = self.path / file.name
            try:
                (_staged(self.path) / file.staged).rename(published)
                moved = True
            except FileNotFoundError:  # published before; or else it is lost
                found = published.stat().st_size if published.exists() else None
                if found != file.size_bytes:
                    raise JobFolderError(
                        f"{published} is {'missing' if found is None else f'{found} bytes long'}; its record says "
                        f"{file.size_bytes} bytes. Put it back, or delete {_record_path(self.path, record.shard)} "
                        "to have it computed anew"
                    ) from None
        self._checkpoint("renamed")
        if moved:
            fsync_folder(self.path)
        self._checkpoint("rename_durable")

    def _remove_leftovers(self, committed: Iterable[int]) -> None:
        """Delete what is still staged for shards whose record is carried out."""
        prefixes = {f"{shard:06d}" for shard in committed}
        for staged in _staged(self.path).iterdir():
            if staged.name.partition("-")[0] in prefixes:
                staged.unlink(missing_ok=True)  # another driver may be tidying up as well
        self._checkpoint("leftovers_removed")


_HIDDEN = "_shoal"
_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def _manifest_path(folder: Path) -> Path:
    return folder / _HIDDEN / "manifest.json"


def _records(folder: Path) -> Path:
    return folder / _HIDDEN / "records"


def _record_path(folder: Path, shard: int) -> Path:
    return _records(folder) / f"{shard:06d}.json"


def _staged(folder: Path) -> Path:
    return folder / _HIDDEN / "staged"


def _temporaries(folder: Path) -> Path:
    return folder / _HIDDEN / "temporary"


def _create(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise JobFolderError(f"{folder} is a file; a job writes to a folder")
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fsync_folder(folder.parent)
    # In this order: what is there before the manifest is not a job's.
    strangers = sorted(path.name for path in folder.iterdir() if path.name != _HIDDEN)
    if strangers and not _manifest_path(folder).exists():
        listed = ", ".join(strangers[:3]) + (", …" if len(strangers) > 3 else "")
        raise JobFolderError(
            f"{folder} is not empty and no job folder (it holds {listed}); choose a new or empty folder"
        )
    for inner in (_records(folder), _staged(folder), _temporaries(folder)):
        inner.mkdir(parents=True, exist_ok=True)
    fsync_folder(folder / _HIDDEN)
    fsync_folder(folder)


def _read_manifest(folder: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = _read_json(_manifest_path(folder))
    if manifest.get("format") != _FORMAT:
        raise JobFolderError(
            f"{folder} has the job folder format {manifest.get('format')!r}, this version of shoal knows {_FORMAT}; "
            "use the version that wrote it"
        )
    return manifest


def _read_record(path: Path) -> Record:
    values = _read_json(path)
    try:
        return Record.from_dict(values)
    except (KeyError, TypeError) as error:
        raise JobFolderError(f"{path} is damaged: {error}") from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise JobFolderError(f"{path} is damaged: {error}") from error


def _to_json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, indent=1, sort_keys=True).encode() + b"\n"


def _take_over(folder: Path, manifest: bytes) -> None:
    """Make a folder in which nothing was committed another job's."""
    replace(_manifest_path(folder), manifest, temporaries=_temporaries(folder))
    for staged in _staged(folder).iterdir():
        staged.unlink(missing_ok=True)


def _another_job(folder: Path, found: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """What to tell a user whose job is not the one that the folder holds."""
    differences = dict(_differences(found["identity"], asked["identity"]))
    if len(differences) > 1:
        differences.pop("plan", None)  # it follows from the rest
    if not differences:
        differences["shards"] = f"the number of shards was {found['shards']} and is now {asked['shards']}"
    advice = "Resume it with what it was started with, choose another folder, or delete this one to start over"
    if "version" in differences:
        advice += (
            ". The version is the digest of the predictor's source file unless you name one: to go on with the code as "
            f"it is now, pass version={found['identity']['version']!r}"
        )
    return f"{folder} holds another job: {'; '.join(differences.values())}. {advice}"


def _differences(recorded: Any, asked: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each place in which two identities differ, and a clause that says how."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for key in sorted(recorded.keys() | asked.keys()):
            place = f"{where}.{key}" if where else key
            if key not in asked:
                yield place, f"{place} was {_abridged(recorded[key])} and is now missing"
            elif key not in recorded:
                yield place, f"{place} was missing and is now {_abridged(asked[key])}"
            else:
                yield from _differences(recorded[key], asked[key], place)
    elif isinstance(recorded, list) and isinstance(asked, list) and len(recorded) == len(asked):
        for index, (before, now) in enumerate(zip(recorded, asked, strict=True)):
            yield from _differences(before, now, f"{where}[{index}]")
    elif recorded != asked:
        yield where, f"{where} was {_abridged(recorded)} and is now {_abridged(asked)}"


def _abridged(value: Any) -> str:
    text = _DIGEST.sub(r"\1…", repr(value))
    return text if len(text) <= 200 else f"{text[:200]}…"


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JobFolderError(
            f"cannot use {folder} as a job folder: {error}. It must be writable, on a file system with hard links"
        ) from error
