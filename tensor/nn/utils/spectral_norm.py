"""Weights divided by their largest singular value, by a hook: `parametrizations.spectral_norm` is the newer way.

Source: Miyato et al., 2018, https://arxiv.org/abs/1802.05957
"""

from __future__ import annotations

from typing import Any, TypeVar

from tensor.errors import ArgumentError
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.nn.utils.owned import check_replaceable
from tensor.nn.utils.power_method import (
    as_matrix,
    check_improvable,
    check_iterations,
    first_vectors,
    improve_left,
    improve_right,
    norm_along,
    output_dim,
)
from tensor.nn.utils.pre_hooks import WeightHook, check_none_yet, take_off
from tensor.scopes import no_grad
from tensor.tensors import Tensor

ModuleT = TypeVar("ModuleT", bound=Module)


class SpectralNorm(WeightHook):
    """The hook: sets `name` from `name_orig`, `name_u` and `name_v` before each call.

    Args:
        name: the attribute.
        n_power_iterations: how many steps to the singular value each call in training takes.
        dim: the dimension of the outputs.
        eps: the smallest norm that is divided by.

    Raises:
        ArgumentError: there are no steps.
    """

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__(name)
        self.dim = dim
        self.n_power_iterations = check_iterations(n_power_iterations)
        self.eps = eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """Return the weight, after the steps if these are due.

        Args:
            module: the module.
            do_power_iteration: whether to take them.
        """
        weight, u, v = (getattr(module, f"{self.name}_{each}") for each in ("orig", "u", "v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            check_improvable(u)
        for _ in range(self.n_power_iterations if do_power_iteration else 0):
            improve_right(matrix, u, v, self.eps)
            improve_left(matrix, u, v, self.eps)
        scaled: Tensor = weight / norm_along(matrix, u, v)
        return scaled

    def __call__(self, module: Module, inputs: Any) -> None:
        """Compute the weight, before the module is called."""
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))


def spectral_norm(
    module: ModuleT, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> ModuleT:
    """Divide a parameter by its largest singular value: `name_orig` is trained, `name_u` and `name_v` are buffers.

    Args:
        module: the module.
        name: the parameter.
        n_power_iterations: how many steps to the singular value each call in training takes.
        eps: the smallest norm that is divided by.
        dim: the dimension of the outputs; by default 1 for transposed convolutions, else 0.

    Returns:
        The module.

    Raises:
        ArgumentError: there is no such parameter, or there are no steps.
        TensorError: the parameter has this already.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.spectral_norm.html
    """
    check_replaceable("spectral_norm", module)
    check_none_yet(module, SpectralNorm, name)
    hook = SpectralNorm(name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    weight = module._parameters.get(name)
    if weight is None:
        raise ArgumentError(f"SpectralNorm cannot be applied: {type(module).__name__} has no parameter '{name}'")
    u, v = first_vectors(as_matrix(weight, hook.dim), eps)
    delattr(module, name)
    module.register_parameter(f"{name}_orig", weight)
    setattr(module, name, weight.data)  # until the first call
    module.register_buffer(f"{name}_u", u)
    module.register_buffer(f"{name}_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module: ModuleT, name: str = "weight") -> ModuleT:
    """Undo `spectral_norm`: the parameter is one again, with the value that it had last.

    Args:
        module: the module.
        name: the parameter.

    Returns:
        The module.

    Raises:
        ArgumentError: the parameter has no such norm.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.remove_spectral_norm.html
    """
    check_replaceable("remove_spectral_norm", module)
    hook = take_off(module, SpectralNorm, name)
    with no_grad():
        weight = hook.compute_weight(module, do_power_iteration=False)
    for each in (name, f"{name}_u", f"{name}_v", f"{name}_orig"):
        delattr(module, each)
    module.register_parameter(name, Parameter(weight))
    return module
