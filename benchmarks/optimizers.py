"""What a step of an optimiser costs: 10 million float32 parameters, and 200 small layers, beside torch."""

from __future__ import annotations

import importlib
from statistics import median
from time import perf_counter
from typing import Any

RUNS = 9
MODELS: dict[str, list[tuple[int, ...]]] = {
    "10 million parameters": [(1024, 1024), (1024,)] * 9 + [(500, 1024), (500,)],
    "200 small layers": [(64, 64), (64,)] * 200,
}
OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 1e-3}),
    ("SGD", {"lr": 1e-3, "momentum": 0.9, "weight_decay": 1e-4}),
    ("Adam", {}),
    ("AdamW", {}),
    ("RMSprop", {}),
    ("Adagrad", {}),
    ("NAdam", {}),
    ("RAdam", {}),
    ("Adamax", {}),
    ("Adadelta", {}),
    ("ASGD", {}),
    ("Rprop", {}),
]


def main() -> None:
    """Interleave the sides, so that what else the machine does hits all of them; print ms a step, and ratios."""
    sides: dict[str, tuple[Any, dict[str, Any]]] = {"shoal": (importlib.import_module("tensor"), {})}
    try:
        torch = importlib.import_module("torch")
    except ModuleNotFoundError:
        print("(torch is not installed here: `pip install '.[bench]'` for its side)\n")
    else:
        torch.set_num_threads(1)
        sides |= {"torch": (torch, {}), "torch, foreach": (torch, {"foreach": True})}
    print(f"ms a step, medians of {RUNS} runs (lowest to highest), one thread\n")
    for model, shapes in MODELS.items():
        print(f"| {model} | {' | '.join(sides)} | shoal / torch |")
        print("| --- " * (len(sides) + 2) + "|")
        for kind, options in OPTIMIZERS:
            optimizers = [_optimizer(library, kind, shapes, {**options, **more}) for library, more in sides.values()]
            times: list[list[float]] = [[] for _ in optimizers]
            for _ in range(RUNS):
                for optimizer, found in zip(optimizers, times, strict=True):
                    found.append(_time_ms(optimizer))
            ratio = f"{median(times[0]) / median(times[1]):.2f}" if len(times) > 1 else "–"
            name = ", ".join([kind, *(each for each in options if each != "lr")])
            print(f"| {name} | {' | '.join(map(_shown, times))} | {ratio} |", flush=True)
        print()


def _optimizer(library: Any, kind: str, shapes: list[tuple[int, ...]], options: dict[str, Any]) -> Any:
    parameters = [library.nn.Parameter(library.randn(*shape)) for shape in shapes]
    for parameter in parameters:
        parameter.grad = library.randn(*parameter.shape)
    optimizer = getattr(library.optim, kind)(parameters, **options)
    optimizer.step()  # which makes the state
    return optimizer


def _time_ms(optimizer: Any) -> float:
    start = perf_counter()
    optimizer.step()
    return (perf_counter() - start) * 1e3


def _shown(values: list[float]) -> str:
    return f"{median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
