"""Sources: where the rows of a job come from, as fragments that workers read by themselves."""

from cluster.sources.base import FragmentRows, Source
from cluster.sources.choose import as_source
from cluster.sources.csv import CsvSource
from cluster.sources.iterable import IterableSource
from cluster.sources.jsonl import JsonlSource
from cluster.sources.memory import ArraySource, ArrowSource
from cluster.sources.npy import NpySource
from cluster.sources.npz import NpzSource
from cluster.sources.parquet import ParquetSource
from cluster.sources.spilling import spilled
from cluster.sources.text import TextSource

__all__ = [
    "ArraySource",
    "ArrowSource",
    "CsvSource",
    "FragmentRows",
    "IterableSource",
    "JsonlSource",
    "NpySource",
    "NpzSource",
    "ParquetSource",
    "Source",
    "TextSource",
    "as_source",
    "spilled",
]
