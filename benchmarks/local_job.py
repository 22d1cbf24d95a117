"""A whole job on one machine: 200,000 rows through an MLP on two processes, results gathered in the caller.

shoal's local backend beside what a user of PyTorch would write with the standard library: a spawned process pool whose
initialiser builds the model, rows and results pickled. Each run is a fresh program, one BLAS thread a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from statistics import median
from typing import Any

ROWS, FEATURES, HIDDEN, CLASSES, BATCH, RUNS = 200_000, 64, 256, 10, 2048, 5


def main() -> None:
    """Run both sides in turn and print medians and ratios."""
    times: dict[str, list[dict[str, float]]] = {"shoal": [], "torch": []}
    for _ in range(RUNS):
        for side, found in times.items():
            found.append(_measure(side))
    print(f"{ROWS:,} rows of {FEATURES} numbers, MLP {FEATURES}-{HIDDEN}-{CLASSES}, 2 processes, {RUNS} runs a side")
    print("| | shoal | torch + process pool | ratio | ratio, lowest to highest |")
    print("| --- | --- | --- | --- | --- |")
    for what, name in (("first batch, from the start of the program", "first_s"), ("all results", "total_s")):
        ours, theirs = ([run[name] for run in times[side]] for side in ("shoal", "torch"))
        ratios = sorted(peer / own for own, peer in zip(ours, theirs, strict=True))
        print(
            f"| {what} | {median(ours):.2f} s | {median(theirs):.2f} s | {median(theirs) / median(ours):.1f}× "
            f"| {ratios[0]:.1f}× to {ratios[-1]:.1f}× |"
        )


def _measure(side: str) -> dict[str, float]:
    environment = os.environ | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    started_s = str(time.time())
    command = [sys.executable, "-m", "benchmarks.local_job", side, started_s]
    return json.loads(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def _rows() -> Any:
    import numpy as np

    return np.random.default_rng(0).standard_normal((ROWS, FEATURES), dtype=np.float32)


# --- shoal


class Predictor:
    """The MLP on shoal's tensors."""

    def __init__(self) -> None:
        from tensor import nn

        self.model = nn.Sequential(nn.Linear(FEATURES, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        import tensor

        return {"logits": self.model(tensor.from_numpy(batch["data"]))}


def _run_shoal(started_s: float) -> dict[str, float]:
    from cluster import BatchPolicy, Pool

    first_s, rows = 0.0, 0
    with Pool(Predictor, replicas=2) as pool:
        for batch in pool.map(_rows(), batch=BatchPolicy(max_rows=BATCH)):
            first_s = first_s or time.time() - started_s
            rows += len(batch["logits"])
        total_s = time.time() - started_s
    assert rows == ROWS
    return {"first_s": first_s, "total_s": total_s}


# --- torch and the standard library


def _build() -> None:
    global _model
    import torch

    torch.set_num_threads(1)
    _model = torch.nn.Sequential(
        torch.nn.Linear(FEATURES, HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, CLASSES)
    ).eval()


def _predict(rows: Any) -> Any:
    import torch

    with torch.inference_mode():
        return _model(torch.from_numpy(rows)).numpy()


def _run_torch(started_s: float) -> dict[str, float]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    rows = _rows()
    batches = [rows[start : start + BATCH] for start in range(0, ROWS, BATCH)]
    first_s, count = 0.0, 0
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn, initializer=_build) as executor:
        for logits in executor.map(_predict, batches):
            first_s = first_s or time.time() - started_s
            count += len(logits)
        total_s = time.time() - started_s
    assert count == ROWS
    return {"first_s": first_s, "total_s": total_s}


if __name__ == "__main__":
    _side, _started_s = sys.argv[1], float(sys.argv[2])
    print(json.dumps(_run_shoal(_started_s) if _side == "shoal" else _run_torch(_started_s)))
