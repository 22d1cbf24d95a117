"""RAdam: Adam whose first steps do not trust the mean square."""

from __future__ import annotations

import math

import numpy as np

from tensor.dtypes import Array
from tensor.optim.blocks import blocks
from tensor.optim.moments import advance_moments, coupled
from tensor.optim.optimizer import Group, Optimizer, ParamsT
from tensor.optim.options import check_at_least_zero, check_betas, check_kernels
from tensor.optim.state import State, count, memory
from tensor.tensors import Tensor


class RAdam(Optimizer):
    """Adam that is plain momentum until the variance of its step is tractable, and rectified from there.

    Args:
        params: the parameters to train.
        lr: learning rate.
        betas: how much of the running means of the gradient and of its square is kept at each step.
        eps: added to the denominator.
        weight_decay: L2 penalty, added to the gradient.
        decoupled_weight_decay: decay weights apart from the gradient, as AdamW does.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        maximize: ascend instead.
        capturable: refused if true.
        differentiable: refused if true.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `capturable` or `differentiable`.

    Source: Liu et al., 2019, https://arxiv.org/abs/1908.03265;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.RAdam.html
    """

    _shaped = frozenset(["exp_avg", "exp_avg_sq"])
    _numbers = frozenset(["step"])

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_at_least_zero(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(betas)
        check_kernels(foreach=foreach, differentiable=differentiable, capturable=capturable)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        step = count(state)
        beta1, beta2 = options["betas"]
        mean, square = memory(state, "exp_avg", array), memory(state, "exp_avg_sq", array)
        rate = options["lr"] / (1 - beta1**step)
        correction = 1 - beta2**step
        limit = 2 / (1 - beta2) - 1  # the paper's length of the approximated simple moving average
        length = limit - 2 * step * beta2**step / correction
        rectified = length > 5
        if rectified:
            rate *= math.sqrt(correction)
            rate *= math.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length))
        how, kept = coupled(options)
        for x, g, m, s, room in blocks(array, gradient, mean, square, **how):
            if kept != 1:
                x *= kept
            advance_moments(g, m, s, beta1, beta2, room)
            if rectified:
                np.sqrt(s, out=room)
                room += options["eps"]
                np.divide(m, room, out=room)
                room *= rate
            else:
                np.multiply(m, rate, out=room)
            x -= room
