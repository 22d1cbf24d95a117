"""Which writer writes a sink's files."""

from __future__ import annotations

from workers.sinks.base import OpenFile, PartWriter
from workers.sinks.groups import GROUP_BYTES, GROUP_ROWS, RowGroups
from workers.sinks.options import JsonlSink, NpySink, ParquetSink, Sink


def part_writer(sink: Sink, open_file: OpenFile, *, job: str) -> PartWriter:
    """Return the writer of one attempt's output. Only the libraries of its format are imported."""
    match sink:
        case ParquetSink():
            from workers.sinks.parquet import ParquetPart

            return ParquetPart(sink, open_file, job)
        case NpySink():
            from workers.sinks.npy import NpyPart

            return NpyPart(open_file)
        case JsonlSink():
            from workers.sinks.jsonl import JsonlPart

            return JsonlPart(sink, open_file)


def row_groups(sink: Sink) -> RowGroups:
    """Return how rows are collected for the writer."""
    if isinstance(sink, ParquetSink) and sink.row_group_rows is not None:
        return RowGroups(max_rows=sink.row_group_rows, max_bytes=None)
    # Numbers take ten times as much as text in the making.
    max_bytes = GROUP_BYTES // 8 if isinstance(sink, JsonlSink) else GROUP_BYTES
    return RowGroups(max_rows=GROUP_ROWS, max_bytes=max_bytes)
