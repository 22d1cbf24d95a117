"""Schedules that rise and fall, with momentum the other way round."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any

from tensor.optim.lr_scheduler.scheduler import (
    LRScheduler,
    Rates,
    check_optimizer,
    check_positive_integer,
    for_each_group,
    set_value,
)
from tensor.optim.optimizer import Group, Optimizer


class _Cycle(LRScheduler):
    """Base: what sets momentum, or the first of `betas`, beside the learning rate."""

    cycle_momentum: bool
    use_beta1: bool

    def _begin_momentum(
        self, optimizer: Optimizer, base_momentum: Any, max_momentum: Any, last_epoch: int
    ) -> tuple[list[Any], list[Any]]:
        """Give each group its bounds of momentum, and the larger as momentum; return the bounds."""
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
        self.use_beta1 = "betas" in optimizer.defaults
        low = for_each_group(optimizer, "base_momentum", base_momentum)
        high = for_each_group(optimizer, "max_momentum", max_momentum)
        if last_epoch == -1:
            for group, least, most in zip(optimizer.param_groups, low, high, strict=True):
                self._set_momentum(group, most)
                group["max_momentum"] = most
                group["base_momentum"] = least
        return low, high

    def _set_momentum(self, group: Group, momentum: float) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_Cycle):
    """Up and down in straight lines between two bounds, batch by batch.

    Args:
        optimizer: whose groups' learning rates to set.
        base_lr: the lower bound, or one for each group.
        max_lr: the upper bound, or one for each group.
        step_size_up: batches of a rise.
        step_size_down: batches of a fall; like a rise, if left out.
        mode: "triangular"; "triangular2", which halves the height each cycle; or "exp_range", which multiplies it by
            `gamma` to the power of the batch.
        gamma: see there.
        scale_fn: a function of the cycle or the batch instead of a mode, which gives the height.
        scale_mode: "cycle" or "iterations": what `scale_fn` is called with.
        cycle_momentum: whether momentum, or the first of `betas`, falls while the learning rate rises.
        base_momentum: its lower bound, or one for each group.
        max_momentum: its upper bound, or one for each group.
        last_epoch: the last batch that was done, to resume.

    Raises:
        ValueError: the mode is unknown, there are more or fewer bounds than groups, or no momentum to cycle.

    Source: Smith, 2015, https://arxiv.org/abs/1506.01186;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
    """

    _unsaved = frozenset(["optimizer", "_scale_fn_custom"])

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        base_lrs = for_each_group(optimizer, "base_lr", base_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs, strict=True):
                set_value(group, "lr", rate)
        self.max_lrs = for_each_group(optimizer, "max_lr", max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(
                f"mode is invalid and scale_fn is None: {mode!r}; it must be 'triangular', 'triangular2' or 'exp_range'"
            )
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._begin_momentum(
                optimizer, base_momentum, max_momentum, last_epoch
            )
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """Return the height of a cycle, as a fraction of the distance between the bounds.

        Args:
            x: the cycle, from 1, or the batch, as `scale_mode` says.
        """
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return float(1 / (2.0 ** (x - 1)))
        return float(self.gamma**x) if self.mode == "exp_range" else 1.0

    def _rates(self) -> Rates:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            groups = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
            for group, least, most in groups:
                self._set_momentum(group, most - (most - least) * height * scale)
        bounds = zip(self.base_lrs, self.max_lrs, strict=True)
        return [low + (high - low) * height * scale for low, high in bounds]

    def state_dict(self) -> dict[str, Any]:
        """Return what to save; of `scale_fn` only the attributes of a callable object."""
        function = self._scale_fn_custom
        plain = function is None or isinstance(function, types.FunctionType)
        return {**super().state_dict(), "_scale_fn_custom": None if plain else function.__dict__.copy()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a schedule, and the attributes of a callable object.

        Args:
            state_dict: what `state_dict` returned.
        """
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_scale_fn_custom"})
        if (attributes := state_dict["_scale_fn_custom"]) is not None and self._scale_fn_custom is not None:
            self._scale_fn_custom.__dict__.update(attributes)


class OneCycleLR(_Cycle):
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
