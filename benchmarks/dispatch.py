"""What one small operation costs: a 16×16 float32 add in each mode, beside torch and bare NumPy, in one process."""

from __future__ import annotations

import importlib
from contextlib import nullcontext
from statistics import median
from timeit import Timer
from typing import Any

import numpy as np

CALLS, RUNS = 20_000, 15
MODES = ("recording", "no_grad", "inference_mode")


def main() -> None:
    """Interleave the sides, so that what else the machine does hits all of them; print µs a call, and ratios."""
    sides = {"shoal": importlib.import_module("tensor")}
    try:
        sides["torch"] = importlib.import_module("torch")
    except ModuleNotFoundError:
        print("(torch is not installed here: `pip install '.[bench]'` for its side)\n")
    else:
        sides["torch"].set_num_threads(1)
    array = np.ones((16, 16), np.float32)
    bare: list[float] = []
    found: dict[tuple[str, str], list[float]] = {(mode, side): [] for mode in MODES for side in sides}
    for _ in range(RUNS):
        bare.append(_time_us(nullcontext, array, array))
        for mode in MODES:
            for side, library in sides.items():
                found[mode, side].append(_time_us(_mode(library, mode), *_operands(library, mode)))
    print(f"16×16 add: µs a call, medians of {RUNS} runs (lowest to highest); NumPy alone: {_shown(bare)}\n")
    print("| mode | shoal | torch | torch / shoal |")
    print("| --- | --- | --- | --- |")
    for mode in MODES:
        ours, theirs = found[mode, "shoal"], found.get((mode, "torch"), [])
        ratios = [b / a for a, b in zip(ours, theirs, strict=False)]
        print(f"| {mode} | {_shown(ours)} | {_shown(theirs)} | {_shown(ratios)} |")


def _shown(values: list[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})" if values else "–"


def _mode(library: Any, mode: str) -> Any:
    return {"recording": nullcontext, "no_grad": library.no_grad, "inference_mode": library.inference_mode}[mode]


def _operands(library: Any, mode: str) -> tuple[Any, Any]:
    return library.ones(16, 16, requires_grad=mode != "inference_mode"), library.ones(16, 16)


def _time_us(mode: Any, x: Any, y: Any) -> float:
    with mode():
        return Timer("x + y", globals={"x": x, "y": y}).timeit(CALLS) / CALLS * 1e6


if __name__ == "__main__":
    main()
