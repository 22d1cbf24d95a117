"""Averages of weights along training: stochastic weight averaging, and exponential moving averages."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from tensor import dtypes, factories
from tensor.devices import device as Device
from tensor.nn.modules.batchnorm import _BatchNorm
from tensor.nn.modules.module import Module
from tensor.optim.lr_scheduler.scheduler import LRScheduler, Rates, for_each_group
from tensor.optim.optimizer import Optimizer
from tensor.scopes import no_grad
from tensor.tensors import Tensor

AverageOne: TypeAlias = Callable[[Tensor, Tensor, Any], Tensor]
AverageAll: TypeAlias = Callable[[list[Tensor], list[Tensor], Any], None]


def get_ema_multi_avg_fn(decay: float = 0.999) -> AverageAll:
    """Return a function that moves averages towards parameters, by an exponential moving average.

    Args:
        decay: how much of the average is kept.

    Returns:
        A function of averages, parameters and how often they were averaged, which writes to the averages.

    Raises:
        ValueError: the decay is not between 0 and 1.
    """
    _check_decay(decay)

    def ema_update(averages: list[Tensor], parameters: list[Tensor], _: Any) -> None:
        with no_grad():
            for average, parameter in zip(averages, parameters, strict=True):
                if average.is_floating_point():
                    average.lerp_(parameter, 1 - decay)
                else:
                    average.copy_(average * decay + parameter * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> AverageAll:
    """Return a function that moves averages towards parameters, all of which count the same.

    Returns:
        A function of averages, parameters and how often they were averaged, which writes to the averages.
    """

    def swa_update(averages: list[Tensor], parameters: list[Tensor], num_averaged: Any) -> None:
        share = 1 / (int(num_averaged) + 1)
        with no_grad():
            for average, parameter in zip(averages, parameters, strict=True):
                if average.is_floating_point():
                    average.lerp_(parameter, share)
                else:
                    average.copy_(average + (parameter - average) * share)

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> AverageOne:
    """Return a function that gives the next exponential moving average of one parameter.

    Args:
        decay: how much of the average is kept.

    Returns:
        A function of an average, a parameter and how often it was averaged.

    Raises:
        ValueError: the decay is not between 0 and 1.
    """
    _check_decay(decay)

    def ema_update(average: Tensor, parameter: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            return decay * average + (1 - decay) * parameter

    return ema_update


def get_swa_avg_fn() -> AverageOne:
    """Return a function that gives the next average of one parameter, of which all values count the same.

    Returns:
        A function of an average, a parameter and how often it was averaged.
    """

    def swa_update(average: Tensor, parameter: Tensor, num_averaged: Any) -> Tensor:
        with no_grad():
            moved: Tensor = average + (parameter - average) / (num_averaged + 1)
            return moved

    return swa_update


class AveragedModel(Module):
    """A copy of a model that holds averages of its parameters.

    Args:
        model: the model that is trained; it is copied.
        device: where the copy is to be.
        avg_fn: gives the next average of a parameter; the plain average of all, if neither is given.
        multi_avg_fn: moves averages of many parameters of one dtype in place.
        use_buffers: whether buffers are averaged too; else they are those of the model.

    Raises:
        AssertionError: both functions were given.

    Source: Izmailov et al., 2018, https://arxiv.org/abs/1803.05407;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: int | Device | None = None,
        avg_fn: AverageOne | None = None,
        multi_avg_fn: AverageAll | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", factories.tensor(0, dtype=dtypes.int64))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the averaged model makes of the arguments."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's parameters into the averages; the first time they are copied.

        Args:
            model: the model that is trained.

        Raises:
            InferenceTensorError: its parameters are inference-only.
        """
        averages, parameters = (_of(each, self.use_buffers) for each in (self.module, model))
        with no_grad():
            if int(self.n_averaged) == 0:
                for average, parameter in zip(averages, parameters, strict=True):
                    average.copy_(parameter)
            elif self.avg_fn is not None:
                for average, parameter in zip(averages, parameters, strict=True):
                    average.copy_(self.avg_fn(average, parameter, self.n_averaged))
            else:
                average_all = self.multi_avg_fn or get_swa_multi_avg_fn()
                for dtype in dict.fromkeys(each.dtype for each in averages):
                    pairs = [pair for pair in zip(averages, parameters, strict=True) if pair[0].dtype is dtype]
                    average_all([pair[0] for pair in pairs], [pair[1] for pair in pairs], self.n_averaged)
            if not self.use_buffers:
                for ours, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                    ours.detach().copy_(theirs.detach())
            self.n_averaged += 1


def update_bn(loader: Iterable[Any], model: Module, device: int | Device | None = None) -> None:
    """Compute the running statistics of batch norms anew, by running a model over data.

    Args:
        loader: batches, or tuples and lists that start with one.
        model: the model.
        device: where the batches are to be.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.update_bn.html
    """
    norms = [each for each in model.modules() if isinstance(each, _BatchNorm)]
    if not norms:
        return
    momenta = [each.momentum for each in norms]
    was_training = model.training
    model.train()
    for each in norms:
        each.reset_running_stats()
        each.momentum = None  # which makes the running statistics plain averages
    with no_grad():
        for batch in loader:
            first = batch[0] if isinstance(batch, list | tuple) else batch
            model(first if device is None else first.to(device))
    for each, momentum in zip(norms, momenta, strict=True):
        each.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the learning rate as it is to that of weight averaging, where it stays.

    Args:
        optimizer: whose groups' learning rates to set.
        swa_lr: the learning rate to go to, or one for each group.
        anneal_epochs: how many epochs that takes.
        anneal_strategy: "cos" or "linear".
        last_epoch: the last epoch that was done, to resume.

    Raises:
        ValueError: an option is out of range.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.SWALR.html
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for rate, group in zip(for_each_group(optimizer, "swa_lr", swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        _check_epochs(anneal_epochs)
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _rates(self) -> Rates:
        # `_initial_step` and `step` count up first; without epochs to anneal, the end is reached at once.
        step = self._step_count - 1 if self.anneal_epochs else max(1, self._step_count - 1)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            end = group["swa_lr"]
            start = end if before == 1 else (group["lr"] - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates

    def _share(self, step: int) -> float:
        """Return how much of the learning rate is that of weight averaging, at a step."""
        done = max(0, min(1, step / max(1, self.anneal_epochs)))
        return done if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * done)) / 2


def _of(model: Module, use_buffers: bool) -> list[Tensor]:
    """Return what is averaged: over the same memory, without a history."""
    tensors = itertools.chain(model.parameters(), model.buffers() if use_buffers else ())
    return [each.detach() for each in tensors]


def _check_epochs(anneal_epochs: Any) -> None:
    if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
        raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")


def _check_decay(decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")
