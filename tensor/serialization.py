"""`save` and `load`: named tensors in safetensors files, with the inference mark; never pickle."""

from __future__ import annotations

import json
import mmap as memory_map
import os
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path

import numpy as np

from tensor.bases import fresh
from tensor.dtypes import Array
from tensor.marks import Origin
from tensor.origins import arrive, from_plain, to_plain
from tensor.safetensors_file import Entry, Header, WeightsFileError, parse_header, read_header, write_file
from tensor.tensors import Tensor

__all__ = ["MARKS_KEY", "Entry", "Header", "WeightsFileError", "load", "read_header", "save"]

MARKS_KEY = "shoal.marks"
"""In a file's metadata, the marked tensors and their origins, as JSON; absent where no tensor is marked."""


def save(
    tensors: Mapping[str, Tensor], path: str | os.PathLike[str], *, metadata: Mapping[str, str] | None = None
) -> None:
    """Write named tensors, such as a `state_dict()`, to a safetensors file.

    The file appears under its name only when it is whole and on disk; it replaces a file of that name, and processes
    that have that one mapped keep what they see. Marked tensors are marked in the file too. Only values are stored:
    neither `requires_grad`, nor that two names share one tensor.

    Args:
        tensors: tensors by name, of any shapes and dtypes.
        path: the file to write.
        metadata: free text to store with the tensors.

    Raises:
        TypeError: `tensors` is no mapping of names to tensors.
        WeightsFileError: a name that the format keeps for itself.
        OSError: the file cannot be written.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.save.html, with safetensors in place of pickle.
    """
    if not isinstance(tensors, Mapping):
        raise TypeError(f"save writes tensors by name, got a {type(tensors).__name__}: pass a state_dict()")
    for name, value in tensors.items():
        if type(name) is not str or not isinstance(value, Tensor):
            raise TypeError(
                f"save writes tensors by name, got {name!r}: {type(value).__name__}; keep other state in a JSON file"
            )
    marks = {name: to_plain(value.origin) for name, value in tensors.items() if value.is_inference()}
    texts = {**(metadata or {}), **({MARKS_KEY: json.dumps(marks)} if marks else {})}
    write_file(path, {name: value._data for name, value in tensors.items()}, texts)


def load(path: str | os.PathLike[str], *, mmap: bool = True) -> dict[str, Tensor]:
    """Read a safetensors file.

    Args:
        path: the file.
        mmap: map the file, so that the tensors are read-only views on one copy for all processes of the node. Nobody
            may then change the file in place; `save` never does. False reads it into private, writable memory.

    Returns:
        Tensors by name, in the order they were saved in. Those saved with a mark have it again, and inside
        `inference_mode` all have it.

    Raises:
        WeightsFileError: the file is of another format, is damaged, or has a dtype that tensors cannot hold.
        OSError: the file cannot be read.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.load.html, with `mmap` on unless told otherwise.
    """
    with Path(path).open("rb") as file:
        header = parse_header(file, path=path)
        marks = _parse_marks(header, path=path)
        arrays = _map(file, header) if mmap else {name: _read(file, entry) for name, entry in header.entries.items()}
    # The memory is ours, so inside inference mode it is marked too, unlike what `from_numpy` wraps.
    return {name: arrive(array, marks[name]) if name in marks else fresh(array) for name, array in arrays.items()}


def _parse_marks(header: Header, *, path: str | os.PathLike[str]) -> dict[str, Origin | None]:
    try:
        marks = {name: from_plain(origin) for name, origin in json.loads(header.metadata.get(MARKS_KEY, "{}")).items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise WeightsFileError(f"{os.fspath(path)}: its {MARKS_KEY} are damaged: {error}") from error
    if unknown := sorted(set(marks) - set(header.entries)):
        raise WeightsFileError(f"{os.fspath(path)}: it marks tensors that it does not hold: {', '.join(unknown[:5])}")
    return marks


def _map(file: BufferedReader, header: Header) -> dict[str, Array]:
    memory = memory_map.mmap(file.fileno(), header.size_bytes, access=memory_map.ACCESS_READ)
    return {
        name: np.ndarray(entry.shape, entry.dtype, memory, entry.offset_bytes) for name, entry in header.entries.items()
    }


def _read(file: BufferedReader, entry: Entry) -> Array:
    array = np.empty(entry.shape, entry.dtype)
    file.seek(entry.offset_bytes)
    if file.readinto(array.reshape(-1).view(np.uint8).data) != entry.size_bytes:
        raise WeightsFileError(f"{file.name}: tensor {entry.name!r} was cut off while it was being read")
    return array
