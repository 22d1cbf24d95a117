"""Weights as an immutable snapshot: one copy a node, mapped read-only by every replica.

A snapshot is an epoch, a content digest and a list of where each tensor lies: in safetensors files themselves, or in a
sealed blob of shared memory. Replicas map those; nothing is copied.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

import tensor
from tensor import Tensor
from tensor.aliases import marked_origins
from tensor.bases import fresh
from tensor.checkpoints import find_checkpoint
from tensor.serialization import MARKS_KEY, check_weights, read_header
from workers.blobs import BlobWriter, SharedBlob, map_file
from workers.errors import SourceError

ALIGNMENT_BYTES = 64
"""Each tensor of a blob starts at a multiple of this: a cache line, and the widest vector load."""

_CHUNK_BYTES = 1 << 20  # read at once


@dataclass(frozen=True)
class WeightEntry:
    """Where one tensor lies.

    Attributes:
        name: Its name in the state dict.
        dtype: NumPy's name of its type, little-endian.
        shape: Its shape.
        offset: Bytes from the start of the file or blob.
        file: Which of the snapshot's files.
        marked: It came from inference mode, so it is marked wherever it is wrapped.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int
    file: int = 0
    marked: bool = False

    @property
    def size_bytes(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class HeldFile:
    """A file or blob that the process of the snapshot holds open.

    Attributes:
        path: Where other processes of the node map it: a descriptor of the process that holds it.
        state: Its size in bytes and time of its last change in ns, when the digest was taken.
        name: What it is called where it was found, for messages; empty for a blob.
    """

    path: str
    state: tuple[int, int]
    name: str = ""

    @property
    def size_bytes(self) -> int:
        """Bytes."""
        return self.state[0]

    def check(self) -> None:
        """Raise unless the file is what it was.

        Raises:
            SourceError: Somebody wrote to it.
        """
        found = Path(self.path).stat()
        if (found.st_size, found.st_mtime_ns) != tuple(self.state):
            raise SourceError(
                f"the weights file {self.name} was written to while it was in use; write a new file and rename it over "
                "the old one, as tensor.save does, or close the snapshot last"
            )

    def read_into(self, memory: memoryview) -> None:
        """Read it whole; other than a mapping, this cannot kill the process when the file is cut off.

        Raises:
            SourceError: It is shorter than it was.
        """
        with Path(self.path).open("rb", buffering=0) as file:
            while memory:
                if not (count := file.readinto(memory)):
                    raise SourceError(f"the weights file {self.name} was cut off while it was being read")
                memory = memory[count:]


@dataclass(frozen=True)
class SnapshotRef:
    """A snapshot as it travels to the workers of its node: no bytes, only where they lie.

    Attributes:
        epoch: Counts the snapshots of one training run; 0 for weights that came from elsewhere.
        digest: sha256 over the sorted (name, dtype, shape, bytes).
        files: The files or the blob to map.
        entries: The tensors.
        memory: The bytes of all files, one after the other, where a worker was handed them and cannot open their paths;
            they never travel with the reference.
    """

    epoch: int
    digest: str
    files: tuple[HeldFile, ...]
    entries: tuple[WeightEntry, ...]
    memory: memoryview | None = field(default=None, compare=False, repr=False)

    @property
    def marked(self) -> bool:
        """Whether any of the weights came from inference mode."""
        return any(entry.marked for entry in self.entries)

    def joined(self) -> memoryview:
        """The bytes of all files, one after the other, read-only: mapped if it is one, otherwise copied together.

        Raises:
            SourceError: A file is not what it was when the digest was taken.
        """
        if self.memory is not None:
            return self.memory
        if len(self.files) == 1:
            return self._map(self.files[0])
        *starts, size_bytes = self._starts()
        together = np.empty(size_bytes, np.uint8).data
        for start, file in zip(starts, self.files, strict=True):
            file.check()
            file.read_into(together[start : start + file.size_bytes])
        return together.toreadonly()

    def arrays(self) -> dict[str, np.ndarray]:
        """The tensors as read-only arrays on the mapped memory, without a copy.

        Raises:
            SourceError: A file is not what it was when the digest was taken.
        """
        if self.memory is not None:
            parts = [self.memory[start:] for start in self._starts()]
        else:
            parts = [self._map(file) for file in self.files]
        return {
            entry.name: np.ndarray(
                entry.shape, entry.dtype, parts[entry.file][entry.offset : entry.offset + entry.size_bytes]
            )
            for entry in self.entries
        }

    def tensors(self) -> dict[str, Tensor]:
        """The weights by name, read-only; all marked when called inside `inference_mode`, as replicas do."""
        marked = {entry.name for entry in self.entries if entry.marked}
        found = {}
        for name, array in self.arrays().items():
            with tensor.inference_mode() if name in marked else nullcontext():
                found[name] = fresh(array)  # its own mapping, nobody else's
        return found

    def _starts(self) -> list[int]:
        """Where each file starts among the bytes of all, and where they end."""
        sizes = [-(-file.size_bytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES for file in self.files]
        return [0, *accumulate(sizes)]

    @staticmethod
    def _map(file: HeldFile) -> memoryview:
        file.check()
        return map_file(file.path)


class WeightSnapshot(Mapping[str, np.ndarray]):
    """An immutable snapshot of weights: an epoch, a digest, and one copy on this node.

    A mapping of name to read-only array. Made by `from_file`, `from_mapping` or `TrainingPool.publish`; given to
    `Pool(weights=...)` or `Pool.swap`, which keep a hold of their own.

    Attributes:
        ref: What travels to the workers.
    """

    def __init__(self, ref: SnapshotRef, blobs: tuple[SharedBlob, ...]) -> None:
        self.ref = ref
        self._blobs = blobs
        self._arrays: dict[str, np.ndarray] | None = None

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], *, epoch: int = 0, check_finite: bool = False) -> WeightSnapshot:
        """Take safetensors files as they are: replicas map them, so their page cache is the one copy.

        The files are held open: others may be renamed over them meanwhile, and change nothing here.

        Args:
            path: A safetensors file; or the index of a checkpoint in several files, or a folder with one of them.
            epoch: Counts the snapshots of one training run.
            check_finite: Refuse NaN and infinities.

        Raises:
            FileNotFoundError: There is no such file.
            tensor.errors.TensorError: It is not a safetensors file, not a whole checkpoint, or that of a training run.
            SourceError: Somebody wrote to a file meanwhile.
        """
        checkpoint = find_checkpoint(path)
        headers = [read_header(file) for file in checkpoint.files]
        for found, header in zip(checkpoint.files, headers, strict=True):
            check_weights(header, path=found)
        aligned = all(entry.is_aligned() for header in headers for entry in header.entries.values())
        if not aligned or any(MARKS_KEY in header.metadata for header in headers):
            # Misaligned arrays are slow everywhere and copied by BLAS at each call; one aligned copy a node is cheaper.
            # Marked weights are rare, and keep their mark on this way.
            return cls.from_mapping(tensor.load(path, check_finite=check_finite), epoch=epoch)
        if check_finite:
            tensor.load(path, check_finite=True)
        with ExitStack() as stack:
            blobs = tuple(SharedBlob.of_file(file) for file in checkpoint.files)
            for blob in blobs:
                stack.callback(blob.close)
            files, entries = [], []
            for index, (name, blob) in enumerate(zip(checkpoint.files, blobs, strict=True)):
                header = read_header(blob.path)
                files.append(HeldFile(blob.path, blob.state, str(name)))
                entries += [
                    WeightEntry(entry.name, entry.dtype.name, entry.shape, entry.offset_bytes, index)
                    for entry in map(header.entries.__getitem__, checkpoint.names_in(name, header.entries))
                ]
            digest = _digest((entry, _chunks(blobs[entry.file], entry, files)) for entry in _by_name(entries))
            for file in files:
                file.check()
            stack.pop_all()
        return cls(SnapshotRef(epoch, digest, tuple(files), tuple(entries)), blobs)

    @classmethod
    def from_mapping(
        cls, weights: Mapping[str, Tensor] | Mapping[str, np.ndarray] | Mapping[str, Any], *, epoch: int = 0
    ) -> WeightSnapshot:
        """Copy tensors or arrays into one sealed blob of shared memory.

        Args:
            weights: Name to `Tensor` or array, as `Module.state_dict()` gives.
            epoch: Counts the snapshots of one training run.
        """
        arrays = {str(name): _as_array(name, value) for name, value in weights.items()}
        writer = BlobWriter("weights")
        entries = []
        offset = 0
        marked = {str(name) for name, value in weights.items() if _is_marked(value)}
        try:
            for name, array in arrays.items():
                entries.append(WeightEntry(name, array.dtype.name, array.shape, offset, marked=name in marked))
                _write_all(writer.fd, array)
                end = offset + array.nbytes
                offset = -(-end // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
                os.lseek(writer.fd, offset, os.SEEK_SET)
            os.ftruncate(writer.fd, offset)
            blob = writer.seal()
        except BaseException:
            writer.discard()
            raise
        files = (HeldFile(blob.path, blob.state),)
        return cls(SnapshotRef(epoch, weights_digest(arrays), files, tuple(entries)), (blob,))

    def duplicate(self) -> WeightSnapshot:
        """The same snapshot under a hold of its own, closed apart from this one; nothing is copied."""
        blobs = tuple(blob.duplicate() for blob in self._blobs)
        files = tuple(replace(file, path=blob.path) for file, blob in zip(self.ref.files, blobs, strict=True))
        return WeightSnapshot(replace(self.ref, files=files), blobs)

    @property
    def epoch(self) -> int:
        """Which snapshot of its training run this is."""
        return self.ref.epoch

    @property
    def digest(self) -> str:
        """sha256 over the sorted (name, dtype, shape, bytes); a file and a mapping of the same weights agree."""
        return self.ref.digest

    @property
    def size_bytes(self) -> int:
        """Bytes of all tensors."""
        return sum(entry.size_bytes for entry in self.ref.entries)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the weights as a safetensors file.

        What training made is written unmarked, whatever wrapped it since: a replica marks its own view of it.
        """
        tensor.save(self.ref.tensors(), path)

    def close(self) -> None:
        """Let go of the shared memory; replicas that mapped it keep their view."""
        self._arrays = None
        for blob in self._blobs:
            blob.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __getitem__(self, name: str) -> np.ndarray:
        if self._arrays is None:
            # Through tensors, so that wrapping an array of a marked one again gives a marked tensor.
            self._arrays = {name: each.numpy() for name, each in self.ref.tensors().items()}
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return (entry.name for entry in self.ref.entries)

    def __len__(self) -> int:
        return len(self.ref.entries)

    def __repr__(self) -> str:
        return (
            f"WeightSnapshot(epoch={self.epoch}, digest={self.digest[:12]}, "
            f"tensors={len(self)}, size_bytes={self.size_bytes})"
        )


def weights_digest(arrays: Mapping[str, np.ndarray]) -> str:
    """sha256 over the sorted (name, dtype, shape, bytes) of `arrays`."""
    found = {name: WeightEntry(name, array.dtype.name, array.shape, 0) for name, array in arrays.items()}
    return _digest(
        (entry, [np.ascontiguousarray(arrays[entry.name]).reshape(-1).view(np.uint8).data])
        for entry in _by_name(found.values())
    )


def _by_name(entries: Iterable[WeightEntry]) -> list[WeightEntry]:
    return sorted(entries, key=lambda entry: entry.name)


def _digest(parts: Iterable[tuple[WeightEntry, Iterable[bytes | memoryview]]]) -> str:
    digest = hashlib.sha256()
    for entry, chunks in parts:
        digest.update(f"{entry.name}\0{entry.dtype}\0{entry.shape}\0".encode())
        for chunk in chunks:
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(blob: SharedBlob, entry: WeightEntry, files: Sequence[HeldFile]) -> Iterator[bytes]:
    """The bytes of one tensor, read rather than mapped: a file that is cut off meanwhile must not kill the driver."""
    at, end = entry.offset, entry.offset + entry.size_bytes
    while at < end:
        if not (chunk := blob.read(min(end - at, _CHUNK_BYTES), at)):
            raise SourceError(f"the weights file {files[entry.file].name} was cut off while it was being read")
        yield chunk
        at += len(chunk)


def _is_marked(value: Any) -> bool:
    """Whether a tensor is inference-only, or an array is over the memory of one that is."""
    return value.is_inference() if isinstance(value, Tensor) else bool(marked_origins(np.asarray(value)))


def _as_array(name: object, value: object) -> np.ndarray:
    array = value.detach().numpy() if isinstance(value, Tensor) else value
    if not isinstance(array, np.ndarray) or not (
        array.dtype.kind in "fiub" or array.dtype == tensor.bfloat16.numpy_dtype
    ):
        raise TypeError(f"weights[{name!r}]: expected a tensor or a numeric array, got {type(value).__name__}")
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)


def _write_all(fd: int, array: np.ndarray) -> None:
    rest = array.reshape(-1).view(np.uint8).data
    while rest:
        rest = rest[os.write(fd, rest) :]
