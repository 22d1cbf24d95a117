"""Lines of text."""

from __future__ import annotations

import numpy as np

from workers.columns import Columns
from workers.errors import SourceError
from workers.formats import TextFormat


def parse_text(data: bytes, form: TextFormat) -> Columns:
    r"""The column of lines, without their ends, which are \n or \r\n.

    Raises:
        SourceError: They are not UTF-8.
    """
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    cells = np.empty(len(lines), object)
    for row, line in enumerate(lines):
        try:
            cells[row] = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError as error:
            raise SourceError(
                f"line {row} of these, which starts with {line[:40]!r}, is not UTF-8: {error.reason} at its byte "
                f"{error.start}; convert the file first"
            ) from None
    return {form.column: cells}
