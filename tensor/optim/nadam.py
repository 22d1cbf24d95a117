"""NAdam: Adam that looks ahead along its momentum."""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.optim.blocks import blocks
from tensor.optim.moments import advance_moments, coupled
from tensor.optim.optimizer import Group, Optimizer, ParamsT
from tensor.optim.options import check_at_least_zero, check_betas, check_kernels
from tensor.optim.state import State, count, memory, scale_number
from tensor.tensors import Tensor


class NAdam(Optimizer):
    """Adam with Nesterov momentum, which grows over the first steps.

    Args:
        params: the parameters to train.
        lr: learning rate.
        betas: how much of the running means of the gradient and of its square is kept at each step.
        eps: added to the denominator.
        weight_decay: L2 penalty, added to the gradient.
        momentum_decay: how fast momentum grows.
        decoupled_weight_decay: decay weights apart from the gradient, as AdamW does.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        maximize: ascend instead.
        capturable: refused if true.
        differentiable: refused if true.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `capturable` or `differentiable`.

    Source: Dozat, 2016, https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.NAdam.html
    """

    _shaped = frozenset(["exp_avg", "exp_avg_sq"])
    _numbers = frozenset(["step", "mu_product"])

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_at_least_zero(lr=lr, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        check_betas(betas)
        check_kernels(foreach=foreach, differentiable=differentiable, capturable=capturable)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        step = count(state)
        beta1, beta2 = options["betas"]
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (each * options["momentum_decay"])) for each in (step, step + 1))
        product = scale_number(state, "mu_product", mu)
        mean, square = memory(state, "exp_avg", array), memory(state, "exp_avg_sq", array)
        correction = 1 - beta2**step
        of_gradient = options["lr"] * (1 - mu) / (1 - product)
        of_mean = options["lr"] * mu_next / (1 - product * mu_next)
        how, kept = coupled(options)
        for x, g, m, s, room, root in blocks(array, gradient, mean, square, scratch=2, **how):
            if kept != 1:
                x *= kept
            advance_moments(g, m, s, beta1, beta2, room)
            np.divide(s, correction, out=root)
            np.sqrt(root, out=root)
            root += options["eps"]
            for numerator, rate in ((g, of_gradient), (m, of_mean)):
                np.divide(numerator, root, out=room)
                room *= rate
                x -= room
