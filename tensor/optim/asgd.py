"""Averaged stochastic gradient descent."""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.optim.blocks import blocks
from tensor.optim.optimizer import Group, Optimizer, ParamsT
from tensor.optim.options import check_at_least_zero, check_kernels
from tensor.optim.state import State, count, memory, number, set_number
from tensor.tensors import Tensor


class ASGD(Optimizer):
    """Gradient descent that also averages the parameters it passes: `state[p]["ax"]`.

    Args:
        params: the parameters to train.
        lr: learning rate of the first step.
        lambd: how fast the learning rate falls, and how much of it is taken off the parameters.
        alpha: power of that fall.
        t0: step after which the average starts.
        weight_decay: L2 penalty.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        maximize: ascend instead.
        differentiable: refused if true.
        capturable: refused if true.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `capturable` or `differentiable`.

    Source: Polyak and Juditsky, 1992, https://doi.org/10.1137/0330046;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.ASGD.html
    """

    _shaped = frozenset(["ax"])
    _numbers = frozenset(["step", "eta", "mu"])

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_at_least_zero(lr=lr, weight_decay=weight_decay)
        check_kernels(foreach=foreach, differentiable=differentiable, capturable=capturable)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        step = count(state)
        lr, lambd = options["lr"], options["lambd"]
        rate, share = number(state, "eta", lr), number(state, "mu", 1)
        average = memory(state, "ax", array)
        how = {"maximize": options["maximize"], "decay": options["weight_decay"]}
        for x, g, mean, room in blocks(array, gradient, average, **how):
            x *= 1 - lambd * rate
            x -= np.multiply(g, rate, out=room)
            if share == 1:
                mean[...] = x
            else:
                np.subtract(x, mean, out=room)
                room *= share
                mean += room
        set_number(state, "eta", lr / (1 + lambd * lr * step) ** options["alpha"])
        set_number(state, "mu", 1 / max(1, step - options["t0"]))
