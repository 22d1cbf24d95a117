"""What memory replicas of a 400 MB model have for themselves: 1, 2 and 4 processes on one safetensors file.

shoal's local backend beside torch in as many spawned processes, loading as is usual (`load_file`, `load_state_dict`)
and as sparingly as torch can (built on `meta`, `load_file`, `assign=True`). Each run is a fresh program. Memory is read
from /proc when every replica has predicted, so has touched all weights: what it alone has and wrote (Private_Dirty),
and what all have together, each shared page counted once (Pss), so the file's page cache too. The runs without weights,
a model of no layers, show what Python and the libraries take. shoal also runs on a Ray head, whose object store has
the weights; what its replicas need together is held against 1.1 times the weights and what replicas without any need.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

WIDTH, LAYERS, REPLICAS, RUNS = 2000, 25, (1, 2, 4), 3
SIDES = {"shoal": "shoal", "ray": "shoal on Ray", "torch": "torch, usual", "sparing": "torch, sparing"}
MB = 1e6


def main() -> None:
    """Run all sides in turn and print medians and ratios."""
    from tests.ray_head import ray_head

    os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    os.environ["RAY_AUTH_MODE"] = "token"
    with tempfile.TemporaryDirectory() as folder, ray_head(ready_workers=True) as head:
        os.environ["RAY_ADDRESS"] = head.address
        files = {layers: _write(Path(folder) / f"{layers}.safetensors", layers) for layers in (0, LAYERS)}
        size_mb = files[LAYERS].stat().st_size / MB
        base = {side: _measure(side, files[0], 0, 1) for side in SIDES}
        print(f"{LAYERS} linear layers, {size_mb:.0f} MB of float32; MB, medians of {RUNS} runs")
        print("without weights, one replica: " + ", ".join(f"{SIDES[s]} {base[s]['private']:.0f} MB" for s in SIDES))
        print("\n| replicas | measured | " + " | ".join(SIDES.values()) + " | torch, usual / shoal |")
        print("| --- | --- |" + " --- |" * (len(SIDES) + 1))
        for replicas in REPLICAS:
            runs = [{side: _measure(side, files[LAYERS], LAYERS, replicas) for side in SIDES} for _ in range(RUNS)]
            for what, name in (("private, a replica", "private"), ("all replicas together", "together")):
                found = {side: median(run[side][name] for run in runs) for side in SIDES}
                ratios = sorted(run["torch"][name] / run["shoal"][name] for run in runs)
                shown = " | ".join(f"{found[side]:.0f}" for side in SIDES)
                spread = f"{median(ratios):.1f}× ({ratios[0]:.1f}× to {ratios[-1]:.1f}×)"
                print(f"| {replicas} | {what} | {shown} | {spread} |", flush=True)
        print()
        for side in ("shoal", "ray"):
            together = median(run[side]["together"] for run in runs)
            bound = 1.1 * size_mb + replicas * base[side]["together"]
            print(f"{SIDES[side]}, {replicas} replicas: {together:.0f} MB together, of {bound:.0f} MB")


def _write(path: Path, layers: int) -> Path:
    import numpy as np

    import tensor

    generator = np.random.default_rng(0)
    state = {}
    for layer in range(layers):
        weight = generator.standard_normal((WIDTH, WIDTH), dtype=np.float32) / WIDTH**0.5
        state |= {f"{layer}.weight": tensor.from_numpy(weight), f"{layer}.bias": tensor.zeros(WIDTH)}
    tensor.save(state, path)
    return path


def _measure(side: str, path: Path, layers: int, replicas: int) -> dict[str, float]:
    environment = os.environ | dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "benchmarks.memory", side, str(path), str(layers), str(replicas)]
    done = subprocess.run(command, env=environment, check=True, stdout=-1, stderr=subprocess.DEVNULL)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _memory_of(pids: set[int]) -> dict[str, float]:
    fields = [_smaps(pid) for pid in pids]
    return {
        "private": median(each["Private_Dirty"] for each in fields) / MB,
        "together": sum(each["Pss"] for each in fields) / MB,
    }


def _smaps(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) * 1024 for name, rest in (line.split(":") for line in lines)}


def _rows(count: int) -> Any:
    import numpy as np

    return np.ones((count, WIDTH), np.float32)


# --- shoal


class Predictor:
    """The model on shoal's tensors; says in which process it is."""

    def __init__(self, weights: Any, layers: int) -> None:
        from tensor import nn

        self.model = nn.Sequential(*(nn.Linear(WIDTH, WIDTH) for _ in range(layers)))
        self.model.load_state_dict(weights)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        import numpy as np

        import tensor

        output = self.model(tensor.from_numpy(batch["data"]))
        return {"mean": output.mean(dim=1), "pid": np.full(len(batch["data"]), os.getpid())}


def _run_shoal(path: str, layers: int, replicas: int, *, backend: str) -> dict[str, float]:
    from cluster import Pool, RayBackend

    pids: set[int] = set()
    runner = RayBackend(num_cpus=0.1) if backend == "ray" else backend
    with Pool(Predictor, weights=path, init={"layers": layers}, replicas=replicas, backend=runner) as pool:
        pool.wait_ready()
        while len(pids) < replicas:
            pids |= set(pool.predict(_rows(8 * replicas), shard_rows=2)["pid"].tolist())
        return _memory_of(pids)


# --- torch and the standard library


def _serve(path: str, layers: int, sparing: bool, ready: Any, done: Any) -> None:
    import torch
    from safetensors.torch import load_file

    torch.set_num_threads(1)
    with torch.device("meta" if sparing else "cpu"):
        model = torch.nn.Sequential(*(torch.nn.Linear(WIDTH, WIDTH) for _ in range(layers)))
    model.load_state_dict(load_file(path), assign=sparing)
    with torch.inference_mode():
        model.eval()(torch.from_numpy(_rows(2)))
    ready.put(os.getpid())
    done.wait()


def _run_torch(path: str, layers: int, replicas: int, *, sparing: bool) -> dict[str, float]:
    import multiprocessing

    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Queue(), spawn.Event()
    processes = [spawn.Process(target=_serve, args=(path, layers, sparing, ready, done)) for _ in range(replicas)]
    for process in processes:
        process.start()
    try:
        return _memory_of({ready.get() for _ in processes})
    finally:
        done.set()
        for process in processes:
            process.join()


if __name__ == "__main__":
    _side, _path, _layers, _replicas = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if _side in ("shoal", "ray"):
        _backend = "local" if _side == "shoal" else "ray"
        print(json.dumps(_run_shoal(_path, _layers, _replicas, backend=_backend)))
    else:
        print(json.dumps(_run_torch(_path, _layers, _replicas, sparing=_side == "sparing")))
