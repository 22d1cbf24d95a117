"""`LRScheduler`: sets the learning rates of an optimizer's groups, epoch by epoch."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from tensor.optim.optimizer import Group, Optimizer
from tensor.tensors import Tensor

Rates: TypeAlias = list[
    Any
]  # float | Tensor: an optimizer's learning rate may be a tensor, and then is written in place

EPOCH_IS_DEPRECATED = (
    "The epoch parameter in `scheduler.step()` was not necessary and is deprecated: call `scheduler.step()`. "
    "With an epoch the closed form of the schedule is used, where there is one."
)
_IN_THIS_ORDER = "See https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"


class LRScheduler:
    """Base of schedulers: a subclass gives `get_lr`.

    Args:
        optimizer: whose groups' `"lr"` to set.
        last_epoch: the last epoch that was done, to resume; -1 to start, which notes each group's `"initial_lr"`.

    Raises:
        TypeError: it is no optimizer.
        KeyError: a schedule is resumed, and a group has no `"initial_lr"`.

    Source: https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
    """

    _get_lr_called_within_step: bool = False
    _is_initial: bool = False
    # Attributes that state_dict leaves out.
    _unsaved: frozenset[str] = frozenset(["optimizer"])

    optimizer: Optimizer
    base_lrs: Rates
    last_epoch: Any
    _last_lr: Rates
    _step_count: int

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for index, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", kept(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{index}] when resuming scheduler with "
                    "last_epoch >= 0. Load the optimizer's state dict first; for a new run leave last_epoch out."
                )
        self.base_lrs = values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        optimizer.__dict__.setdefault("_opt_called", False)
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the learning rates of the first epoch."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_last_lr(self) -> Rates:
        """Return the learning rate of each group as it was set last."""
        return self._last_lr

    def get_lr(self) -> Rates:
        """Return the learning rate of each group for `last_epoch`; called by `step`.

        Others want `get_last_lr`, and are warned.
        """
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=2,
            )
        return self._rates()

    def _rates(self) -> Rates:
        """Return the learning rate of each group for `last_epoch`, mostly from those of the epoch before."""
        raise NotImplementedError(f"{type(self).__name__} has no schedule: override get_lr")

    def step(self, epoch: int | None = None) -> None:
        """Go on by an epoch, after the optimizer's steps, and set the learning rates.

        Args:
            epoch: the epoch to go to; deprecated.
        """
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_IS_DEPRECATED, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _check_order(self) -> None:
        """Warn if the optimizer has made no step yet: the first learning rate would never be used."""
        if not hasattr(self.optimizer.step, "_counts_steps"):
            warnings.warn(
                "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. "
                f"Please make sure to call `optimizer.step()` before `lr_scheduler.step()`. {_IN_THIS_ORDER}",
                UserWarning,
                stacklevel=3,
            )
        elif not self.optimizer.__dict__.get("_opt_called", False):
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. Call them in the opposite order: "
                "`optimizer.step()` before `lr_scheduler.step()`, or the first value of the schedule is skipped. "
                f"{_IN_THIS_ORDER}",
                UserWarning,
                stacklevel=3,
            )

    def _update_lr(self, epoch: int | None = None) -> None:
        with self._asking():
            self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
            closed = getattr(self, "_get_closed_form_lr", None)
            rates = self.get_lr() if epoch is None or closed is None else closed()
        self._set(rates)

    def _set(self, rates: Rates) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            set_value(group, "lr", rate)
        self._last_lr = values(self.optimizer, "lr")

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Let `get_lr` be called without a warning."""
        self._get_lr_called_within_step = True
        try:
            yield
        finally:
            self._get_lr_called_within_step = False

    def _unchanged(self) -> Rates:
        return values(self.optimizer, "lr")

    def _times(self, factor: float) -> Rates:
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """Return what to save: all attributes but the optimizer, whose own state dict is to be saved too."""
        return {name: value for name, value in self.__dict__.items() if name not in self._unsaved}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a schedule; the learning rates themselves come with the optimizer's state dict.

        Args:
            state_dict: what `state_dict` returned.
        """
        self.__dict__.update(state_dict)


class _LRScheduler(LRScheduler):
    """The name that `LRScheduler` had before PyTorch 2.0, for subclasses."""


def check_optimizer(optimizer: Any) -> None:
    """Raise TypeError unless an optimizer was given.

    Args:
        optimizer: what was given.
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def check_positive_integer(name: str, value: Any) -> None:
    """Raise unless an argument is a positive integer.

    Args:
        name: the argument.
        value: what was given.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"Expected positive integer {name}, but got {value}")


def kept(value: Any) -> Any:
    """Return a value that later writes in place do not change.

    Args:
        value: a number or a tensor.
    """
    return value.detach().clone() if isinstance(value, Tensor) else value


def values(optimizer: Optimizer, name: str) -> Rates:
    """Return an option of each group, apart from it.

    Args:
        optimizer: whose groups.
        name: the option.
    """
    return [kept(group[name]) for group in optimizer.param_groups]


def set_value(group: Group, name: str, value: Any) -> None:
    """Set an option of a group: in place, if it is a tensor.

    Args:
        group: the group.
        name: the option.
        value: a number, or a tensor of one.
    """
    if not isinstance(group[name], Tensor):
        group[name] = value
    elif isinstance(value, Tensor):
        group[name].copy_(value)  # which refuses what is inference-only
    else:
        group[name].fill_(value)


def for_each_group(optimizer: Optimizer, name: str, value: Any) -> list[Any]:
    """Return a value for each group, of one or of a list of them.

    Args:
        optimizer: whose groups.
        name: what the value is called, for the message.
        value: one for all, or a list or tuple.

    Raises:
        ValueError: as many values as there are groups were expected.
    """
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [kept(value) for _ in range(groups)]
    if len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. "
            f"{name} has {len(value)} values, param_groups has {groups}."
        )
    return [kept(each) for each in value]
