"""Adam, and AdamW, which decays weights apart from the gradient."""

from __future__ import annotations

import math

import numpy as np

from tensor.dtypes import Array
from tensor.optim.optimizer import Group, Optimizer, ParamsT, State, check_at_least_zero, state_tensor


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square.

    Args:
        params: the parameters to train.
        lr: learning rate.
        betas: how much of the two running means is kept at each step.
        eps: added to the denominator.
        weight_decay: L2 penalty, added to the gradient.
        amsgrad: divide by the largest mean square so far.
        maximize: ascend instead.
        foreach: PyTorch's choice among its kernels; changes nothing here.
        fused: PyTorch's choice among its kernels; changes nothing here.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.

    Source: Kingma and Ba, 2014, https://arxiv.org/abs/1412.6980;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.Adam.html
    """

    _decoupled = False

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        fused: bool | None = None,
    ) -> None:
        check_at_least_zero(lr=lr, eps=eps, weight_decay=weight_decay)
        for beta in betas:
            if not 0 <= beta < 1:
                raise ValueError(f"invalid betas: {betas}; each must be at least 0 and less than 1")
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _update(self, array: Array, gradient: Array, state: State, options: Group) -> None:
        if not state:
            state["step"] = 0
            state["exp_avg"] = state_tensor(np.zeros_like(array))
            state["exp_avg_sq"] = state_tensor(np.zeros_like(array))
            if options["amsgrad"]:
                state["max_exp_avg_sq"] = state_tensor(np.zeros_like(array))
        state["step"] += 1
        lr, decay = options["lr"], options["weight_decay"]
        if decay and self._decoupled:
            array *= 1 - lr * decay
        elif decay:
            gradient = gradient + decay * array

        beta1, beta2 = options["betas"]
        mean, square = state["exp_avg"]._data, state["exp_avg_sq"]._data
        scratch = np.subtract(gradient, mean, out=np.empty_like(array))
        scratch *= 1 - beta1
        mean += scratch
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1 - beta2
        square *= beta2
        square += scratch
        if options["amsgrad"]:
            largest = state["max_exp_avg_sq"]._data
            square = np.maximum(largest, square, out=largest)

        # The means start at zero; these undo the bias towards it.
        correction1 = 1 - beta1 ** state["step"]
        correction2 = 1 - beta2 ** state["step"]
        np.sqrt(square, out=scratch)
        scratch /= math.sqrt(correction2)
        scratch += options["eps"]
        np.divide(mean, scratch, out=scratch)
        scratch *= lr / correction1
        array -= scratch


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
        fused: PyTorch's choice among its kernels; changes nothing here.

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range.

    Source: Loshchilov and Hutter, 2017, https://arxiv.org/abs/1711.05101;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html
    """

    _decoupled = True

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        fused: bool | None = None,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, foreach=foreach, fused=fused)
