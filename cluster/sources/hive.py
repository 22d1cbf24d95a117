"""Columns that folders name: `year=2024/month=05/part.parquet`, as Hive and Spark lay tables out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias
from urllib.parse import unquote

from cluster.errors import UsageError
from cluster.sources.files import FoundFiles
from workers.shards import Scalar

Partition: TypeAlias = tuple[tuple[str, Scalar], ...]

_NONE = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")


def partitions_of(found: FoundFiles) -> list[Partition]:
    """What the folders of each file say, whole numbers where all values of a column are such.

    Raises:
        UsageError: The folders of one file name other columns than those of the first.
    """
    texts = [_texts(file.place[len(found.root) :]) if found.root else () for file in found.files]
    names = [tuple(name for name, _ in text) for text in texts]
    for file, its in zip(found.files, names, strict=True):
        if its != names[0]:
            raise UsageError(
                f"{found.files[0].place} and {file.place} are not in the same kind of folders: those of the first name "
                f"the columns {list(names[0])}, those of the second {list(its)}"
            )
        if len(set(its)) < len(its):
            raise UsageError(f"the folders of {file.place} name a column twice: {', '.join(its)}")
    columns = [_typed([text[index][1] for text in texts]) for index in range(len(names[0]))]
    return [tuple(zip(names[0], [column[row] for column in columns], strict=True)) for row in range(len(found.files))]


def _texts(relative: str) -> tuple[tuple[str, str | None], ...]:
    folders = [name.partition("=") for name in relative.split("/")[:-1] if "=" in name]
    return tuple((unquote(key), None if value == _NONE else unquote(value)) for key, _, value in folders)


def _typed(values: Sequence[str | None]) -> list[Scalar]:
    if all(value is not None and _WHOLE.fullmatch(value) for value in values):
        return [int(value) for value in values if value is not None]
    return list(values)
