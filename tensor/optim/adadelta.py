"""Adadelta: steps in the units of the parameters, whatever the learning rate."""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.optim.blocks import blocks
from tensor.optim.moments import advance_square
from tensor.optim.optimizer import Group, Optimizer, ParamsT
from tensor.optim.options import check_at_least_zero, check_kernels
from tensor.optim.state import State, count, memory
from tensor.tensors import Tensor


class Adadelta(Optimizer):
    """Gradients scaled by the ratio of the roots of the running mean squares of steps and of gradients.

    Args:
        params: the parameters to train.
        lr: what the step is multiplied by in the end.
        rho: how much of the running means is kept at each step.
        eps: added below the roots.
        weight_decay: L2 penalty.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        capturable: refused if true.
        maximize: ascend instead.
        differentiable: refused if true.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `capturable` or `differentiable`.

    Source: Zeiler, 2012, https://arxiv.org/abs/1212.5701;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
    """

    _shaped = frozenset(["square_avg", "acc_delta"])
    _numbers = frozenset(["step"])

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_at_least_zero(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay)
        if rho > 1:
            raise ValueError(f"Invalid rho value: {rho}; it must be at most 1")
        check_kernels(foreach=foreach, differentiable=differentiable, capturable=capturable)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        count(state)
        rho, eps = options["rho"], options["eps"]
        kept = memory(state, "square_avg", array), memory(state, "acc_delta", array)
        how = {"maximize": options["maximize"], "decay": options["weight_decay"]}
        for x, g, square, moved, delta, room in blocks(array, gradient, *kept, scratch=2, **how):
            advance_square(g, square, rho, room)
            np.add(moved, eps, out=delta)
            np.sqrt(delta, out=delta)
            np.add(square, eps, out=room)
            np.sqrt(room, out=room)
            delta /= room
            delta *= g
            advance_square(delta, moved, rho, room)
            delta *= options["lr"]
            x -= delta
