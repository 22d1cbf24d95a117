"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.optim.optimizer import Group, Optimizer, ParamsT, State, check_at_least_zero, state_tensor


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with (Nesterov) momentum.

    Args:
        params: the parameters to train.
        lr: learning rate.
        momentum: how much of the last step is kept.
        dampening: how much of the gradient momentum leaves out.
        weight_decay: L2 penalty.
        nesterov: look ahead along the momentum.
        maximize: ascend instead.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        fused: PyTorch's choice among its kernels; changes nothing here.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        fused: bool | None = None,
    ) -> None:
        check_at_least_zero(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        step = gradient
        if weight_decay := options["weight_decay"]:
            step = np.multiply(array, weight_decay, out=np.empty_like(array))
            step += gradient
        if momentum := options["momentum"]:
            if "momentum_buffer" in state:
                velocity = state["momentum_buffer"]._data
                velocity *= momentum
                velocity += (1 - options["dampening"]) * step if options["dampening"] else step
            else:  # the first step is not dampened
                velocity = step.copy()
                state["momentum_buffer"] = state_tensor(velocity)
            step = step + momentum * velocity if options["nesterov"] else velocity
        array -= np.multiply(step, options["lr"], out=np.empty_like(array))
