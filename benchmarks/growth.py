"""Whether memory stays flat while the dataset grows tenfold: 1 and 10 million rows, to Parquet on two workers.

Each run is a fresh program. The peak of the driver is its own, that of the workers the highest that any of them had;
both without files that are mapped.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MILLION, FEATURES = 1_000_000, 16


class Sum:
    """The sum of each row, and the most memory that this process has had."""

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        import numpy as np

        peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"sum": batch["data"].sum(axis=1), "peak_kib": np.full(len(batch["data"]), peak_kib)}


def main() -> None:
    """Measure both sizes and print them beside each other."""
    print("| rows | driver, peak | worker, peak | seconds |")
    print("| --- | --- | --- | --- |")
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for millions in (1, 10):
            path = Path(folder) / f"{millions}.parquet"
            _write(path, millions)
            command = [sys.executable, "-m", "benchmarks.growth", str(path), f"{folder}/out{millions}"]
            environment = os.environ | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
            run = json.loads(subprocess.run(command, env=environment, check=True, stdout=-1).stdout)
            found[millions] = run
            driver, worker = (f"{run[who]:.0f} MiB" for who in ("driver_mib", "worker_mib"))
            print(f"| {run['rows']:,} | {driver} | {worker} | {run['seconds']:.1f} |")
    for who in ("driver", "worker"):
        print(f"\n{who}: {found[10][f'{who}_mib'] / found[1][f'{who}_mib']:.2f} times as much for ten times the rows")


def _write(path: Path, millions: int) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = np.random.default_rng(0)
    kind = pa.list_(pa.float32(), FEATURES)
    with pq.ParquetWriter(path, pa.schema([("data", kind)]), compression="none") as writer:
        for _ in range(millions * 10):
            values = pa.array(draw.standard_normal(MILLION // 10 * FEATURES, dtype=np.float32))
            writer.write_table(pa.table({"data": pa.FixedSizeListArray.from_arrays(values, FEATURES)}))


def _run(path: str, output: str) -> dict[str, float]:
    import pyarrow.parquet as pq

    from cluster import BatchPolicy, Pool

    with Pool(Sum, replicas=2) as pool:
        report = pool.run(path, output, batch=BatchPolicy(max_rows=4096))
    driver_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    worker_kib = max(
        pq.read_table(part, columns=["peak_kib"])["peak_kib"].to_numpy().max()
        for part in sorted(Path(output).glob("*.parquet"))
    )
    return {
        "rows": report.rows,
        "driver_mib": driver_kib / 1024,
        "worker_mib": int(worker_kib) / 1024,
        "seconds": report.seconds,
    }


if __name__ == "__main__":
    print(json.dumps(_run(sys.argv[1], sys.argv[2])))
