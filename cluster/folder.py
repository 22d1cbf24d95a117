"""The job folder: committed output, and enough of the job's story to go on after a crash.

    out/part-000012.parquet                    published data, a shard's files
    out/_shoal/manifest.json                   which job this is
    out/_shoal/fence.json                      which driver has it
    out/_shoal/records/000012.json             which attempt's files are shard 12
    out/_shoal/dead_letters/000012.parquet     the rows of shard 12 that were given up
    out/_shoal/rows/…                          the rows of an iterable, written down to be read again; see `kept_lists`
    out/_shoal/staged/…                        what attempts have written; not Parquet to any reader's eyes
    out/_shoal/temporary/…                     files on their way into place, on file systems
    out/_shoal/report.json                     how it ended

A shard is committed by the creation of its record, and by nothing else: whoever creates it wins, whoever comes later
adopts what it says. Everything after that only carries out what the record says and may be done again, by anyone, at
any time: the staged files get their final names, and then the leftovers of other attempts are deleted. A staged
file whose shard has no record is never deleted, because another driver may be about to commit it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from cluster.errors import ClusterError, JobFolderError
from cluster.fence import Fence
from cluster.identity import another_job, job_id
from cluster.kept_lists import unused_rows
from cluster.layout import (
    FORMAT,
    HIDDEN,
    MANIFEST,
    RECORDS,
    REPORT,
    ROWS,
    STAGED,
    explained,
    from_json,
    read_manifest,
    record_name,
    refuse_strangers,
    staged_name,
    to_json,
    what_is_there,
)
from cluster.records import DEAD_LETTERS, Record, RecordFile
from cluster.stores import Checkpoint, Store, open_store, uninterrupted
from workers.storage import join

__all__ = ["JobFolder", "Record", "RecordFile", "job_id"]


class JobFolder:
    """A job's output, on a file system or in an object store. Make one with `open` or `load`.

    All methods may be called from several threads, and by several drivers at once.

    Attributes:
        place: Its absolute path or URL.
        job: The job's name.
        shards: How many shards it has.
        identity: What makes it the same job.
        run: The name of this run of it, another one for each `open`.
    """

    def __init__(self, store: Store, manifest: Mapping[str, Any]) -> None:
        self.place = store.place
        self.job: str = manifest["job"]
        self.shards: int = manifest["shards"]
        self.identity: Mapping[str, Any] = manifest["identity"]
        # Attempts are counted from 1 in every run, and a worker of a run that crashed may still be writing.
        self.run = secrets.token_hex(4)
        self._store = store
        self._fence: Fence | None = None

    @classmethod
    def open(
        cls,
        place: str | os.PathLike[str],
        identity: Mapping[str, Any],
        *,
        shards: int,
        checkpoint: Checkpoint = uninterrupted,
    ) -> JobFolder:
        """Create the folder of a new job, or open that of the same job in order to resume it, and recover it.

        A folder in which another job has committed nothing yet is taken over, and so is one from a driver that is
        still at work on the same job; that one ends with `JobFenced`.

        Args:
            place: Path of the folder, or URL; it is created where missing.
            identity: What makes the job the same job, as JSON values.
            shards: How many shards the job has.
            checkpoint: Called with a step's name after each step of a write; a test's chance to die there.

        Raises:
            JobFolderError: The folder holds another job (says in what it differs), holds something else, or cannot be
                written.
            UsageError: The place is a URL that shoal does not know.
        """
        store = open_store(place, checkpoint=checkpoint)
        manifest = {"format": FORMAT, "job": job_id(identity), "shards": shards, "identity": identity}
        data = to_json(manifest)
        with explained(store):
            store.make([""])
            refuse_strangers(store)
            store.make([HIDDEN, *filter(None, [RECORDS, STAGED, DEAD_LETTERS, store.temporaries])])
            store.put_if_absent(MANIFEST, data)
            found = read_manifest(store)
            if (found["job"], found["shards"]) != (manifest["job"], shards):
                if store.entries(RECORDS):
                    raise JobFolderError(another_job(store.place, found, json.loads(data)))
                # Nothing was committed: it becomes this job's.
                store.replace(MANIFEST, data)
                store.remove(f"{STAGED}/{name}" for name in store.entries(STAGED))
                found = read_manifest(store)
            folder = cls(store, found)
            folder._fence = Fence.take(store, driver=folder.run)
            folder.recover()
            if unused := unused_rows(store, ROWS, identity.get("source", {})):
                folder.check_fence()  # what is nobody's in our eyes may be that of a driver that has come since
                store.remove(unused)
        return folder

    @classmethod
    def load(cls, place: str | os.PathLike[str]) -> JobFolder:
        """Open a job folder for reading.

        Raises:
            JobFolderError: It is no job folder, or cannot be read.
            UsageError: The place is a URL that shoal does not know.
        """
        store = open_store(place)
        with explained(store, writing=False):
            try:
                return cls(store, read_manifest(store))
            except (FileNotFoundError, NotADirectoryError):
                what = what_is_there(store)
        raise JobFolderError(f"{store.place} {what}; expected a folder that a job has written, with {HIDDEN}/ inside")

    @classmethod
    def rows_place(cls, place: str | os.PathLike[str]) -> tuple[str, str | None]:
        """Return where a job keeps its rows that come from an iterable, and so have no plan before they are written.

        Nothing is removed: another driver may be at work on what is there. `open` removes what its job does not need.

        Args:
            place: Path or URL of the folder; it is created where missing.

        Returns:
            The place; and the digest of the rows there that something was committed of, None where nothing was.

        Raises:
            JobFolderError: The folder holds a job on other rows, holds something else, or cannot be written.
            UsageError: The place is a URL that shoal does not know.
        """
        store = open_store(place)
        with explained(store):
            store.make([""])
            refuse_strangers(store)
            store.make([HIDDEN])
            if store.size_bytes(MANIFEST) is not None and store.entries(RECORDS):
                source = read_manifest(store)["identity"].get("source", {})
                if source.get("kind") != "iterable":
                    raise JobFolderError(
                        f"{store.place} holds another job, whose source is of the kind {source.get('kind')!r}; this "
                        "one's is an iterable. Choose another folder, or delete this one to start over"
                    )
                return join(store.place, ROWS), source["digest"]
        return join(store.place, ROWS), None

    def committed(self) -> dict[int, Record]:
        """Return the records of all committed shards, by index, in order."""
        with explained(self._store, writing=False):
            names = self._record_names()
            read = self._store.read_all(names)
        records = [self._own(self._parsed(name, data)) for name, data in zip(names, read, strict=True)]
        return {record.shard: record for record in sorted(records, key=lambda record: record.shard)}

    def staged_prefix(self, shard: int, *, attempt: int, replica: str) -> str:
        """Return what the names of an attempt's staged files begin with: a path or a URL."""
        safe_replica = re.sub(r"[^A-Za-z0-9]+", "_", replica)
        return join(self.place, STAGED, f"{shard:06d}-{attempt}-{safe_replica}-{self.run}")

    def open_data(self, file: RecordFile) -> BinaryIO:
        """Open a committed file for reading, also where a crash has left it staged.

        Raises:
            JobFolderError: It is gone, or cannot be read.
        """
        with explained(self._store, writing=False):
            for name in (file.name, staged_name(file), file.name):  # a driver may publish it between two looks
                with suppress(FileNotFoundError):
                    return self._store.open(name)
        raise JobFolderError(f"{join(self.place, file.name)} is missing, although its shard is committed; put it back")

    def check_fence(self) -> None:
        """Make sure that no other driver has taken the folder over. One small read.

        Raises:
            JobFenced: One has.
            JobFolderError: The folder is gone, or cannot be read.
        """
        if self._fence is not None:
            with explained(self._store, writing=False):
                self._fence.check(self._store)

    def commit(self, record: Record) -> Record:
        """Make one attempt's staged files the output of its shard.

        Returns:
            The record that counts: this one, or the one that another attempt created before.

        Raises:
            JobFolderError: A staged file is missing or not as long as it should be, or the folder cannot be written.
        """
        name = record_name(record.shard)
        with explained(self._store):
            problem = self._missing(record)
            created = False
            if not problem:
                self._store.settle(STAGED)
                created = self._store.put_if_absent(name, to_json(record.to_dict()))
            elif self._store.size_bytes(name) is None:
                raise JobFolderError(f"shard {record.shard} cannot be committed: {problem}")
            # Else another driver has committed the shard and deleted our files.
            winner = record if created else self._own(self._parsed(name, self._store.read(name)))
            self._publish(winner)
            self._remove_leftovers({winner.shard})
        return winner

    def recover(self) -> None:
        """Carry out what records say where a crash came between, and delete what no record can need any more.

        Raises:
            JobFolderError: A file that a record names is gone or has another size.
        """
        with explained(self._store):
            temporaries = self._store.temporaries
            if temporaries:
                self._store.remove(f"{temporaries}/{name}" for name in self._store.entries(temporaries))
            committed = self.committed()
            # What is in place already costs two looks in all, not one a shard.
            in_place = self._store.entries("") | {
                f"{DEAD_LETTERS}/{name}": size for name, size in self._store.entries(DEAD_LETTERS).items()
            }
            staged = self._store.entries(STAGED)
            for record in committed.values():
                if any(
                    in_place.get(file.name) != file.size_bytes or file.staged in staged for file in record.all_files
                ):
                    self._publish(record)
            self._remove_leftovers(committed)

    def report(self) -> dict[str, Any] | None:
        """Return how the last run that ended has ended, as `finish` or `fail` wrote it; None if none has.

        Raises:
            JobFolderError: The report cannot be read.
        """
        with explained(self._store, writing=False):
            try:
                data = self._store.read(REPORT)
            except FileNotFoundError:
                return None
        report: dict[str, Any] = from_json(join(self.place, REPORT), data)
        return report

    def finish(self, report: Mapping[str, Any]) -> None:
        """Write how the job ended to `_shoal/report.json`, and delete what late attempts have left.

        Args:
            report: JSON values.

        Raises:
            JobFolderError: The folder cannot be written.
        """
        with explained(self._store):
            self._remove_leftovers(int(name.rpartition("/")[2].removesuffix(".json")) for name in self._record_names())
            self._store.replace(REPORT, to_json(report))

    def fail(self, report: Mapping[str, Any]) -> None:
        """Write to `_shoal/report.json` how the job failed.

        Raises nothing: the job's own error counts. Where the folder cannot be written, or is another driver's, there
        is no report of it.

        Args:
            report: JSON values.
        """
        with suppress(OSError, ClusterError):
            self.check_fence()
            self._store.replace(REPORT, to_json(report))

    def _record_names(self) -> list[str]:
        return [f"{RECORDS}/{name}" for name in self._store.entries(RECORDS) if name.endswith(".json")]

    def _parsed(self, name: str, data: bytes) -> Record:
        place = join(self.place, name)
        try:
            return Record.from_dict(from_json(place, data))
        except (KeyError, TypeError) as error:
            raise JobFolderError(f"{place} is damaged: {error}") from error

    def _own(self, record: Record) -> Record:
        """The record, if it is of this job: a job that was taken over may have had a driver alive."""
        if record.job != self.job:
            raise JobFolderError(
                f"{self.place} holds a record of {record.job} beside {self.job}: two different jobs were started on it "
                "at once. Give each a folder of its own"
            )
        return record

    def _missing(self, record: Record) -> str | None:
        """What is wrong with the staged files of a record, if anything."""
        for file in record.all_files:
            place = join(self.place, staged_name(file))
            size_bytes = self._store.size_bytes(staged_name(file))
            if size_bytes is None:
                return f"{place} is missing"
            if size_bytes != file.size_bytes:
                return f"{place} has {size_bytes} bytes, its writer reported {file.size_bytes}"
        return None

    def _publish(self, record: Record) -> None:
        changed = set()
        for file in record.all_files:
            if self._store.publish(staged_name(file), file.name):
                changed.add(file.name.rpartition("/")[0])
                continue
            found = self._store.size_bytes(file.name)  # published before; or else it is lost
            if found != file.size_bytes:
                raise JobFolderError(
                    f"{join(self.place, file.name)} is {'missing' if found is None else f'{found} bytes long'}; its "
                    f"record says {file.size_bytes} bytes. Put it back, or delete "
                    f"{join(self.place, record_name(record.shard))} to have it computed anew"
                )
        for folder in sorted(changed):
            self._store.settle(folder)

    def _remove_leftovers(self, committed: Iterable[int]) -> None:
        """Delete what is still staged for shards whose record is carried out."""
        prefixes = {f"{shard:06d}" for shard in committed}
        staged = self._store.entries(STAGED)
        self._store.remove(f"{STAGED}/{name}" for name in staged if name.partition("-")[0] in prefixes)
