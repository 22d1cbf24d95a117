"""What one small operation costs: a 16×16 float32 add in each mode, beside torch and bare NumPy, in one process."""

from __future__ import annotations

import importlib
from contextlib import nullcontext
from statistics import median
from timeit import Timer
from typing import Any

import numpy as np

CALLS, RUNS = 20_000, 15


def main() -> None:
    """Interleave the sides, so that what else the machine does hits all of them, and print µs a call."""
    sides = {"shoal": importlib.import_module("tensor")}
    try:
        sides["torch"] = importlib.import_module("torch")
    except ModuleNotFoundError:
        print("(torch is not installed here: `pip install '.[bench]'` for its side)\n")
    else:
        sides["torch"].set_num_threads(1)
    found: dict[tuple[str, str], list[float]] = {}
    array = np.ones((16, 16), np.float32)
    for _ in range(RUNS):
        found.setdefault(("no graph", "numpy"), []).append(_time_us(nullcontext, array, array))
        for side, library in sides.items():
            for mode in ("recording", "no_grad", "inference_mode"):
                found.setdefault((mode, side), []).append(_time_us(_mode(library, mode), *_operands(library, mode)))
    print("| 16×16 add | median | lowest to highest |")
    print("| --- | --- | --- |")
    for (mode, side), times in found.items():
        print(f"| {side}, {mode} | {median(times):.2f} µs | {min(times):.2f} to {max(times):.2f} |")


def _mode(library: Any, mode: str) -> Any:
    return {"recording": nullcontext, "no_grad": library.no_grad, "inference_mode": library.inference_mode}[mode]


def _operands(library: Any, mode: str) -> tuple[Any, Any]:
    return library.ones(16, 16, requires_grad=mode != "inference_mode"), library.ones(16, 16)


def _time_us(mode: Any, x: Any, y: Any) -> float:
    with mode():
        return Timer("x + y", globals={"x": x, "y": y}).timeit(CALLS) / CALLS * 1e6


if __name__ == "__main__":
    main()
