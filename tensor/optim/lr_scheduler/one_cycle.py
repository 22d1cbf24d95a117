"""A schedule that rises and falls once."""

from __future__ import annotations

import math
from typing import Any

from tensor.optim.lr_scheduler.cycle import Cycle
from tensor.optim.lr_scheduler.scheduler import Rates, check_optimizer, check_positive_integer, for_each_group
from tensor.optim.optimizer import Optimizer


class OneCycleLR(Cycle):
    """One rise to `max_lr` and one fall far below where it began, batch by batch.

    Args:
        optimizer: whose groups' learning rates to set.
        max_lr: the peak, or one for each group.
        total_steps: batches of the whole cycle; or give the next two.
        epochs: times
        steps_per_epoch: batches of an epoch.
        pct_start: the fraction of the cycle that rises.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: whether momentum, or the first of `betas`, falls while the learning rate rises.
        base_momentum: its lower bound, or one for each group.
        max_momentum: its upper bound, or one for each group.
        div_factor: the peak over the first learning rate.
        final_div_factor: the first learning rate over the last.
        three_phase: whether it falls as it rose, and then from there to the last; else it falls at once.
        last_epoch: the last batch that was done, to resume.

    Raises:
        ValueError: an option is out of range, the number of batches is not given, or there is no momentum to cycle.

    Source: Smith and Topin, 2017, https://arxiv.org/abs/1708.07120;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.total_steps = _total(total_steps, epochs, steps_per_epoch)
        _check_fraction("pct_start", pct_start)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_func_type = anneal_strategy
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        peaks = for_each_group(optimizer, "max_lr", max_lr)
        if last_epoch == -1:
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["initial_lr"] = peak / div_factor
                group["max_lr"] = peak
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(optimizer, base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _rates(self) -> Rates:
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"Tried to step {step} times. The specified number of total steps is {self.total_steps}")
        phases = self._schedule_phases
        index = next((at for at, phase in enumerate(phases) if step <= phase["end_step"]), len(phases) - 1)
        phase, start = phases[index], phases[index - 1]["end_step"] if index else 0.0
        done = (step - start) / (phase["end_step"] - start)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._anneal(group[phase["start_lr"]], group[phase["end_lr"]], done))
            if self.cycle_momentum:
                bounds = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._anneal(*bounds, done))
        return rates

    def _anneal(self, start: Any, end: Any, done: float) -> Any:
        """Return what lies between two values when a fraction of the way is done."""
        if self._anneal_func_type == "linear":
            return (end - start) * done + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * done) + 1)


def _check_fraction(name: str, value: Any) -> None:
    if not isinstance(value, float) or not 0 <= value <= 1:
        raise ValueError(f"Expected float between 0 and 1 {name}, but got {value}")


def _total(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """Return how many batches a cycle has."""
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    if total_steps is not None:
        given = {"total_steps": total_steps}
    total = 1
    for name, value in given.items():
        check_positive_integer(name, value)
        total *= value or 1
    return total


def _phases(total_steps: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """Return the phases of a cycle: where each ends, and the options of a group between which it leads."""

    def phase(end_step: float, start: str, end: str, start_momentum: str, end_momentum: str) -> dict[str, Any]:
        return {
            "end_step": end_step,
            "start_lr": f"{start}_lr",
            "end_lr": f"{end}_lr",
            "start_momentum": f"{start_momentum}_momentum",
            "end_momentum": f"{end_momentum}_momentum",
        }

    rise = phase(float(pct_start * total_steps) - 1, "initial", "max", "max", "base")
    if not three_phase:
        return [rise, phase(total_steps - 1, "max", "min", "base", "max")]
    return [
        rise,
        phase(float(2 * pct_start * total_steps) - 2, "max", "initial", "base", "max"),
        phase(total_steps - 1, "initial", "min", "max", "max"),
    ]
