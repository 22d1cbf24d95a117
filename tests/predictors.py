"""Predictors that tests share; importable by workers as `tests.predictors`."""

from __future__ import annotations

import builtins
import os
import signal
import sys
import time
from asyncio import CancelledError
from pathlib import Path

import numpy as np

import tensor
from tensor import nn
from workers import Ragged


class Double:
    """Twice each number of the column "x", and the label beside it where there is one."""

    def __call__(self, batch):
        doubled = {"y": tensor.from_numpy(batch["x"]) * 2}
        return doubled | ({"label": batch["label"]} if "label" in batch else {})


class Linear:
    """One layer with shared weights."""

    def __init__(self, weights, *, features=8):
        self.layer = nn.Linear(features, 4)
        self.layer.load_state_dict(weights)

    def __call__(self, batch):
        return {"logits": self.layer(tensor.from_numpy(batch["x"]))}


class Weights:
    """Counts its weights."""

    def __init__(self, weights):
        self.count = len(weights)

    def __call__(self, batch):
        return {"tensors": np.full(len(batch["x"]), self.count)}


class Column:
    """One layer over the single column "x"."""

    def __init__(self, weights):
        self.layer = nn.Linear(1, 4)
        self.layer.load_state_dict(weights)

    def __call__(self, batch):
        return {"logits": self.layer(tensor.from_numpy(batch["x"]).unsqueeze(1))}


class Line:
    """The line that `tests.trainers.Regress` learns."""

    def __init__(self, weights):
        self.layer = nn.Linear(2, 1)
        self.layer.load_state_dict(weights)

    def __call__(self, batch):
        return {"y": self.layer(tensor.from_numpy(batch["x"]))}


class Lengths:
    """A ragged column in, a ragged and a plain one out."""

    def __call__(self, batch):
        tokens = batch["tokens"]
        return {"length": tokens.lengths, "again": Ragged(tensor.from_numpy(tokens.values) + 1, tokens.offsets)}


class BatchSizes:
    """With how many rows each row came, as a matrix product's last bits may depend on it."""

    def __call__(self, batch):
        return {"n": np.full(len(batch["x"]), len(batch["x"]))}


class Prepared:
    """`prepare` sees a whole shard, `__call__` its batches."""

    def prepare(self, columns):
        return {"length": np.array([len(text) for text in columns["text"]], dtype=np.int64)}

    def __call__(self, batch):
        return {"length": batch["length"]}


class Modes:
    """Says in which mode each part of a predictor runs."""

    def __init__(self):
        self.built = tensor.is_inference_mode_enabled()

    def prepare(self, columns):
        self.prepared = tensor.is_inference_mode_enabled()
        return columns

    def __call__(self, batch):
        modes = (self.built, self.prepared, tensor.is_inference_mode_enabled())
        return {"modes": np.tile(np.array(modes), (len(batch["x"]), 1))}


class Raises:
    """Raises on the row that holds `on`."""

    def __init__(self, *, on):
        self.on = on

    def __call__(self, batch):
        if self.on in batch["x"]:
            raise ValueError(f"cannot stomach {self.on}")
        return {"y": batch["x"]}


class DiesOnce:
    """Dies on the row that holds `on`, the first time that any worker meets it."""

    def __init__(self, *, on, how, marker):
        self.on, self.how, self.marker = on, how, Path(marker)

    def __call__(self, batch):
        if self.on in batch["x"]:
            try:
                self.marker.touch(exist_ok=False)
            except FileExistsError:
                pass
            else:
                die(self.how)
        return {"y": tensor.from_numpy(batch["x"]) * 2}


class DiesAlways:
    """Dies on the row that holds `on`."""

    def __init__(self, *, on, how="SIGKILL"):
        self.on, self.how = on, how

    def __call__(self, batch):
        if self.on in batch["x"]:
            die(self.how)
        return {"y": batch["x"]}


class DiesAhead:
    """Dies in `prepare` on the row that holds `on`, while `__call__` goes on for ever."""

    def __init__(self, *, on):
        self.on = on

    def prepare(self, columns):
        if self.on in columns["x"]:
            die("SIGKILL")
        return columns

    def __call__(self, batch):
        signal.pause()


class SlowDouble(Double):
    """Takes a moment for each batch, and says which processes are at it."""

    def __init__(self, *, pid_folder):
        self.pid_file = Path(pid_folder, str(os.getpid()))

    def __call__(self, batch):
        self.pid_file.touch()
        time.sleep(0.02)
        return super().__call__(batch)


class WaitsAtGate(Double):
    """Says which process it is, and computes nothing before there is a file called "gate"."""

    def __init__(self, *, pid_folder):
        self.folder = Path(pid_folder)

    def __call__(self, batch):
        (self.folder / str(os.getpid())).touch()
        while not (self.folder / "gate").exists():
            time.sleep(0.01)
        return super().__call__(batch)


class Widens:
    """Many numbers a row; leaves a file in a folder for each batch."""

    def __init__(self, *, numbers, folder):
        self.numbers, self.folder = numbers, Path(folder)

    def __call__(self, batch):
        (self.folder / f"{batch['x'][0]:.0f}").touch()
        return {"y": np.repeat(batch["x"][:, None], self.numbers, axis=1)}


class SumsWeights:
    """Reads every weight."""

    def __init__(self, weights):
        self.weights = weights

    def __call__(self, batch):
        total = sum(float(np.asarray(weight).sum(dtype=np.float64)) for weight in self.weights.values())
        return {"y": np.full(len(batch["x"]), total)}


class Environment:
    """The variables of its process."""

    def __init__(self, *, names):
        self.names = names

    def __call__(self, batch):
        found = " ".join(os.environ.get(name, "") for name in self.names)
        return {"found": np.array([found] * len(batch["x"]), dtype=object)}


class RemovesFile:
    """Its file to read is gone by the time it is built."""

    def __init__(self, *, path):
        Path(path).unlink()

    def __call__(self, batch):
        raise AssertionError("there is nothing to read")


class DiesWhileBuilding(Double):
    def __init__(self):
        die("SIGKILL")


class Returns:
    """Returns whatever `init` says."""

    def __init__(self, *, rows=None, kind="dict"):
        self.rows, self.kind = rows, kind

    def __call__(self, batch):
        rows = len(batch["x"]) if self.rows is None else self.rows
        match self.kind:
            case "dict":
                return {"y": np.zeros(rows)}
            case "array":
                return np.zeros(rows)
            case "objects":
                return {"y": np.array([object()] * rows, dtype=object)}
            case "uneven":
                return {"y": np.zeros(rows), "z": np.zeros(rows + 1)}


class OtherLibrary:
    """Returns what another library's tensor looks like."""

    class Array:
        def __init__(self, values):
            self.values, self.shape = values, values.shape

        def __array__(self, dtype=None, copy=None):
            return self.values

    def __call__(self, batch):
        return {"y": self.Array(batch["x"] * 2)}


class Reuses:
    """Writes each output into the same memory, as a careful user may."""

    def __init__(self):
        self.scratch = np.zeros(1024, np.float32)

    def __call__(self, batch):
        out = self.scratch[: len(batch["x"])]
        np.multiply(batch["x"], 2, out=out)
        return {"y": out}


class ChangesItsMind:
    """Other types after row 256."""

    def __call__(self, batch):
        return {"y": batch["x"].astype(np.float64 if batch["x"][0] >= 256 else np.float32)}


class RaisesBase:
    """Raises what no `except Exception` catches."""

    def __init__(self, *, kind):
        self.kind = kind

    def __call__(self, batch):
        raise (CancelledError if self.kind == "CancelledError" else getattr(builtins, self.kind))(self.kind)


class DiesOnNaN(Linear):
    """Cannot live with these weights."""

    def __init__(self, weights):
        if np.isnan(np.asarray(weights["weight"])).any():
            die("SIGKILL")
        super().__init__(weights)


class Waits:
    """Runs until it is killed, and says where its process is."""

    def __init__(self, *, pid_file):
        self.pid_file = Path(pid_file)

    def __call__(self, batch):
        self.pid_file.write_text(str(os.getpid()))
        signal.pause()


class SpawnsAndWaits(Waits):
    """Has a child of its own, and runs until it is killed."""

    def __call__(self, batch):
        import subprocess

        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        self.pid_file.write_text(f"{os.getpid()} {child.pid}")
        signal.pause()


def die(how):
    if how == "exit":
        sys.exit(0)
    os.kill(os.getpid(), getattr(signal, how))
    signal.pause()
