"""Schedules that the user gives as functions of the epoch."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from tensor.optim.lr_scheduler.scheduler import LRScheduler, Rates
from tensor.optim.optimizer import Optimizer


class _OfFunctions(LRScheduler):
    """Base: functions of the epoch, of which state dicts keep only what callable objects hold.

    Args:
        optimizer: whose groups' learning rates to set.
        lr_lambda: a function of the epoch, or one for each group.
        last_epoch: the last epoch that was done, to resume.

    Raises:
        ValueError: as many functions as there are groups were expected.
        TypeError: something is no function.
    """

    _unsaved = frozenset(["optimizer", "lr_lambdas"])

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        groups = len(optimizer.param_groups)
        functions = list(lr_lambda) if isinstance(lr_lambda, list | tuple) else [lr_lambda] * groups
        if len(functions) != groups:
            raise ValueError(f"Expected {groups} lr_lambdas, but got {len(functions)}")
        for function in functions:
            if not callable(function):
                raise TypeError(f"lr_lambda should be a function, but got {type(function).__name__}")
        self.lr_lambdas: list[Callable[[int], float]] = functions
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return what to save; of the functions only the attributes of callable objects, None for plain functions."""
        attributes = [
            None if isinstance(each, types.FunctionType) else each.__dict__.copy() for each in self.lr_lambdas
        ]
        return {**super().state_dict(), "lr_lambdas": attributes}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a schedule, and the attributes of callable objects.

        Args:
            state_dict: what `state_dict` returned.
        """
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "lr_lambdas"})
        for function, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if attributes is not None:
                function.__dict__.update(attributes)


class LambdaLR(_OfFunctions):
    """The initial learning rate times a function of the epoch.

    Args:
        optimizer: whose groups' learning rates to set.
        lr_lambda: a function of the epoch, or one for each group.
        last_epoch: the last epoch that was done, to resume.

    Raises:
        ValueError: as many functions as there are groups were expected.
        TypeError: something is no function.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
    """

    def _rates(self) -> Rates:
        pairs = zip(self.base_lrs, self.lr_lambdas, strict=True)
        return [base * function(self.last_epoch) for base, function in pairs]


class MultiplicativeLR(_OfFunctions):
    """The learning rate of the epoch before times a function of the epoch.

    Args:
        optimizer: whose groups' learning rates to set.
        lr_lambda: a function of the epoch, or one for each group.
        last_epoch: the last epoch that was done, to resume.

    Raises:
        ValueError: as many functions as there are groups were expected.
        TypeError: something is no function.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
    """

    def _rates(self) -> Rates:
        if self._is_initial:
            return self._unchanged()
        pairs = zip(self.optimizer.param_groups, self.lr_lambdas, strict=True)
        return [group["lr"] * function(self.last_epoch) for group, function in pairs]
