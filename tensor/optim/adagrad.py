"""Adagrad: steps scaled by the sum of all squared gradients."""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array
from tensor.optim.blocks import blocks
from tensor.optim.optimizer import Group, Optimizer, ParamsT
from tensor.optim.options import check_at_least_zero, check_kernels, number_of
from tensor.optim.state import State, count, memory, number
from tensor.tensors import Tensor


class Adagrad(Optimizer):
    """Gradients divided by the root of the sum of their squares so far.

    Args:
        params: the parameters to train.
        lr: learning rate.
        lr_decay: divides the learning rate by one plus this, times the steps so far.
        weight_decay: L2 penalty.
        initial_accumulator_value: what the sum of squares starts at.
        eps: added to the denominator.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        maximize: ascend instead.
        differentiable: refused if true.
        fused: PyTorch's choice among its kernels; changes nothing here.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.
        UnsupportedError: `differentiable`.

    Source: Duchi, Hazan and Singer, 2011, https://jmlr.org/papers/v12/duchi11a.html;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
    """

    _shaped = frozenset(["sum"])
    _numbers = frozenset(["step"])

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_at_least_zero(
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )
        check_kernels(foreach=foreach, differentiable=differentiable, fused=fused)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": number_of(initial_accumulator_value, "initial_accumulator_value"),
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        for parameter in self._parameters():  # PyTorch's has its state from the start too
            self._begin(self.state[parameter], parameter._data)

    def _begin(self, state: State, array: Array) -> Array:
        number(state, "step", 0)
        return memory(state, "sum", array, self.defaults["initial_accumulator_value"])

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        total = self._begin(state, array)
        rate = options["lr"] / (1 + (count(state) - 1) * options["lr_decay"])
        how = {"maximize": options["maximize"], "decay": options["weight_decay"]}
        for x, g, s, room in blocks(array, gradient, total, **how):
            np.multiply(g, g, out=room)
            s += room
            np.sqrt(s, out=room)
            room += options["eps"]
            np.divide(g, room, out=room)
            room *= rate
            x -= room
