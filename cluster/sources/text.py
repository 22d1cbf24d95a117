"""Lines of text as a source."""

from __future__ import annotations

import os

from cluster.sources.base import FileSource
from cluster.sources.files import find_files
from cluster.sources.records import scan_all
from workers.formats import TextFormat
from workers.readers.records import splitter_of


class TextSource(FileSource):
    r"""The lines of UTF-8 text files, empty ones too; each is a row, without its end (\n or \r\n).

    Args:
        path: A file, a folder (with all .txt files in it and its folders), or a pattern such as "logs/*.log.gz"; in the
            order of their names. Local or a URL. Compressed by extension: .gz, .bz2, .zst, .lz4.
        column: The name under which predictors get the lines.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceError: A file cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str], column: str = "text") -> None:
        found = find_files(path, (".txt", ".text"))
        form = TextFormat(column=column)
        scans = scan_all(found.files, splitter_of(form))
        super().__init__(
            [listed for scanned in scans for listed in scanned.fragments(form)],
            {"kind": "text", "column": column, "files": found.identity()},
        )
