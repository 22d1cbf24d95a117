"""Where the tensors of a checkpoint lie: one safetensors file, or an index and its shards, as Hugging Face writes them.

    model.safetensors.index.json    {"metadata": {...}, "weight_map": {name: file}}
    model-00001-of-00002.safetensors, ...

https://huggingface.co/docs/transformers/big_models#sharded-checkpoints. A folder stands for the checkpoint in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tensor.other_formats import what_else
from tensor.safetensors_file import WeightsFileError, open_regular

_MAX_INDEX_BYTES = 100_000_000
_FILE, _INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A checkpoint's files.

    Args:
        path: what the user gave: names it in messages.
        files: its safetensors files, in the order in which its index first names them.
        places: the file of each tensor, by the tensor's name; None for a single file, which says itself what it holds.
    """

    path: str
    files: tuple[Path, ...]
    places: dict[str, Path] | None = None

    def names_in(self, file: Path, held: Iterable[str]) -> list[str]:
        """Return the names of the tensors that the checkpoint takes from one of its files.

        Args:
            file: one of its files.
            held: the names of all tensors in that file.

        Raises:
            WeightsFileError: the index says that the file holds a tensor that it does not hold.
        """
        held = list(held)
        if self.places is None:
            return held
        wanted = [name for name, place in self.places.items() if place == file]
        if missing := sorted(set(wanted) - set(held)):
            raise WeightsFileError(
                f"{self.path}: {file.name} does not hold {_listed(missing)}, which the index says it does; they are "
                "of different checkpoints: fetch all files again"
            )
        return wanted


def find_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Find the files of a checkpoint, without opening the safetensors files.

    Args:
        path: a safetensors file, an index whose name ends in `.json`, or a folder with one of them.

    Raises:
        WeightsFileError: the folder has no checkpoint, or several; the index is damaged, or a shard is not there.
        OSError: the index or folder cannot be read.
    """
    given = os.fspath(path)
    found = Path(path)
    if found.is_dir():
        found = _in_folder(found)
    if found.suffix != ".json":
        return Checkpoint(path=given, files=(found,))
    places = {name: found.parent / shard for name, shard in _weight_map(found).items()}
    files = tuple(dict.fromkeys(places.values()))
    if absent := [file.name for file in files if not file.exists()]:
        raise WeightsFileError(
            f"{found}: {len(absent)} of its {len(files)} shards are not beside it: {_listed(absent)}; fetch them too"
        )
    return Checkpoint(path=str(found), files=files, places=places)


def _in_folder(folder: Path) -> Path:
    names = sorted(file.name for file in folder.iterdir())
    for preferred in (_FILE, _INDEX):
        if preferred in names:
            return folder / preferred
    indices = [name for name in names if name.endswith(".safetensors.index.json")]
    files = [name for name in names if name.endswith(".safetensors")]
    candidates = indices or files
    if len(candidates) == 1:
        return folder / candidates[0]
    if candidates:
        raise WeightsFileError(f"{folder}: it holds {_listed(candidates)}; say which one")
    if pickles := [name for name in names if name.endswith(_PICKLES)]:
        raise WeightsFileError(
            f"{folder}: it holds no safetensors file, but {_listed(pickles)}, which may be pickles; those can run "
            "code and are not read here: convert them once, where torch is, see docs/weights.md"
        )
    raise WeightsFileError(
        f"{folder}: it holds no safetensors file, only {_listed(names)}" if names else f"{folder}: it is empty"
    )


def _weight_map(path: Path) -> dict[str, str]:
    with open_regular(path) as file:
        raw = file.read(_MAX_INDEX_BYTES + 1)
    try:
        if len(raw) > _MAX_INDEX_BYTES:
            raise ValueError(f"it has more than {_MAX_INDEX_BYTES} bytes")
        fields: Any = json.loads(raw.decode())
    except (ValueError, RecursionError) as error:
        kind = f"it is no JSON: {error!s:.200}" if raw.lstrip()[:1] in (b"{", b"[") else what_else(raw[:32])
        raise WeightsFileError(f"{path}: {kind}") from error
    match fields:
        case {"weight_map": dict(places)} if places and all(isinstance(place, str) for place in places.values()):
            pass
        case _:
            raise WeightsFileError(f"{path}: it has no 'weight_map' of tensors' names to files, so it is no index")
    for shard in dict.fromkeys(places.values()):
        if shard.endswith(_PICKLES):
            raise WeightsFileError(
                f"{path}: its shards, such as {shard!r:.100}, are pickles; those can run code and are not read here: "
                "convert them once, where torch is, see docs/weights.md"
            )
        parts = PurePosixPath(shard).parts
        if not parts or PurePosixPath(shard).is_absolute() or ".." in parts or "\0" in shard:
            raise WeightsFileError(f"{path}: its shard {shard!r:.100} is not beside it, where shards must be")
    return places


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
