"""Sinks: the formats that a job's output is written in, one a module."""

from workers.sinks.options import JsonlSink, NpySink, ParquetSink, Sink

__all__ = ["JsonlSink", "NpySink", "ParquetSink", "Sink"]
