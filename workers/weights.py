"""Weights as an immutable snapshot: one copy a node, mapped read-only by every replica.

A snapshot is an epoch, a content digest and a list of where each tensor lies in one file-like place: the safetensors
file itself, or a sealed blob of shared memory. Replicas map that place; nothing is copied.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

import tensor
from tensor import Tensor
from tensor.aliases import marked_origins
from tensor.bases import fresh
from tensor.serialization import MARKS_KEY, read_header
from workers.blobs import BlobWriter, SharedBlob, map_file
from workers.errors import SourceError

ALIGNMENT_BYTES = 64
"""Each tensor of a blob starts at a multiple of this: a cache line, and the widest vector load."""


@dataclass(frozen=True)
class WeightEntry:
    """Where one tensor lies.

    Attributes:
        name: Its name in the state dict.
        dtype: NumPy's name of its type, little-endian.
        shape: Its shape.
        offset: Bytes from the start of the file or blob.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def size_bytes(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True)
class SnapshotRef:
    """A snapshot as it travels to the workers of its node: no bytes, only where they lie.

    Attributes:
        epoch: Counts the snapshots of one training run; 0 for weights that came from elsewhere.
        digest: sha256 over the sorted (name, dtype, shape, bytes).
        path: The file or blob to map: a descriptor of the process that holds it.
        state: The file's size in bytes and time of its last change in ns, when the digest was taken.
        entries: The tensors.
        marked: They came from inference mode, so they are marked wherever they are wrapped.
        memory: The bytes of the file or blob, where a worker was handed them and cannot open `path`; they never travel
            with the reference.
    """

    epoch: int
    digest: str
    path: str
    state: tuple[int, int]
    entries: tuple[WeightEntry, ...]
    marked: bool = False
    memory: memoryview | None = field(default=None, compare=False, repr=False)

    def map(self) -> memoryview:
        """The bytes of the whole file or blob, read-only, without a copy.

        Raises:
            SourceError: The file is not what it was when the digest was taken.
        """
        if self.memory is not None:
            return self.memory
        found = Path(self.path).stat()
        if (found.st_size, found.st_mtime_ns) != tuple(self.state):
            raise SourceError(
                "the weights file was written to while it was in use; write a new file and rename it over the old one, "
                "as tensor.save does, or close the snapshot last"
            )
        return map_file(self.path)

    def arrays(self) -> dict[str, np.ndarray]:
        """The tensors as read-only arrays on the mapped memory, without a copy.

        Raises:
            SourceError: The file is not what it was when the digest was taken.
        """
        memory = self.map()
        return {
            entry.name: np.ndarray(entry.shape, entry.dtype, memory[entry.offset : entry.offset + entry.size_bytes])
            for entry in self.entries
        }

    def tensors(self) -> dict[str, Tensor]:
        """The weights by name, read-only; marked when called inside `inference_mode`, as replicas do."""
        with tensor.inference_mode() if self.marked else nullcontext():
            return {name: fresh(array) for name, array in self.arrays().items()}  # its own mapping, nobody else's


class WeightSnapshot(Mapping[str, np.ndarray]):
    """An immutable snapshot of weights: an epoch, a digest, and one copy on this node.

    A mapping of name to read-only array. Made by `from_file`, `from_mapping` or `TrainingPool.publish`; given to
    `Pool(weights=...)` or `Pool.swap`, which keep a hold of their own.

    Attributes:
        ref: What travels to the workers.
    """

    def __init__(self, ref: SnapshotRef, blob: SharedBlob) -> None:
        self.ref = ref
        self._blob = blob
        self._arrays: dict[str, np.ndarray] | None = None

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], *, epoch: int = 0) -> WeightSnapshot:
        """Take a safetensors file as it is: replicas map the file, so its page cache is the one copy.

        The file is held open: another one may be renamed over it meanwhile, and changes nothing here.

        Raises:
            FileNotFoundError: There is no such file.
            tensor.errors.TensorError: It is not a safetensors file.
        """
        read_header(path)  # what is wrong with it is said with the file's own name
        blob = SharedBlob.of_file(path)
        header = read_header(blob.path)
        if MARKS_KEY in header.metadata or not all(entry.is_aligned() for entry in header.entries.values()):
            # Misaligned arrays are slow everywhere and copied by BLAS at each call; one aligned copy a node is cheaper.
            # Marked weights are rare, and keep their mark on this way.
            with closing(blob):
                return cls.from_mapping(tensor.load(blob.path), epoch=epoch)
        entries = tuple(
            WeightEntry(entry.name, entry.dtype.name, entry.shape, entry.offset_bytes)
            for entry in header.entries.values()
        )
        ref = SnapshotRef(epoch, "", blob.path, blob.state, entries)
        return cls(replace(ref, digest=weights_digest(ref.arrays())), blob)

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
        try:
            for name, array in arrays.items():
                entries.append(WeightEntry(name, array.dtype.name, array.shape, offset))
                _write_all(writer.fd, array)
                end = offset + array.nbytes
                offset = -(-end // ALIGNMENT_BYTES) * ALIGNMENT_BYTES
                os.lseek(writer.fd, offset, os.SEEK_SET)
            os.ftruncate(writer.fd, offset)
            blob = writer.seal()
        except BaseException:
            writer.discard()
            raise
        marked = any(_is_marked(value) for value in weights.values())
        return cls(SnapshotRef(epoch, weights_digest(arrays), blob.path, blob.state, tuple(entries), marked), blob)

    def duplicate(self) -> WeightSnapshot:
        """The same snapshot under a hold of its own, closed apart from this one; nothing is copied."""
        blob = self._blob.duplicate()
        return WeightSnapshot(replace(self.ref, path=blob.path), blob)

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
        self._blob.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __getitem__(self, name: str) -> np.ndarray:
        if self._arrays is None:
            # Through tensors where they are marked, so that wrapping an array again gives a marked tensor.
            tensors = self.ref.tensors() if self.ref.marked else {}
            self._arrays = {name: each.numpy() for name, each in tensors.items()} or self.ref.arrays()
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
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name}\0{array.dtype.name}\0{array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _is_marked(value: Any) -> bool:
    """Whether a tensor is inference-only, or an array is over the memory of one that is."""
    return value.is_inference() if isinstance(value, Tensor) else bool(marked_origins(np.asarray(value)))


def _is_numeric(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "fiub" or dtype == tensor.bfloat16.numpy_dtype


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
