"""Adamax: Adam with the infinity norm."""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.optim.blocks import blocks
from tensor.optim.moments import advance_mean
from tensor.optim.optimizer import Group, Optimizer, ParamsT
from tensor.optim.options import check_at_least_zero, check_betas, check_kernels
from tensor.optim.state import State, count, memory
from tensor.tensors import Tensor


class Adamax(Optimizer):
    """Adam that divides by a decaying maximum of the gradient's size instead of its mean square.

    Args:
        params: the parameters to train.
        lr: learning rate.
        betas: how much of the running mean, and of the maximum, is kept at each step.
        eps: added to the gradient's size.
        weight_decay: L2 penalty.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        maximize: ascend instead.
        differentiable: refused if true.
        capturable: refused if true.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `capturable` or `differentiable`.

    Source: Kingma and Ba, 2014, https://arxiv.org/abs/1412.6980;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adamax.html
    """

    _shaped = frozenset(["exp_avg", "exp_inf"])
    _numbers = frozenset(["step"])

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_at_least_zero(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(betas)
        check_kernels(foreach=foreach, differentiable=differentiable, capturable=capturable)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        step = count(state)
        beta1, beta2 = options["betas"]
        mean, largest = memory(state, "exp_avg", array), memory(state, "exp_inf", array)
        rate = options["lr"] / (1 - beta1**step)
        how = {"maximize": options["maximize"], "decay": options["weight_decay"]}
        for x, g, m, most, room in blocks(array, gradient, mean, largest, **how):
            advance_mean(g, m, beta1, room)
            np.abs(g, out=room)
            room += options["eps"]
            most *= beta2
            np.maximum(most, room, out=most)
            np.divide(m, most, out=room)
            room *= rate
            x -= room
