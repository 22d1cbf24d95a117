"""What shoal adds to a batch: a predictor that computes nothing and returns 256 × 384 float32, on one worker.

Local: the time from one batch to the next as the caller sees it, with all that a worker, the wire and the driver do,
and the driver's own processor time. Ray: the same beside an actor that returns such an array to `ray.get`, call by
call.
"""

from __future__ import annotations

import os
import secrets
import time
from statistics import median
from typing import Any

ROWS, WIDTH, BATCHES, RUNS = 256, 384, 400, 5


class Nothing:
    """Returns the same array each time."""

    def __init__(self) -> None:
        import numpy as np

        self.output = np.zeros((ROWS, WIDTH), np.float32)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        return {"embedding": self.output[: len(batch["data"])]}


def main() -> None:
    """Measure both backends and print medians."""
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    print(f"{BATCHES} batches of {ROWS} × {WIDTH} float32 a run, {RUNS} runs, one worker")
    print("| | a batch, median | lowest to highest |")
    print("| --- | --- | --- |")
    _print("local, from batch to batch", *_shoal("local"))
    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    os.environ["RAY_AUTH_MODE"] = "token"
    from tests.ray_head import ray_head

    with ray_head(ready_workers=True) as head:
        os.environ["RAY_ADDRESS"] = head.address
        ours, processor = _shoal("ray")
        theirs = _ray()
    _print("Ray, from batch to batch", ours, processor)
    _print("Ray's own round trip", theirs)
    _print("Ray, beyond its own round trip", [own - peer for own, peer in zip(ours, theirs, strict=True)])


def _print(what: str, seconds: list[float], processor_s: list[float] | None = None) -> None:
    print(f"| {what} | {median(seconds) * 1e3:.2f} ms | {min(seconds) * 1e3:.2f} to {max(seconds) * 1e3:.2f} ms |")
    if processor_s is not None:
        _print("… of that, processor time of the driver", processor_s)


def _shoal(backend: str) -> tuple[list[float], list[float]]:
    """Seconds a batch, by the clock and of the driver's processor, for each run."""
    import numpy as np

    from cluster import BatchPolicy, Pool

    rows = np.zeros(ROWS * BATCHES, np.int8)
    wall, processor = [], []
    with Pool(Nothing, replicas=1, backend=backend) as pool:
        pool.predict(rows[: ROWS * 8], batch=BatchPolicy(max_rows=ROWS))
        for _ in range(RUNS):
            batches = pool.map(rows, batch=BatchPolicy(max_rows=ROWS))
            next(batches)
            started = time.perf_counter(), time.process_time()
            count = sum(1 for _ in batches)
            wall.append((time.perf_counter() - started[0]) / count)
            processor.append((time.process_time() - started[1]) / count)
    return wall, processor


def _ray() -> list[float]:
    """Seconds a call, for each run."""
    import ray

    ray.init(log_to_driver=False)
    try:
        actor = ray.remote(Nothing).remote()
        batch = {"data": range(ROWS)}
        ray.get(actor.__call__.remote(batch))
        times = []
        for _ in range(RUNS):
            started_s = time.perf_counter()
            for _ in range(BATCHES):
                ray.get(actor.__call__.remote(batch))
            times.append((time.perf_counter() - started_s) / BATCHES)
        return times
    finally:
        ray.shutdown()
