"""How work that is bound by computing scales: the same rows on one replica and on two, alternated."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from statistics import median
from typing import Any

ROWS, FEATURES, WIDTH, LAYERS, BATCH, RUNS = 49_152, 256, 1024, 6, 256, 5


class Predictor:
    """A wide MLP."""

    def __init__(self) -> None:
        import tensor
        from tensor import nn

        tensor.manual_seed(0)
        widths = [FEATURES, *[WIDTH] * LAYERS]
        layers = [layer for a, b in pairwise(widths) for layer in (nn.Linear(a, b), nn.ReLU())]
        self.model = nn.Sequential(*layers, nn.Linear(WIDTH, 8))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        import tensor

        return {"logits": self.model(tensor.from_numpy(batch["data"]))}


def main() -> None:
    """Measure one and two replicas in turn and print the ratio."""
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    import numpy as np

    from cluster import BatchPolicy, Pool

    rows = np.random.default_rng(0).standard_normal((ROWS, FEATURES), dtype=np.float32)
    times: dict[int, list[float]] = {1: [], 2: []}
    with Pool(Predictor, replicas=1) as one, Pool(Predictor, replicas=2) as two:
        for pool in (one, two):
            pool.wait_ready()
        for _ in range(RUNS):
            for replicas, pool in ((1, one), (2, two)):
                started_s = time.perf_counter()
                pool.predict(rows, batch=BatchPolicy(max_rows=BATCH), shard_rows=4 * BATCH)
                times[replicas].append(time.perf_counter() - started_s)
    ratios = sorted(single / double for single, double in zip(times[1], times[2], strict=True))
    print(f"{ROWS:,} rows through {LAYERS} layers of {WIDTH}, local, {RUNS} runs a side")
    print("| one replica | two replicas | ratio | lowest to highest |")
    print("| --- | --- | --- | --- |")
    print(
        f"| {median(times[1]):.2f} s | {median(times[2]):.2f} s | {median(ratios):.2f}× "
        f"| {ratios[0]:.2f}× to {ratios[-1]:.2f}× |"
    )
