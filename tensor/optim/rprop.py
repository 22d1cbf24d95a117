"""Resilient backpropagation: steps by the gradient's sign alone."""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.optim.blocks import blocks
from tensor.optim.optimizer import Group, Optimizer, ParamsT
from tensor.optim.options import check_at_least_zero, check_kernels
from tensor.optim.state import State, count, memory
from tensor.tensors import Tensor


class Rprop(Optimizer):
    """Steps along the gradient's sign that grow while it stays the same, and shrink where it turns; for whole batches.

    Args:
        params: the parameters to train.
        lr: size of the first step.
        etas: what a step is multiplied by where the sign turned, and where it stayed.
        step_sizes: the smallest and the largest step.
        capturable: refused if true.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        maximize: ascend instead.
        differentiable: refused if true.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `capturable` or `differentiable`.

    Source: Riedmiller and Braun, 1993, https://doi.org/10.1109/ICNN.1993.298623;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Rprop.html
    """

    _shaped = frozenset(["prev", "step_size"])
    _numbers = frozenset(["step"])

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_at_least_zero(lr=lr)
        check_kernels(foreach=foreach, differentiable=differentiable, capturable=capturable)
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}; they must be below and above 1")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        count(state)
        smaller, larger = options["etas"]
        least, most = options["step_sizes"]
        kept = memory(state, "prev", array), memory(state, "step_size", array, options["lr"])
        for x, g, before, size, room in blocks(array, gradient, *kept, maximize=options["maximize"]):
            np.multiply(g, before, out=room)
            turned = room < 0
            np.multiply(size, larger, out=size, where=room > 0)
            np.multiply(size, smaller, out=size, where=turned)
            np.clip(size, least, most, out=size)
            before[...] = g
            before[turned] = 0  # there it stays, and looks again
            np.sign(before, out=room)
            room *= size
            x -= room
