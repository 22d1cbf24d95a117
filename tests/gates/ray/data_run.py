"""A user's script with Ray Data and shoal, run by `test_ray_data`: `python data_run.py FOLDER`; prints what it found.

In a process of its own, as Ray Data leaves threads behind.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import ray
import ray.data

from cluster import Pool, for_map_batches, read_results
from tests import predictors
from tests.gates.ray import samples
from workers.arrow import to_table
from workers.sinks.marking import mark_of


def main(folder: Path) -> None:
    ray.init(address="local", num_cpus=4, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    print(json.dumps({"map_batches": _map_batches(folder), "source": _source(folder)}))
    ray.shutdown()


def _map_batches(folder: Path) -> dict[str, object]:
    weights = {"weight": np.full((1, 2), 2, np.float32), "bias": np.ones(1, np.float32)}
    dataset = ray.data.from_arrow(to_table({"x": np.ones((100, 2), np.float32)})).repartition(3)
    computed = dataset.map_batches(for_map_batches(predictors.Line, weights=weights), batch_size=32, concurrency=2)
    computed.write_parquet(str(folder / "computed"))
    files = list((folder / "computed").glob("*.parquet"))
    return {
        "sums": sorted({float(row["y"][0]) for row in computed.take_all()}),
        "rows": sum(pq.read_metadata(file).num_rows for file in files),
        "marks": sorted({mark_of(pq.read_schema(file)).job for file in files}),
    }


def _source(folder: Path) -> dict[str, object]:
    """Blocks that end in any order, of tensors, strings and lists."""
    dataset = ray.data.from_arrow(to_table(samples.columns())).repartition(5)
    dataset = dataset.map_batches(lambda table: table, batch_format="pyarrow")
    with Pool(samples.Same, replicas=2, backend="ray") as pool:
        report = pool.run(dataset, folder / "out")
        resumed = pool.run(dataset, folder / "out")
    found = read_results(folder / "out")
    return {
        "rows": report.rows,
        "resumed": [resumed.resumed_rows, resumed.digest == report.digest],
        "types": {name: type(column).__name__ for name, column in found.items()},
        "same": samples.are(found),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
