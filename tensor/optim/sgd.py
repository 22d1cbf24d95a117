"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.optim.blocks import blocks
from tensor.optim.optimizer import Group, Optimizer, ParamsT
from tensor.optim.options import check_at_least_zero, check_kernels
from tensor.optim.state import State, memory
from tensor.tensors import Tensor


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
        differentiable: refused if true.
        fused: PyTorch's choice among its kernels; changes nothing here.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `differentiable`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html
    """

    _shaped = frozenset(["momentum_buffer"])

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_at_least_zero(lr=lr, momentum=momentum, weight_decay=weight_decay)
        check_kernels(foreach=foreach, differentiable=differentiable, fused=fused)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        lr, momentum, nesterov = options["lr"], options["momentum"], options["nesterov"]
        how = {"maximize": options["maximize"], "decay": options["weight_decay"]}
        if not momentum:
            for x, g, room in blocks(array, gradient, **how):
                x -= np.multiply(g, lr, out=room)
            return
        first = state.get("momentum_buffer") is None  # the first step is not dampened
        if first:
            state.pop("momentum_buffer", None)
        share = 1 if first else 1 - options["dampening"]
        velocity = memory(state, "momentum_buffer", array)
        for x, g, v, room in blocks(array, gradient, velocity, **how):
            v *= momentum
            v += g if share == 1 else np.multiply(g, share, out=room)
            if nesterov:
                np.multiply(v, momentum, out=room)
                room += g
                room *= lr
            else:
                np.multiply(v, lr, out=room)
            x -= room
