"""RMSprop: steps scaled by a running mean of squared gradients."""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.optim.blocks import blocks
from tensor.optim.moments import advance_mean, advance_square
from tensor.optim.optimizer import Group, Optimizer, ParamsT
from tensor.optim.options import check_at_least_zero, check_kernels
from tensor.optim.state import State, count, memory
from tensor.tensors import Tensor


class RMSprop(Optimizer):
    """Gradients divided by the root of a running mean of their squares, optionally with momentum.

    Args:
        params: the parameters to train.
        lr: learning rate.
        alpha: how much of the running mean is kept at each step.
        eps: added to the denominator.
        weight_decay: L2 penalty.
        momentum: how much of the last step is kept.
        centered: divide by an estimate of the standard deviation instead: the mean's square is taken off.
        capturable: refused if true.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        maximize: ascend instead.
        differentiable: refused if true.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `capturable` or `differentiable`.

    Source: Hinton, 2012, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf; Graves, 2013,
    https://arxiv.org/abs/1308.0850; https://docs.pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
    """

    _shaped = frozenset(["square_avg", "momentum_buffer", "grad_avg"])
    _numbers = frozenset(["step"])

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_at_least_zero(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        check_kernels(foreach=foreach, differentiable=differentiable, capturable=capturable)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        count(state)
        lr, alpha, eps, momentum = options["lr"], options["alpha"], options["eps"], options["momentum"]
        how = {"maximize": options["maximize"], "decay": options["weight_decay"]}
        kept = [memory(state, "square_avg", array)]
        if momentum > 0:
            kept.append(memory(state, "momentum_buffer", array))
        if options["centered"]:
            kept.append(memory(state, "grad_avg", array))
        for x, g, square, *others, room in blocks(array, gradient, *kept, **how):
            advance_square(g, square, alpha, room)
            if options["centered"]:
                mean = others[-1]
                advance_mean(g, mean, alpha, room)
                np.multiply(mean, mean, out=room)
                np.subtract(square, room, out=room)
                np.sqrt(room, out=room)
            else:
                np.sqrt(square, out=room)
            room += eps
            np.divide(g, room, out=room)
            if momentum > 0:
                velocity = others[0]
                velocity *= momentum
                velocity += room
                np.multiply(velocity, lr, out=room)
            else:
                room *= lr
            x -= room
