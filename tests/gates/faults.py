"""Predictors that fail where a plan says, for all gates; importable by workers as `tests.gates.faults`.

A plan is keyed to rows, not to time, so a run can be repeated. What it names under "once" happens the first time that
any worker meets the row, "always" each time.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import tensor


def write_plan(folder: Path, *, once: Mapping[int, str] | None = None, always: Mapping[int, str] | None = None) -> str:
    """Write a plan into a folder that is its own, and return the path for `Faulty`."""
    (folder / "fired").mkdir(parents=True)
    path = folder / "plan.json"
    path.write_text(json.dumps({"once": dict(once or {}), "always": dict(always or {})}))
    return str(path)


def fired(plan: str) -> dict[int, str]:
    """The faults that happened, of those under "once": how by row."""
    planned = json.loads(Path(plan).read_text())["once"]
    return {int(path.name): planned[path.name] for path in (Path(plan).parent / "fired").iterdir()}


class Faulty:
    """Numbers from the columns "id" and "x", and failures from a plan."""

    def __init__(self, *, plan):
        self.fired = Path(plan).parent / "fired"
        found = json.loads(Path(plan).read_text())
        self.once = {int(row): how for row, how in found["once"].items()}
        self.always = {int(row): how for row, how in found["always"].items()}

    def __call__(self, batch):
        for row in batch["id"].tolist():
            if row in self.always:
                fail(self.always[row], row)
            if row in self.once and self._is_first(row):
                fail(self.once[row], row)
        return {"id": batch["id"], "y": tensor.from_numpy(batch["x"]) * 3 + 1}

    def _is_first(self, row):
        try:
            (self.fired / str(row)).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


class Gated(Faulty):
    """Says which process it is, and computes nothing before there is a file called "open"."""

    def __init__(self, *, plan, gate):
        super().__init__(plan=plan)
        self.gate = Path(gate)

    def __call__(self, batch):
        (self.gate / f"{os.getpid()}.waits").touch()
        while not (self.gate / "open").exists():
            time.sleep(0.01)
        return super().__call__(batch)


class FailsToBuild:
    """Leaves a file for each time that it is built, and never gets further."""

    def __init__(self, *, folder, how):
        Path(folder, f"{os.getpid()}").touch()
        fail(how, 0)

    def __call__(self, batch):
        raise AssertionError("there is nothing to call")


class Scaled:
    """The weight of the column's number, and faults from a plan."""

    def __init__(self, weights, *, plan):
        self.scale = weights["scale"]
        self.faulty = Faulty(plan=plan)

    def __call__(self, batch):
        self.faulty(batch)
        return {"id": batch["id"], "scale": np.repeat(self.scale.numpy(), len(batch["id"]))}


def fail(how, row):
    """Fail as a plan says: an exception, a signal, an exit, or no end at all."""
    match how:
        case "raise":
            raise ValueError(f"cannot stomach row {row}")
        case "hang":
            threading.Event().wait()
        case "exit":
            sys.exit(0)
        case "out of memory":  # what the kernel's killer does; to have it come would take the machine's memory
            os.kill(os.getpid(), signal.SIGKILL)
        case _:
            os.kill(os.getpid(), getattr(signal, how))
    threading.Event().wait()  # until the signal arrives
