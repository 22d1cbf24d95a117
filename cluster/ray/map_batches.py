"""A predictor class for `ray.data.map_batches`: what Ray Data calls runs as in one of shoal's replicas."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import ray

import tensor
from cluster.arguments import Weights, arguments_of, code_of, hold_weights
from cluster.ray.actor import import_code
from cluster.ray.batches import columns_of
from cluster.ray.objects import put_bytes
from tensor import marks
from workers.arrow import to_table
from workers.code import CodeRef
from workers.columns import Columns, row_count
from workers.outputs import OutputCheck, check_rows, checked_mapping
from workers.ragged import Ragged
from workers.sinks.marking import mark_for
from workers.weights import SnapshotRef


def for_map_batches(
    predictor: type | str, *, weights: Weights | None = None, init: Mapping[str, Any] | None = None
) -> type:
    """A class for `Dataset.map_batches` that runs a predictor inside `inference_mode`.

        Embedder = for_map_batches(Embed, weights="model.safetensors")
        embedded = dataset.map_batches(Embedder, batch_size=256, concurrency=4)

    `__init__`, `prepare` and `__call__` run as in a pool, but that `prepare` gets one batch and not a shard, and that
    faults are Ray Data's to deal with. Outputs are checked, and leave as Arrow tables: numbers of (rows, …) as tensors,
    `Ragged` as lists. The mark of what is inference-only stays in the tables' metadata, and so in the Parquet files
    that Ray Data writes of them; NumPy, pandas and torch batches of the dataset have lost it.

    Args:
        predictor: As for `Pool`.
        weights: As for `Pool`. They are put into Ray's object store once, and mapped by all replicas of a node.
        init: As for `Pool`.

    Returns:
        The class; its constructor takes nothing.

    Raises:
        UsageError: An argument that cannot work.
        SourceNotFoundError: There is no such weights file.
        MemoryFullError: The object store has no room for the weights.
    """
    code = code_of(predictor)
    arguments = arguments_of(code, init, weights=weights)
    if weights is None:
        model = _Model(code, arguments)
    else:
        with hold_weights(weights) as held:
            model = _Model(code, arguments, replace(held.ref, memory=None), put_bytes(held.ref))
    name = code.name.rpartition(":")[2].rpartition(".")[2]
    return type(name, (_Mapper,), {"_model": model, "__doc__": f"{code.name} inside `inference_mode`."})


@dataclass(frozen=True)
class _Model:
    """What every replica runs.

    Attributes:
        code: The predictor's class.
        init: Its keyword arguments beside the weights.
        weights: The weights, if any, without their bytes.
        memory: Their bytes, in Ray's object store.
    """

    code: CodeRef
    init: Mapping[str, Any]
    weights: SnapshotRef | None = None
    memory: Any = None

    def build(self) -> Any:
        """Build the predictor; to be called inside `inference_mode`."""
        import_code(self.code)
        weights = {}
        if self.weights is not None:
            weights["weights"] = replace(self.weights, memory=ray.get(self.memory).data).tensors()
        return self.code.resolve()(**weights, **self.init)


class _Mapper:
    """One replica in Ray Data's hands."""

    _model: _Model

    def __init__(self) -> None:
        name = self._model.code.name
        self._origin = marks.Origin(job=f"ray.data:{name}", replica=f"pid{os.getpid()}")
        self._preparing, self._calling = f"{name}.prepare", f"{name}.__call__"
        self._check = OutputCheck(self._calling)
        with tensor.inference_mode(), marks.origin(job=self._origin.job, replica=self._origin.replica):
            self._predictor = self._model.build()

    def __call__(self, batch: Any) -> Any:
        """Compute a batch of Ray Data's, in any of its formats; returns an Arrow table."""
        columns = columns_of(batch)
        with tensor.inference_mode(), marks.origin(job=self._origin.job, replica=self._origin.replica):
            output = self._predict(columns) if row_count(columns) else {}
            table = to_table({name: _array(column) for name, column in output.items()}) if output else pa.table({})
        return table.replace_schema_metadata(mark_for(str(self._origin.job)))

    def _predict(self, columns: Columns) -> Columns:
        rows = row_count(columns)
        prepared: Any = columns
        if hasattr(self._predictor, "prepare"):
            prepared = checked_mapping(self._predictor.prepare(columns), self._preparing)
            check_rows(prepared, rows, self._preparing)
        return self._check.take(self._predictor(prepared), rows=rows)


def _array(column: Any) -> Any:
    if isinstance(column, Ragged):
        return Ragged(_array(column.values), column.offsets)
    return column.numpy() if isinstance(column, tensor.Tensor) else column
