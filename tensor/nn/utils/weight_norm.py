"""Weights as a length times a direction, by a hook: `parametrizations.weight_norm` is the newer way.

Source: Salimans and Kingma, 2016, https://arxiv.org/abs/1602.07868
"""

from __future__ import annotations

import warnings
from typing import Any, TypeVar

from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.nn.utils.owned import check_replaceable
from tensor.nn.utils.pre_hooks import WeightHook, check_none_yet, take_off
from tensor.ops.vector_norms import vector_norm
from tensor.scopes import no_grad
from tensor.tensors import Tensor

ModuleT = TypeVar("ModuleT", bound=Module)


def norm_except_dim(v: Tensor, dim: int) -> Tensor:
    """Return the norm over all dimensions but one.

    Args:
        v: any shape.
        dim: the dimension that stays; -1 for none.

    Returns:
        A scalar, or the shape of `v` with 1 for the other dimensions.
    """
    if dim == -1:
        return vector_norm(v)
    others = [each for each in range(v.dim()) if each != dim % v.dim()]
    return vector_norm(v, dim=others, keepdim=True) if others else v.abs()


def with_norm(v: Tensor, g: Tensor, dim: int) -> Tensor:
    """Return vectors scaled to given norms.

    Args:
        v: any shape.
        g: the norms, as `norm_except_dim` returns them.
        dim: the dimension that tells the vectors apart; -1 if all is one.
    """
    return v * (g / norm_except_dim(v, dim))


class WeightNorm(WeightHook):
    """The hook: sets `name` from `name_g` and `name_v` before each call.

    Args:
        name: the attribute.
        dim: the dimension that tells vectors apart; -1 if all is one.
    """

    def __init__(self, name: str, dim: int | None) -> None:
        super().__init__(name)
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Tensor:
        """Return the weight, of the shape of `name_v`."""
        return with_norm(getattr(module, f"{self.name}_v"), getattr(module, f"{self.name}_g"), self.dim)

    def __call__(self, module: Module, inputs: Any) -> None:
        """Compute the weight, before the module is called."""
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: ModuleT, name: str = "weight", dim: int | None = 0) -> ModuleT:
    """Replace a parameter by two: `name_g`, the lengths of its vectors, and `name_v`, their directions.

    Args:
        module: the module.
        name: the parameter.
        dim: the dimension that tells vectors apart; None if all is one.

    Returns:
        The module.

    Raises:
        TensorError: the parameter has this already.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.weight_norm.html
    """
    warnings.warn(
        "`nn.utils.weight_norm` is deprecated in favor of `nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    check_replaceable("weight_norm", module)
    check_none_yet(module, WeightNorm, name)
    hook = WeightNorm(name, dim)
    weight = getattr(module, name)
    with no_grad():
        lengths = norm_except_dim(weight, hook.dim)
    del module._parameters[name]
    module.register_parameter(f"{name}_g", Parameter(lengths))
    module.register_parameter(f"{name}_v", Parameter(weight.data))
    hook(module, ())
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module: ModuleT, name: str = "weight") -> ModuleT:
    """Undo `weight_norm`: the parameter is one again, with the value that it had last.

    Args:
        module: the module.
        name: the parameter.

    Returns:
        The module.

    Raises:
        ArgumentError: the parameter has no such norm.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.remove_weight_norm.html
    """
    check_replaceable("remove_weight_norm", module)
    hook = take_off(module, WeightNorm, name)
    with no_grad():
        weight = hook.compute_weight(module)
    for each in (name, f"{name}_g", f"{name}_v"):
        delattr(module, each)
    module.register_parameter(name, Parameter(weight))
    return module
