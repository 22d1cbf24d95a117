"""Reading back what sinks wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from tensor import Origin
from workers.columns import Columns


def read_files(files: Mapping[str, BinaryIO], schema: str) -> tuple[Columns, Origin | None]:
    """Read the files of one shard.

    Args:
        files: All of them, opened, by the suffix of their names, as `.parquet` or `.embedding.npy`.
        schema: JSON of the names and types of the columns, from `Staged.schema`.

    Returns:
        The columns, with the types that they were written with; and where a Parquet file says that its numbers were
        computed, None if it does not. Other formats cannot say it.

    Raises:
        OSError: A file cannot be read, or is not what was written.
    """
    suffixes = list(files)
    if suffixes == [".parquet"]:
        from workers.sinks.parquet import read_parquet

        return read_parquet(files[".parquet"], schema)
    if len(suffixes) == 1 and suffixes[0].startswith(".jsonl"):
        from workers.sinks.jsonl import read_jsonl

        return read_jsonl(files[suffixes[0]], suffixes[0], schema), None
    if all(suffix.endswith(".npy") for suffix in suffixes):
        from workers.sinks.npy import read_npy

        return read_npy(files, schema), None
    raise OSError(f"there are files with the endings {', '.join(suffixes)}, which no sink of this version writes")
