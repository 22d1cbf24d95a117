"""A whole job on a running Ray head: 200,000 rows through an MLP on two actors, results taken batch by batch.

shoal on Ray beside Ray Data, on one head, with the same predictor: its model and arithmetic are shoal's on both sides,
so what differs is how rows, weights and results travel. Each run is a fresh program that joins the head; the clock
starts with the program, and, for "from the cluster's answer", when `ray.init` or `Pool` has joined.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median
from typing import Any

ROWS, FEATURES, HIDDEN, CLASSES, BATCH, RUNS = 200_000, 64, 256, 10, 2048, 5
SIDES = ("shoal", "ray data")
WHAT = (
    ("first batch, from the start of the program", "first_s"),
    ("first batch, from the cluster's answer", "first_joined_s"),
    ("all results, from the start of the program", "total_s"),
)


def main() -> None:
    """Run both sides in turn and print medians and ratios."""
    from tests.ray_head import ray_head

    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    times: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    with ray_head(ready_workers=True) as head:
        for _ in range(RUNS):
            for side, found in times.items():
                found.append(_measure(side, head.address))
    print(f"{ROWS:,} rows of {FEATURES} numbers, MLP {FEATURES}-{HIDDEN}-{CLASSES}, 2 actors, {RUNS} runs a side")
    print("| | shoal | Ray Data | ratio | ratio, lowest to highest |")
    print("| --- | --- | --- | --- | --- |")
    for what, name in WHAT:
        ours, theirs = ([run[name] for run in times[side]] for side in SIDES)
        ratios = sorted(peer / own for own, peer in zip(ours, theirs, strict=True))
        print(
            f"| {what} | {median(ours):.2f} s | {median(theirs):.2f} s | {median(theirs) / median(ours):.1f}× "
            f"| {ratios[0]:.1f}× to {ratios[-1]:.1f}× |"
        )


def _measure(side: str, address: str) -> dict[str, float]:
    environment = os.environ | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    environment["RAY_AUTH_MODE"] = "token"
    command = [sys.executable, "-m", "benchmarks.ray_job", side, address, str(time.time())]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _rows() -> Any:
    import numpy as np

    return np.random.default_rng(0).standard_normal((ROWS, FEATURES), dtype=np.float32)


class Predictor:
    """The MLP on shoal's tensors, as either side calls it."""

    def __init__(self) -> None:
        import tensor
        from tensor import nn

        with tensor.inference_mode():
            self.model = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        import tensor

        with tensor.inference_mode():
            return {"logits": self.model(tensor.from_numpy(batch["data"])).numpy()}


def _run(started_s: float, joined_s: float, batches: Iterator[dict[str, Any]]) -> dict[str, float]:
    first_s, rows = 0.0, 0
    for batch in batches:
        first_s = first_s or time.time()
        rows += len(batch["logits"])
    assert rows == ROWS
    return {"first_s": first_s - started_s, "first_joined_s": first_s - joined_s, "total_s": time.time() - started_s}


def _run_shoal(address: str, started_s: float) -> dict[str, float]:
    from cluster import BatchPolicy, Pool, RayBackend

    rows = _rows()
    with Pool(Predictor, replicas=2, backend=RayBackend(address)) as pool:
        return _run(started_s, time.time(), pool.map(rows, batch=BatchPolicy(max_rows=BATCH)))


def _run_ray_data(address: str, started_s: float) -> dict[str, float]:
    import ray

    rows = _rows()
    ray.init(address, logging_level="ERROR", log_to_driver=False)
    joined_s = time.time()
    ray.data.DataContext.get_current().enable_progress_bars = False
    results = ray.data.from_numpy(rows).map_batches(Predictor, batch_size=BATCH, concurrency=2)
    return _run(started_s, joined_s, results.iter_batches(batch_size=BATCH, batch_format="numpy"))


if __name__ == "__main__":
    _side, _address, _started_s = sys.argv[1], sys.argv[2], float(sys.argv[3])
    print(json.dumps((_run_shoal if _side == "shoal" else _run_ray_data)(_address, _started_s)))
