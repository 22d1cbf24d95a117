"""A .npz file as a source."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from cluster.errors import UsageError
from cluster.sources.base import FileSource, FragmentRows
from cluster.sources.choice import chosen_columns
from cluster.sources.files import file_fields, find_files, reaching
from workers import storage
from workers.columns import as_columns, row_count
from workers.readers.npz import npz_archive, npz_header, npz_names
from workers.shards import NpzFragment


class NpzSource(FileSource):
    """The arrays of a .npz file as columns, by their names; their axis 0 are the rows.

    Arrays that were saved without compression (`np.savez`) are mapped from a local file; others are read forward.

    Args:
        path: Of the file; local or a URL.
        columns: Names of the arrays to read; None means all.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceError: It is no .npz file, or an array in it holds pickled objects.
        UsageError: It has no such array.
        ColumnsError: Arrays differ in rows, or hold a type that shoal does not carry.
    """

    def __init__(self, path: str | os.PathLike[str], columns: Sequence[str] | None = None) -> None:
        found = find_files(path, (".npz",))
        if len(found.files) > 1:
            raise UsageError(f"{path} means {len(found.files)} files; an NpzSource reads one")
        (file,) = found.files
        with reaching(), storage.open_input(file.place) as opened, npz_archive(opened, file.place) as archive:
            names = chosen_columns(columns, npz_names(archive), file.place)
            headers = {name: npz_header(archive, name, file.place) for name in names}
        shapes = {name: np.broadcast_to(np.zeros((), header.dtype), header.shape) for name, header in headers.items()}
        as_columns({name: shape[:0] for name, shape in shapes.items()})
        super().__init__(
            [FragmentRows(NpzFragment(columns=names, **file_fields(file)), row_count(shapes))],
            {"kind": "npz", "columns": list(names), "files": found.identity()},
        )
