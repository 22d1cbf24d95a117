"""Rows in memory: Arrow IPC files that are mapped, or were handed over.

Importing this module imports pyarrow.
"""

from __future__ import annotations

import pyarrow as pa

from workers.arrow import to_columns
from workers.columns import Columns
from workers.readers.files import opened
from workers.shards import MemoryFragment


def read_memory(fragment: MemoryFragment, start: int, stop: int) -> Columns:
    """Rows `start` to `stop`, numbers uncopied."""
    if fragment.memory is not None:
        data = pa.py_buffer(fragment.memory)
    else:
        with opened(fragment), pa.memory_map(fragment.path) as mapped:
            mapped.seek(fragment.start_byte)
            data = mapped.read_buffer((fragment.stop_byte or mapped.size()) - fragment.start_byte)
    table = pa.ipc.open_file(data).read_all()
    return to_columns(table.slice(start, stop - start))
