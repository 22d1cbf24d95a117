"""What a user says about a job's output: its format, and which input columns it carries along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

ALL_COLUMNS = "*"
"""In place of names in `keep`: every input column. A sink holds it as `keep == ("*",)`."""

_ParquetCodec: TypeAlias = Literal["zstd", "snappy", "gzip", "brotli", "lz4"]
_JsonlCodec: TypeAlias = Literal["gzip", "zstd"]

_LEVELS = {"zstd": (1, 22), "gzip": (1, 9), "brotli": (0, 11)}


@dataclass(frozen=True, kw_only=True)
class ParquetSink:
    """Parquet files: every type, compressed, read by every tool. What `Pool.run` writes unless told otherwise.

    Numbers with more axes than the rows' are Arrow's fixed-shape tensors, Ragged columns are lists. The files say in
    their metadata that their numbers are inference-only.

    Args:
        compression: The codec, or None.
        compression_level: How hard it tries: 1 to 22 for zstd, 1 to 9 for gzip, 0 to 11 for brotli; None for its
            default.
        row_group_rows: How many rows a row group has; the worker holds as many in memory. By default a group ends with
            65,536 rows or 16 MiB, whichever comes first.
        keep: Names of input columns to carry along, or "*" for all of them.

    Raises:
        ValueError: An argument is not one of these.
    """

    compression: _ParquetCodec | None = "zstd"
    compression_level: int | None = None
    row_group_rows: int | None = None
    keep: Sequence[str] = ()

    def __post_init__(self) -> None:
        _check_codec("ParquetSink", self.compression, ("zstd", "snappy", "gzip", "brotli", "lz4"))
        if self.compression_level is not None:
            if self.compression not in _LEVELS:
                raise ValueError(
                    f"compression {self.compression!r} has no levels, so ParquetSink takes no compression_level, "
                    f"got {self.compression_level!r}; codecs with levels are {', '.join(_LEVELS)}"
                )
            _check_int("ParquetSink(compression_level=…)", self.compression_level, *_LEVELS[self.compression])
        if self.row_group_rows is not None:
            _check_int("ParquetSink(row_group_rows=…)", self.row_group_rows, 1, 2**31 - 1)
        object.__setattr__(self, "keep", _checked_keep("ParquetSink", self.keep))


@dataclass(frozen=True, kw_only=True)
class NpySink:
    """One .npy file for each column and shard, as `part-000012.embedding.npy`, to be memory-mapped.

    A Ragged column is two files: its values end to end, and `part-000012.tokens.offsets.npy`. Strings and bytes have
    no place in .npy files: ParquetSink and JsonlSink take them. A .npy file cannot say that its numbers are
    inference-only; the job folder does, and `read_results` marks them.

    Args:
        keep: Names of input columns to carry along, or "*" for all of them.

    Raises:
        ValueError: `keep` is neither.
    """

    keep: Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "keep", _checked_keep("NpySink", self.keep))


@dataclass(frozen=True, kw_only=True)
class JsonlSink:
    """JSON lines: one object a row, for people and for tools that know nothing else; large and slow for many numbers.

    Numbers are written with as few digits as give the same number back. Arrays and Ragged rows are lists, bytes are
    base64, times are ISO 8601 text, durations are whole numbers of the column's unit. What JSON has no number for: NaN
    and NaT are null, infinities are the strings "Infinity" and "-Infinity" (as in Protocol Buffers' JSON). A JSON line
    cannot say that its numbers are inference-only; the job folder does, and `read_results` marks them.

    Args:
        compression: "gzip" (.jsonl.gz), "zstd" (.jsonl.zst), or None.
        keep: Names of input columns to carry along, or "*" for all of them.

    Raises:
        ValueError: An argument is not one of these.
    """

    compression: _JsonlCodec | None = None
    keep: Sequence[str] = ()

    def __post_init__(self) -> None:
        _check_codec("JsonlSink", self.compression, ("gzip", "zstd"))
        object.__setattr__(self, "keep", _checked_keep("JsonlSink", self.keep))


Sink: TypeAlias = ParquetSink | NpySink | JsonlSink


def _checked_keep(sink: str, keep: Any) -> tuple[str, ...]:
    names = (keep,) if keep == ALL_COLUMNS else keep
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise ValueError(f'{sink}(keep=…) takes names of input columns, as ["id"], or "*" for all, got {keep!r}')
    names = tuple(names)
    for name in names:
        if not isinstance(name, str):
            raise ValueError(f"{sink}(keep=…) takes names of input columns, got {name!r} among them")
        if names.count(name) > 1:
            raise ValueError(f"{sink}(keep=…) names {name!r} twice")
    if ALL_COLUMNS in names and len(names) > 1:
        raise ValueError(f'{sink}(keep=…) has "*" among other names; give keep="*" for all columns')
    return names


def _check_codec(sink: str, codec: Any, known: tuple[str, ...]) -> None:
    if codec is not None and codec not in known:
        listed = ", ".join(map(repr, known))
        raise ValueError(f"{sink}(compression=…) must be one of {listed} or None, got {codec!r}")


def _check_int(argument: str, value: Any, low: int, high: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise ValueError(f"{argument} must be a whole number from {low:,} to {high:,}, got {value!r}")
