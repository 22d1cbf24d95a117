"""Sources: where the rows of a job come from, as fragments that workers read by themselves."""

from cluster.sources.base import FragmentRows, Source
from cluster.sources.choose import as_source
from cluster.sources.memory import ArraySource
from cluster.sources.npy import NpySource
from cluster.sources.parquet import ParquetSource

__all__ = ["ArraySource", "FragmentRows", "NpySource", "ParquetSource", "Source", "as_source"]
