"""A schedule that watches a metric."""

from __future__ import annotations

import math
import warnings
from typing import Any, SupportsFloat

from tensor.optim.lr_scheduler.scheduler import EPOCH_IS_DEPRECATED, LRScheduler, check_optimizer, set_value, values
from tensor.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """Times `factor` whenever a metric has not improved for some epochs.

    Args:
        optimizer: whose groups' learning rates to set.
        mode: "min" if the metric is to fall, "max" if it is to rise.
        factor: what the learning rate is multiplied by.
        patience: how many epochs without improvement are let pass.
        threshold: what counts as improvement.
        threshold_mode: "rel" if that is a fraction of the best so far, "abs" if not.
        cooldown: epochs after a reduction that are not looked at.
        min_lr: the smallest learning rate, or one for each group.
        eps: a reduction by less is left out.

    Raises:
        ValueError: a factor of 1 or more, an unknown mode, or more or fewer smallest rates than groups.
        TypeError: it is no optimizer.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: list[float] | float = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1:
            raise ValueError(f"Factor should be < 1.0. It is {factor}.")
        check_optimizer(optimizer)
        groups = len(optimizer.param_groups)
        several = list(min_lr) if isinstance(min_lr, list | tuple) else None
        if several is not None and len(several) != groups:
            raise ValueError(f"expected {groups} min_lrs, got {len(several)}")
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown! It must be 'min' or 'max'.")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown! It must be 'rel' or 'abs'.")
        self.factor = factor
        self.optimizer = optimizer
        self.default_min_lr = min_lr if several is None else None
        self.min_lrs: list[Any] = [min_lr] * groups if several is None else several
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = values(optimizer, "lr")
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self._reset()

    def _reset(self) -> None:
        """Forget all metrics so far."""
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    @property
    def in_cooldown(self) -> bool:
        """Whether metrics are not looked at, since the learning rate was just reduced."""
        return self.cooldown_counter > 0

    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:  # type: ignore[override]
        """Go on by an epoch, and reduce the learning rates if it is time.

        Args:
            metrics: the metric of this epoch.
            epoch: its number; deprecated.
        """
        current = float(metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            warnings.warn(EPOCH_IS_DEPRECATED, UserWarning, stacklevel=2)
        self.last_epoch = epoch
        if self._is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr(epoch)
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = values(self.optimizer, "lr")

    def _reduce_lr(self, epoch: int) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(groups)}) differs from when "
                    f"`ReduceLROnPlateau` was initialized ({len(self.min_lrs)}), usually due to a new param group "
                    "being added to the optimizer. Please modify the `min_lrs` field to match the length of the "
                    "`optimizer` param groups."
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, least in zip(groups, self.min_lrs, strict=True):
            old = float(group["lr"])
            new = max(old * self.factor, least)
            if old - new > self.eps:
                set_value(group, "lr", new)

    def _is_better(self, current: float, best: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            return sign * current > sign * best * (1 + sign * self.threshold)
        return sign * current > sign * (best + sign * self.threshold)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a schedule; the learning rates themselves come with the optimizer's state dict.

        Args:
            state_dict: what `state_dict` returned.
        """
        super().load_state_dict(state_dict)
        self.mode_worse = math.inf if self.mode == "min" else -math.inf
