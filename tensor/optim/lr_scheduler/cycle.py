"""What schedules that rise and fall share: momentum, which goes the other way round."""

from __future__ import annotations

from typing import Any

from tensor.optim.lr_scheduler.scheduler import LRScheduler, for_each_group
from tensor.optim.optimizer import Group, Optimizer


class Cycle(LRScheduler):
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
