"""Cutting a stream of bytes into records: lines of text, JSON lines, CSV records.

A splitter is a function of some bytes that start where a record starts; it says where the records in them end. Blank
lines, where they are no records, count to the record after them. Everything else follows from where records end: which
ranges of bytes may be read apart, and how many rows each has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from workers.errors import SourceError
from workers.formats import CsvFormat, JsonlFormat, RecordFormat, TextFormat

Ends: TypeAlias = npt.NDArray[np.int64]
Splitter: TypeAlias = Callable[[bytes, bool], Ends]
"""Given bytes and whether the file ends with them: one past the last byte of each whole record, ascending."""

_BLOCK_BYTES = 1 << 20
_LF, _CR = 10, 13


class Readable(Protocol):
    """What `RecordStream` needs of a file."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""
        ...


def splitter_of(form: RecordFormat) -> Splitter:
    """The splitter of a format."""
    match form:
        case TextFormat():
            return split_text
        case JsonlFormat():
            return split_jsonl
        case CsvFormat(delimiter=delimiter, quote_char=quote_char):
            return partial(split_csv, delimiter=delimiter, quote_char=quote_char)


class RecordStream:
    """The records of a file, from where it stands on, in order and once.

    Args:
        file: Where to read.
        split: Where its records end.
        before: Bytes of it that were read already.
        block_bytes: How much to read at a time; a longer record is read whole all the same.
    """

    def __init__(
        self, file: Readable, split: Splitter, *, before: bytes = b"", block_bytes: int = _BLOCK_BYTES
    ) -> None:
        self._file = file
        self._split = split
        self._block_bytes = block_bytes
        self._buffer = before
        self._ends: Ends = np.zeros(0, np.int64)
        self._taken = 0  # records of the buffer
        self._at_end = False
        self.row = 0  # of the next record

    def blocks(self) -> Iterator[tuple[int, int]]:
        """How many bytes and records there are, block by block, up to the end."""
        while self._taken < len(self._ends) or self._fill():
            records, start = len(self._ends) - self._taken, self._buffered_from
            self._taken += records
            self.row += records
            yield self._buffered_from - start, records

    def peek(self) -> bytes:
        """The bytes of some of the next records, without going on; none at the end."""
        if self._taken == len(self._ends):
            self._fill()
        return self._buffer[self._buffered_from : int(self._ends[-1])] if len(self._ends) else b""

    def take(self, records: int) -> bytes:
        """The bytes of the next records, of fewer where the file ends."""
        return b"".join(self._pieces(records))

    def skip(self, records: int) -> None:
        """Leave out the next records."""
        for _ in self._pieces(records):
            pass

    def _pieces(self, records: int) -> Iterator[memoryview]:
        while records > 0 and (self._taken < len(self._ends) or self._fill()):
            step = min(records, len(self._ends) - self._taken)
            start = self._buffered_from
            self._taken += step
            self.row += step
            records -= step
            yield memoryview(self._buffer)[start : self._buffered_from]

    @property
    def _buffered_from(self) -> int:
        """Where in the buffer the next record starts."""
        return int(self._ends[self._taken - 1]) if self._taken else 0

    def _fill(self) -> bool:
        """Have the buffer hold the next records, at least one; False at the end."""
        rest = self._buffer[self._buffered_from :]
        size_bytes, ends = self._block_bytes, np.zeros(0, np.int64)
        while not len(ends) and not self._at_end:
            block = self._file.read(size_bytes)
            self._at_end = not block
            rest += block
            ends = self._split(rest, self._at_end)
            size_bytes = max(size_bytes, len(rest))  # so that a long record is not looked through again and again
        self._buffer, self._ends, self._taken = rest, ends, 0
        return len(ends) > 0


def split_text(data: bytes, at_end: bool) -> Ends:
    """Lines, also empty ones."""
    ends = _positions(data, _LF) + 1
    return _with_last(data, ends) if at_end and (not len(ends) or ends[-1] < len(data)) and data else ends


def split_jsonl(data: bytes, at_end: bool) -> Ends:
    """Lines with something in them."""
    ends = split_text(data, at_end)
    starts = _starts(ends)
    maybe_blank = np.flatnonzero(_bytes_at(data, starts) <= ord(" "))
    blank = [index for index in maybe_blank if not data[starts[index] : ends[index]].strip()]
    return np.delete(ends, blank) if blank else ends


def split_csv(data: bytes, at_end: bool, *, delimiter: str, quote_char: str) -> Ends:
    """Lines with something in them, that do not end inside quotes.

    Raises:
        SourceError: The file ends inside quotes.
    """
    ends = _positions(data, _LF) + 1
    if b"\r" in data:
        returns = _positions(data, _CR) + 1
        # One at the end of the bytes may be followed by a line feed.
        alone = _bytes_at(data, returns[returns < len(data)]) != _LF
        ends = np.union1d(ends, returns[: len(alone)][alone])
    if quote_char and quote_char.encode() in data:
        quotes = _structural(data, ord(quote_char), ord(delimiter))
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
        if at_end and len(quotes) % 2:
            raise SourceError(
                f"the quote after {data[: quotes[-1]][-40:].decode(errors='replace')!r} is never closed; where quotes "
                "mean nothing, pass quote_char=None"
            )
    if at_end and data and (not len(ends) or ends[-1] < len(data)):
        ends = _with_last(data, ends)
    starts = _starts(ends)
    lengths = ends - starts
    first = _bytes_at(data, starts)
    filled: Ends = ends[(lengths > 2) | ((first != _LF) & (first != _CR))]
    return filled


def _structural(data: bytes, quote: int, delimiter: int) -> Ends:
    """Where quoted values open and close, in turn; a doubled quote closes and opens.

    A quote opens only at the start of a value, as for pyarrow: the one in `5" pipe` is text.
    """
    array = np.frombuffer(data, np.uint8)
    quotes = _positions(data, quote)
    opening, closing = quotes[0::2], quotes[1::2]
    before = array[opening - 1]
    doubled = np.zeros(len(opening), bool)
    doubled[1:] = opening[1:] - 1 == closing[: len(opening) - 1]
    starts_value = (opening == 0) | (before == delimiter) | (before == _LF) | (before == _CR)
    after = array[np.minimum(closing + 1, len(array) - 1)]
    ends_value = (closing + 1 == len(array)) | np.isin(after, (delimiter, _LF, _CR, quote))
    if (starts_value | doubled).all() and ends_value.all():
        return quotes
    separators = {delimiter, _LF, _CR}
    found: list[int] = []
    places = quotes.tolist()
    index = 0
    while index < len(places):
        place = places[index]
        index += 1
        if len(found) % 2 == 0:
            if place == 0 or data[place - 1] in separators:
                found.append(place)
        elif index < len(places) and places[index] == place + 1:
            index += 1  # a doubled quote is text
        else:
            found.append(place)
    return np.array(found, np.int64)


def _positions(data: bytes, byte: int) -> Ends:
    return np.flatnonzero(np.frombuffer(data, np.uint8) == byte)


def _bytes_at(data: bytes, places: Ends) -> npt.NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)[places]


def _starts(ends: Ends) -> Ends:
    return np.concatenate([np.zeros(1, np.int64), ends[:-1]]) if len(ends) else ends


def _with_last(data: bytes, ends: Ends) -> Ends:
    return np.append(ends, len(data))
