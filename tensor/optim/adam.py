"""Adam, and AdamW, which decays weights apart from the gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tensor.dtypes import Array
from tensor.optim.blocks import blocks
from tensor.optim.moments import advance_moments, coupled
from tensor.optim.optimizer import Group, Optimizer, ParamsT
from tensor.optim.options import check_at_least_zero, check_betas, check_kernels, number_of
from tensor.optim.state import State, count, memory
from tensor.tensors import Tensor


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square.

    Args:
        params: the parameters to train.
        lr: learning rate.
        betas: how much of the two running means is kept at each step.
        eps: added to the denominator.
        weight_decay: L2 penalty, added to the gradient.
        amsgrad: divide by the largest mean square so far.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        maximize: ascend instead.
        capturable: refused if true.
        differentiable: refused if true.
        fused: PyTorch's choice among its kernels; changes nothing here.
        decoupled_weight_decay: whether `weight_decay` is AdamW's.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `capturable` or `differentiable`.

    Source: Kingma and Ba, 2014, https://arxiv.org/abs/1412.6980;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
    """

    _shaped = frozenset(["exp_avg", "exp_avg_sq", "max_exp_avg_sq"])
    _numbers = frozenset(["step"])

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_at_least_zero(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(betas)
        check_kernels(foreach=foreach, differentiable=differentiable, capturable=capturable, fused=fused)
        if isinstance(lr, Tensor) and foreach:
            raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
        defaults = {
            "lr": lr,
            "betas": tuple(number_of(beta, "betas") for beta in betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        step = count(state)
        beta1, beta2 = options["betas"]
        mean, square = memory(state, "exp_avg", array), memory(state, "exp_avg_sq", array)
        largest = [memory(state, "max_exp_avg_sq", array)] if options["amsgrad"] else []
        # The means start at zero, and are corrected for the bias towards it: those two divisions are of numbers here.
        root = math.sqrt(1 - beta2**step)
        rate = options["lr"] / (1 - beta1**step) * root
        eps = options["eps"] * root
        how, kept = coupled(options)
        for x, g, m, s, *rest in blocks(array, gradient, mean, square, *largest, **how):
            room = rest[-1]
            if kept != 1:
                x *= kept
            advance_moments(g, m, s, beta1, beta2, room)
            if largest:
                s = np.maximum(rest[0], s, out=rest[0])
            np.sqrt(s, out=room)
            room += eps
            np.divide(m, room, out=room)
            room *= rate
            x -= room


class AdamW(Adam):
    """Adam with weights decayed apart from the gradient.

    Args:
        params: the parameters to train.
        lr: learning rate.
        betas: how much of the two running means is kept at each step.
        eps: added to the denominator.
        weight_decay: each step takes this much, times `lr`, off the weights.
        amsgrad: divide by the largest mean square so far.
        maximize: ascend instead.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        capturable: refused if true.
        differentiable: refused if true.
        fused: PyTorch's choice among its kernels; changes nothing here.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `capturable` or `differentiable`.

    Source: Loshchilov and Hutter, 2017, https://arxiv.org/abs/1711.05101;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
