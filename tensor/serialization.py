"""`save` and `load`: named tensors and training checkpoints in safetensors files, with the mark; never pickle."""

from __future__ import annotations

import json
import mmap as memory_map
import os
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np

from tensor.bases import fresh
from tensor.checkpoints import find_checkpoint
from tensor.devices import DeviceLike, check
from tensor.dtypes import Array, is_floating
from tensor.marks import Origin
from tensor.origins import arrive, from_plain, to_plain
from tensor.safetensors_file import (
    Entry,
    Header,
    WeightsFileError,
    open_regular,
    parse_header,
    read_header,
    write_file,
    write_stream,
)
from tensor.structures import flatten, is_flat, parts_of, rebuild
from tensor.tensors import Tensor

__all__ = [
    "MARKS_KEY",
    "STRUCTURE_KEY",
    "Entry",
    "Header",
    "WeightsFileError",
    "check_finite",
    "check_weights",
    "load",
    "load_named",
    "read_header",
    "save",
    "save_named",
]

DEFAULT_PROTOCOL = 2
"""PyTorch's version of pickle, which functions of other libraries have as a default; no pickle is written."""

MARKS_KEY = "shoal.marks"
"""In a file's metadata, the marked tensors and their origins, as JSON; absent where no tensor is marked."""

STRUCTURE_KEY = "shoal.structure"
"""In a file's metadata, what its tensors are parts of, as JSON; absent where they are tensors by name."""


def save(
    obj: Any,
    path: str | os.PathLike[str] | BinaryIO,
    *,
    metadata: Mapping[str, str] | None = None,
    pickle_module: Any = None,
    pickle_protocol: Any = None,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write named tensors, such as a `state_dict()`, or a training checkpoint, to a safetensors file.

        tensor.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, path)

    The file appears under its name only when it is whole and on disk; it replaces a file of that name, and processes
    that have that one mapped keep what they see. Marked tensors are marked in the file too. Only values are stored, not
    `requires_grad`. In a checkpoint, tensors over the same memory are written once, and loaded as one.

    Args:
        obj: tensors by name, of any shapes and dtypes; or dicts with str and int keys, lists and tuples, one in the
            other, of tensors, numbers, strings, booleans and None. Mappings are loaded as dicts, named tuples refused.
        path: the file to write; or something open for writing bytes, such as a `BytesIO`.
        metadata: free text to store with the tensors.
        pickle_module: nothing is pickled, so this and what follows change nothing.
        pickle_protocol: as above.
        _use_new_zipfile_serialization: as above.

    Raises:
        TypeError: something else is in it, or `metadata` is no mapping of text to text.
        ValueError: it is nested too deep, as one that holds itself is.
        WeightsFileError: a name that the format keeps for itself, or `path` is no regular file.
        OSError: the file cannot be written.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.save.html, with safetensors in place of pickle.
    """
    if is_flat(obj):
        save_named(obj, path, metadata=metadata)
    else:
        tensors, structure = flatten(obj)
        _save(tensors, path, _checked(metadata), {STRUCTURE_KEY: structure})


def save_named(
    tensors: Mapping[str, Tensor],
    path: str | os.PathLike[str] | BinaryIO,
    *,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write named tensors and nothing else to a safetensors file; see `save`. Each name is written whole.

    Raises:
        TypeError: `tensors` is no mapping of names to tensors, or `metadata` none of text to text.
    """
    if not isinstance(tensors, Mapping):
        raise TypeError(f"save writes tensors by name, got a {type(tensors).__name__}: pass a state_dict()")
    for name, value in tensors.items():
        if type(name) is not str or not isinstance(value, Tensor):
            raise TypeError(
                f"save writes tensors by name, got {name!r}: {type(value).__name__}; tensor.save writes other state too"
            )
    _save(tensors, path, _checked(metadata), {})


def _checked(metadata: Mapping[str, str] | None) -> Mapping[str, str]:
    for key, text in (metadata or {}).items():
        if type(key) is not str or type(text) is not str:
            raise TypeError(f"metadata is text by name, got {key!r}: {type(text).__name__}; write it as a str")
        if key == STRUCTURE_KEY:
            raise WeightsFileError(f"metadata has {key!r}, which save writes itself: leave it out")
    return metadata or {}


def _save(
    tensors: Mapping[str, Tensor],
    path: str | os.PathLike[str] | BinaryIO,
    metadata: Mapping[str, str],
    structure: Mapping[str, str],
) -> None:
    marks = {name: to_plain(value.origin) for name, value in tensors.items() if value.is_inference()}
    texts = {**metadata, **({MARKS_KEY: json.dumps(marks)} if marks else {}), **structure}
    arrays = {name: value._data for name, value in tensors.items()}
    if isinstance(path, str | os.PathLike):
        write_file(path, arrays, texts)
    else:
        write_stream(path, arrays, texts)


MapLocation = DeviceLike | Callable[..., Any] | Mapping[Any, Any]


def load(
    path: str | os.PathLike[str] | BinaryIO,
    map_location: MapLocation = None,
    pickle_module: Any = None,
    *,
    mmap: bool | None = None,
    weights_only: bool | None = True,
    check_finite: bool = False,
) -> Any:
    """Read a safetensors file, or a checkpoint of several.

    Args:
        path: the file; the `*.safetensors.index.json` of a checkpoint in several files; a folder that holds one of
            them; or something open for reading bytes, such as a `BytesIO`, which is read into private memory.
        map_location: `"cpu"`, or what else says where tensors go: they live on the CPU.
        pickle_module: nothing is unpickled, so this changes nothing.
        mmap: map the file, as happens unless told otherwise, so that the tensors are read-only views on one copy for
            all processes of the node. Nobody may then change the file in place; `save` never does. False reads it into
            private, writable memory.
        weights_only: nothing else is ever read.
        check_finite: look at all values, which reads the whole file, and refuse NaN and infinities.

    Returns:
        Tensors by name, in the order they were saved in, or the index names them in; or the nested dicts, lists and
        tuples that were saved. Tensors saved with a mark have it again, and inside `inference_mode` all have it.

    Raises:
        WeightsFileError: the file is of another format, is damaged, has a dtype that tensors cannot hold, or lacks
            shards; a value is not finite, and that was to be checked.
        UnsupportedError: `map_location` is a device that is not the CPU.
        OSError: the file cannot be read.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.load.html, with `mmap` on unless told otherwise.
    """
    tensors, structure = _load(path, map_location, mmap=mmap, finite=check_finite)
    if structure is None:
        return tensors
    try:
        return rebuild(structure, tensors)
    except ValueError as error:
        raise WeightsFileError(f"{_shown(path)}: its {STRUCTURE_KEY} is damaged: {error}") from error


def load_named(path: str | os.PathLike[str] | BinaryIO, map_location: MapLocation = None) -> dict[str, Tensor]:
    """Read the tensors of a safetensors file by name, also those of a training checkpoint; see `load`."""
    return _load(path, map_location)[0]


def check_weights(header: Header, *, path: str | os.PathLike[str]) -> None:
    """Raise unless a file holds tensors by name.

    Raises:
        WeightsFileError: it is a training checkpoint; names the parts that are tensors by name.
    """
    if (structure := header.metadata.get(STRUCTURE_KEY)) is not None:
        parts = parts_of(structure)
        others = f"; others that may be are under {', '.join(parts[1:5])}" if len(parts) > 1 else ""
        raise WeightsFileError(
            f"{os.fspath(path)}: it is a training checkpoint, not weights alone: pass the part that is the model's, "
            f"tensor.load(path)[{parts[0] if parts else '...'}]{others}"
        )


def _load(
    path: str | os.PathLike[str] | BinaryIO,
    map_location: MapLocation,
    *,
    mmap: bool | None = None,
    finite: bool = False,
) -> tuple[dict[str, Tensor], str | None]:
    """Return tensors by name, and what they are parts of, if the file says that."""
    if not callable(map_location):  # what is called with each storage and its place returns it, or copies it
        for device in map_location.values() if isinstance(map_location, Mapping) else [map_location]:
            check(device)
    if not isinstance(path, str | os.PathLike):
        return _load_stream(path, mmap=mmap, finite=finite)
    checkpoint = find_checkpoint(path)
    tensors: dict[str, Tensor] = {}
    for each in checkpoint.files:
        with open_regular(each) as file:
            header = parse_header(file, path=each)
            wanted = [header.entries[name] for name in checkpoint.names_in(each, header.entries)]
            arrays = _read_all(file, wanted, path=each) if mmap is False else _map(file, header, wanted, path=each)
        tensors |= _with_marks(arrays, header, path=each, finite=finite)
    if checkpoint.places is not None:
        return {name: tensors[name] for name in checkpoint.places}, None
    return tensors, header.metadata.get(STRUCTURE_KEY)


class safe_globals:  # noqa: N801 - PyTorch's name
    """A block in which PyTorch would make objects of further classes while it loads: a file has tensors only.

    Source: https://docs.pytorch.org/docs/stable/notes/serialization.html

    Args:
        safe_globals: the classes.
    """

    def __init__(self, safe_globals: Any) -> None:
        self.safe_globals = safe_globals

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, *exception: object) -> None:
        """End the block."""


def add_safe_globals(safe_globals: Any) -> None:
    """Do nothing: a file has tensors only, and no class is asked for one of its objects."""


def _load_stream(file: BinaryIO, *, mmap: bool | None, finite: bool) -> tuple[dict[str, Tensor], str | None]:
    if not hasattr(file, "read"):
        raise TypeError(f"load reads a path or something open for reading bytes, got a {type(file).__name__}")
    if mmap:
        raise ValueError("mmap=True needs the path of a file, not something open")
    data = file.read()
    if not isinstance(data, bytes | bytearray | memoryview):
        raise TypeError(
            f"load reads bytes, got {type(data).__name__} from the {type(file).__name__}: open it with 'rb'"
        )
    stream, path = BytesIO(data), _shown(file)
    header = parse_header(stream, path=path)
    arrays = _read_all(stream, [*header.entries.values()], path=path)
    return _with_marks(arrays, header, path=path, finite=finite), header.metadata.get(STRUCTURE_KEY)


def _shown(path: str | os.PathLike[str] | BinaryIO) -> str:
    """Return what messages call a file."""
    if isinstance(path, str | os.PathLike):
        return os.fspath(path)
    return str(getattr(path, "name", "") or type(path).__name__)


def _with_marks(
    arrays: Mapping[str, Array], header: Header, *, path: str | os.PathLike[str], finite: bool
) -> dict[str, Tensor]:
    marks = _parse_marks(header, path=path)
    if finite:
        check_finite(arrays, path=path)
    # The memory is ours, so inside inference mode it is marked too, unlike what `from_numpy` wraps.
    return {name: arrive(array, marks[name]) if name in marks else fresh(array) for name, array in arrays.items()}


_CHUNK = 1 << 20  # elements looked at in one go


def check_finite(arrays: Mapping[str, Array], *, path: str | os.PathLike[str]) -> None:
    """Raise unless all numbers are finite.

    Args:
        arrays: what to look at, by name.
        path: where they are from, for the message.

    Raises:
        WeightsFileError: some are NaN or infinite; names their tensors.
    """
    bad = []
    for name, array in arrays.items():
        if is_floating(array.dtype):
            flat = array.reshape(-1)
            parts = (flat[start : start + _CHUNK] for start in range(0, flat.size, _CHUNK))
            if count := sum(part.size - int(np.count_nonzero(np.isfinite(part))) for part in parts):
                bad.append(f"{name} ({count} of {array.size})")
    if bad:
        more = f" and {len(bad) - 5} more tensors" if len(bad) > 5 else ""
        raise WeightsFileError(
            f"{os.fspath(path)}: it has NaN or infinite values in {', '.join(bad[:5])}{more}; load another checkpoint, "
            "or leave check_finite out if they are meant"
        )


def _parse_marks(header: Header, *, path: str | os.PathLike[str]) -> dict[str, Origin | None]:
    try:
        marks = {name: from_plain(origin) for name, origin in json.loads(header.metadata.get(MARKS_KEY, "{}")).items()}
    except (ValueError, AttributeError, RecursionError) as error:
        raise WeightsFileError(f"{os.fspath(path)}: its {MARKS_KEY} are damaged: {error}") from error
    if unknown := sorted(set(marks) - set(header.entries)):
        raise WeightsFileError(f"{os.fspath(path)}: it marks tensors that it does not hold: {', '.join(unknown[:5])}")
    return marks


def _map(file: BinaryIO, header: Header, wanted: list[Entry], *, path: str | os.PathLike[str]) -> dict[str, Array]:
    try:
        memory = memory_map.mmap(file.fileno(), header.size_bytes, access=memory_map.ACCESS_READ)
    except ValueError as error:
        raise WeightsFileError(f"{os.fspath(path)}: it was cut off while it was being read") from error
    return {entry.name: np.ndarray(entry.shape, entry.dtype, memory, entry.offset_bytes) for entry in wanted}


def _read_all(file: BinaryIO, wanted: list[Entry], *, path: str | os.PathLike[str]) -> dict[str, Array]:
    arrays = {}
    for entry in wanted:
        array = np.empty(entry.shape, entry.dtype)
        file.seek(entry.offset_bytes)
        if file.readinto(array.reshape(-1).view(np.uint8).data) != entry.size_bytes:  # type: ignore[attr-defined]
            raise WeightsFileError(f"{os.fspath(path)}: tensor {entry.name!r} was cut off while it was being read")
        arrays[entry.name] = array
    return arrays
