""".npy files as a source."""

from __future__ import annotations

import os

import numpy as np

from cluster.errors import UsageError
from cluster.sources.base import FileSource, FragmentRows
from cluster.sources.files import file_fields, find_files, reaching
from workers import storage
from workers.columns import as_columns
from workers.errors import SourceError
from workers.readers.npy import NpyHeader, npy_header
from workers.shards import NpyFragment
from workers.storage import FileInfo


class NpySource(FileSource):
    """The array of a .npy file, or those of several; their axis 0 are the rows. Workers map local files.

    Args:
        path: A file, a folder (with all .npy files in it and its folders), or a pattern such as "data/*.npy"; in the
            order of their names. Local or a URL such as "s3://bucket/x.npy".
        column: The name under which predictors get the array.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceError: It is no .npy file, one of pickled objects, or cut off.
        UsageError: Files have other dtypes or row shapes than the first.
        ColumnsError: It holds a type that shoal does not carry.
    """

    def __init__(self, path: str | os.PathLike[str], column: str = "data") -> None:
        found = find_files(path, (".npy",))
        headers: list[NpyHeader] = []
        with reaching():
            for file in found.files:
                with storage.open_input(file.place) as opened:
                    headers.append(npy_header(opened, file.place))
                _check_size(file, headers[-1])
        first = headers[0]
        as_columns({column: np.empty((0, *first.shape[1:]), first.dtype)})
        for file, header in zip(found.files, headers, strict=True):
            if (header.dtype, header.shape[1:]) != (first.dtype, first.shape[1:]):
                raise UsageError(
                    f"{found.files[0].place} and {file.place} do not hold the same column: {first.dtype} of rows "
                    f"{first.shape[1:]} in the first, {header.dtype} of rows {header.shape[1:]} in the second"
                )
        super().__init__(
            [
                FragmentRows(NpyFragment(column=column, **file_fields(file)), header.shape[0])
                for file, header in zip(found.files, headers, strict=True)
            ],
            {"kind": "npy", "column": column, "files": found.identity()},
        )


def _check_size(file: FileInfo, header: NpyHeader) -> None:
    expected_bytes = header.offset + header.shape[0] * header.row_bytes
    if file.size_bytes < expected_bytes:
        raise SourceError(
            f"{file.place} is cut off: an array of {header.dtype}, shape {header.shape}, takes {expected_bytes} bytes "
            f"with its header, and the file has {file.size_bytes}; copy or write it anew"
        )
