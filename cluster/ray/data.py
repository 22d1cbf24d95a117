"""A dataset of Ray Data as a source."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa

from cluster.ray.batches import columns_of
from cluster.sources.iterable import IterableSource
from workers.arrow import to_table

_BATCH_ROWS = 1024
"""How many rows are in memory at once; Ray Data holds some more back, by its own rules."""


def source_of(dataset: Any) -> IterableSource:
    """The rows of a dataset, in its order; Ray Data computes them as they are written down, before the job begins.

    Args:
        dataset: A `ray.data.Dataset`.
    """
    return IterableSource(partial(_tables, dataset))


def _tables(dataset: Any) -> Iterator[pa.Table]:
    """The dataset's batches with Arrow's own types; a mark that its files had stays in the metadata."""
    options = dataset.context.execution_options
    before, options.preserve_order = options.preserve_order, True
    try:
        for table in dataset.iter_batches(batch_format="pyarrow", batch_size=_BATCH_ROWS):
            if table.num_rows:
                yield to_table(columns_of(table)).replace_schema_metadata(table.schema.metadata)
    finally:
        options.preserve_order = before
