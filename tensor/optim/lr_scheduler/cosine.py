"""Schedules along cosines."""

from __future__ import annotations

import math

from tensor.optim.lr_scheduler.scheduler import LRScheduler, Rates, check_positive_integer
from tensor.optim.optimizer import Optimizer


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the initial learning rate down to `eta_min`, and, if it goes on, up again.

    Args:
        optimizer: whose groups' learning rates to set.
        T_max: the epoch that ends at `eta_min`.
        eta_min: the smallest learning rate.
        last_epoch: the last epoch that was done, to resume.

    Source: Loshchilov and Hutter, 2016, https://arxiv.org/abs/1608.03983;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:  # noqa: N803 - PyTorch's name
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _rates(self) -> Rates:
        if self._is_initial:
            return self._unchanged()
        epoch, turn = self.last_epoch, self.T_max
        if self._step_count == 1 and epoch > 0:
            return self._get_closed_form_lr()
        if (epoch - 1 - turn) % (2 * turn) == 0:  # at the bottom the quotient below would be 0 / 0
            rise = (1 - math.cos(math.pi / turn)) / 2
            pairs = zip(self.base_lrs, self.optimizer.param_groups, strict=True)
            return [group["lr"] + (base - self.eta_min) * rise for base, group in pairs]
        factor = (1 + math.cos(math.pi * epoch / turn)) / (1 + math.cos(math.pi * (epoch - 1) / turn))
        return [factor * (group["lr"] - self.eta_min) + self.eta_min for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self) -> Rates:
        return _between(self.base_lrs, self.eta_min, self.last_epoch / self.T_max)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine from the initial learning rate down to `eta_min`, again and again.

    Args:
        optimizer: whose groups' learning rates to set.
        T_0: epochs of the first fall.
        T_mult: how many times longer each next one is.
        eta_min: the smallest learning rate.
        last_epoch: the last epoch that was done, to resume.

    Raises:
        ValueError: `T_0` or `T_mult` is no positive integer, or `eta_min` no number.

    Source: Loshchilov and Hutter, 2016, https://arxiv.org/abs/1608.03983;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
    """

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803 - PyTorch's name
        T_mult: int = 1,  # noqa: N803 - PyTorch's name
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        check_positive_integer("T_0", T_0)
        check_positive_integer("T_mult", T_mult)
        if not isinstance(eta_min, float | int):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def _rates(self) -> Rates:
        return _between(self.base_lrs, self.eta_min, self.T_cur / self.T_i)

    def step(self, epoch: float | None = None) -> None:
        """Go on by an epoch, or to an epoch, which may be a fraction: `epoch + batch / batches` after each batch.

        Args:
            epoch: where to go to, at least 0.

        Raises:
            ValueError: the epoch is negative.
        """
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        elif epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        else:
            self._go_to(epoch)
        self.last_epoch = math.floor(epoch)
        with self._asking():
            rates = self.get_lr()
        self._set(rates)

    def _go_to(self, epoch: float) -> None:
        """Find the fall that an epoch is in, and how far into it that is."""
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            falls = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**falls - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**falls


def _between(base_lrs: Rates, eta_min: float, done: float) -> Rates:
    """Return for each group what is reached of half a cosine, of which a fraction is done."""
    return [eta_min + (base - eta_min) * (1 + math.cos(math.pi * done)) / 2 for base in base_lrs]
