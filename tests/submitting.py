"""A user who sends jobs to a cluster: their folder, the storage that all nodes share, and their commands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import tensor

BIN = Path(sys.executable).parent

PREDICTORS = """
import time
import tensor
from helper import TWICE  # a module beside it

class Scale:
    def __init__(self, weights, *, shift=0.0):
        print("building")
        self.factor, self.shift = weights["factor"], shift
    def __call__(self, batch):
        return {"y": tensor.from_numpy(batch["x"]) * self.factor * TWICE + self.shift}

class Raises(Scale):
    def __call__(self, batch):
        if 120 in batch["x"]:
            raise ValueError("cannot stomach 120")
        return super().__call__(batch)

class Hangs(Scale):
    def __call__(self, batch):
        while 120 in batch["x"]:
            time.sleep(1)
        return super().__call__(batch)
"""


def shared_storage(folder: Path) -> Path:
    """Put 200 rows into a folder."""
    np.save(folder / "x.npy", np.arange(200, dtype=np.float32))
    return folder


def users_folder(folder: Path, shared: Path) -> Path:
    """Put predictors, weights and a job for each predictor into a folder; they write to the shared one."""
    (folder / "predict.py").write_text(PREDICTORS)
    (folder / "helper.py").write_text("TWICE = 2\n")
    tensor.save({"factor": tensor.tensor(3.0)}, folder / "model.safetensors")
    for predictor in ("Scale", "Raises", "Hangs"):
        _write_job(folder, predictor, shared / predictor, shared / "x.npy")
    return folder


def command(*arguments: str | Path, folder: Path, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run a command of the environment's in a folder, with variables changed (None: taken out)."""
    environment = os.environ | {"RAY_AUTH_MODE": "token"} | changes
    environment = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run(
        [BIN / arguments[0], *arguments[1:]], cwd=folder, env=environment, capture_output=True, text=True, timeout=200
    )


def _write_job(folder: Path, predictor: str, output: Path, rows: Path) -> None:
    (folder / f"{predictor}.toml").write_text(
        f'predictor = "predict:{predictor}"\nweights = "model.safetensors"\noutput = "{output}"\nreplicas = 1\n'
        f'shard_rows = 50\n[source]\npath = "{rows}"\ncolumn = "x"\n[init]\nshift = 1.0\n[batch]\nmax_rows = 50\n'
        '[ray]\nnum_cpus = 0.5\n[ray.runtime_env.env_vars]\nMINE = "1"\n'
    )
