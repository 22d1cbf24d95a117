"""A schedule that rises and falls, again and again."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any

from tensor.optim.lr_scheduler.cycle import Cycle
from tensor.optim.lr_scheduler.scheduler import Rates, check_optimizer, for_each_group, set_value
from tensor.optim.optimizer import Optimizer


class CyclicLR(Cycle):
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
