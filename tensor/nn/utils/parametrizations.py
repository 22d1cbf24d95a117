"""Ready-made parametrizations of weights: norms, singular values, orthogonality.

Source: https://docs.pytorch.org/docs/stable/nn.html#parametrizations
"""

from __future__ import annotations

from typing import Any, TypeVar

from tensor.errors import ArgumentError, DimensionError, ShapeError
from tensor.nn import functional as F
from tensor.nn.modules.module import Module
from tensor.nn.utils.orthogonal_maps import MAPS, NO_INVERSE, completed, is_orthogonal, reflectors_of
from tensor.nn.utils.parametrize import register_parametrization
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
from tensor.nn.utils.weight_norm import norm_except_dim, with_norm
from tensor.scopes import no_grad
from tensor.tensors import Tensor

ModuleT = TypeVar("ModuleT", bound=Module)


class _WeightNorm(Module):
    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        """Return the directions `weight_v` with the lengths `weight_g`."""
        return with_norm(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return lengths and directions."""
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: ModuleT, name: str = "weight", dim: int | None = 0) -> ModuleT:
    """Compute a parameter from two: `original0`, the lengths of its vectors, and `original1`, their directions.

    A `state_dict` of the older `nn.utils.weight_norm`, with `weight_g` and `weight_v`, can be loaded.

    Args:
        module: the module.
        name: the parameter.
        dim: the dimension that tells vectors apart; None if all is one.

    Returns:
        The module.

    Raises:
        ArgumentError: there is no such parameter.

    Source: Salimans and Kingma, 2016, https://arxiv.org/abs/1602.07868;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(state_dict: dict[str, Any], prefix: str, *others: Any) -> None:
        old = [f"{prefix}{name}_g", f"{prefix}{name}_v"]
        if all(key in state_dict for key in old):
            for number, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{number}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(rename)
    return module


class _SpectralNorm(Module):
    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise DimensionError(f"spectral_norm: a weight of shape {tuple(weight.shape)} has no dimension {dim}")
        self.n_power_iterations = check_iterations(n_power_iterations)
        self.dim = dim % weight.ndim
        self.eps = eps
        if weight.ndim > 1:
            matrix = as_matrix(weight, self.dim)
            u, v = first_vectors(matrix, eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)
            self._improve(matrix, 15)  # steps, since evaluation takes none

    def _improve(self, matrix: Tensor, steps: int) -> None:
        for _ in range(steps):
            improve_left(matrix, self._u, self._v, self.eps)
            improve_right(matrix, self._u, self._v, self.eps)

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight divided by its largest singular value."""
        if weight.ndim == 1:  # it has one, its norm
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            check_improvable(self._u)
            self._improve(matrix, self.n_power_iterations)
        return weight / norm_along(matrix, self._u, self._v)

    def right_inverse(self, value: Tensor) -> Tensor:
        """Return the value: what it is divided by is not known."""
        return value


def spectral_norm(
    module: ModuleT, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> ModuleT:
    """Divide a parameter by its largest singular value.

    Args:
        module: the module.
        name: the parameter.
        n_power_iterations: how many steps to the singular value each reading in training takes.
        eps: the smallest norm that is divided by.
        dim: the dimension of the outputs; by default 1 for transposed convolutions, else 0.

    Returns:
        The module.

    Raises:
        ArgumentError: there is no such parameter, or there are no steps.
        DimensionError: the parameter has no such dimension.

    Source: Miyato et al., 2018, https://arxiv.org/abs/1802.05957;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html
    """
    weight = _weight(module, name)
    rows = output_dim(module) if dim is None else dim
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, rows, eps))


class _Orthogonal(Module):
    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        self.shape = tuple(weight.shape)
        self.orthogonal_map = orthogonal_map
        self.use_trivialization = use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Tensor) -> Tensor:
        """Return matrices with orthonormal columns, or rows if these are fewer.

        Args:
            x: (..., rows, columns), any values.

        Returns:
            The same shape.
        """
        wide = x.size(-2) < x.size(-1)
        q = MAPS[self.orthogonal_map](x.transpose(-1, -2) if wide else x)
        if self.use_trivialization:
            assert self.base is not None, "right_inverse, which registering calls, sets it"
            q = self.base @ q
        return q.transpose(-1, -2) if wide else q

    @no_grad()
    def right_inverse(self, q: Tensor) -> Tensor:
        """Return what `forward` makes an orthogonal matrix of, or one near it.

        Args:
            q: (..., rows, columns).
        """
        if tuple(q.shape) != self.shape:
            raise ShapeError(f"Expected a matrix or batch of matrices of shape {self.shape}, got {tuple(q.shape)}")
        wide = q.size(-2) < q.size(-1)
        tall = q.transpose(-1, -2) if wide else q
        if not self.use_trivialization:
            if self.orthogonal_map in NO_INVERSE:
                raise NotImplementedError(  # which registering passes over
                    f"It is not possible to assign to the {self.orthogonal_map} map when use_trivialization=False."
                )
            x = reflectors_of(tall)
            return x.transpose(-1, -2) if wide else x
        square = tall.size(-2) == tall.size(-1)
        self.base = tall.clone() if square and is_orthogonal(tall) else completed(tall)
        # Of minus the identity, each map makes the identity.
        minus = q.new_zeros(q.shape)
        minus.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return minus


def orthogonal(
    module: ModuleT, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> ModuleT:
    """Keep a parameter orthogonal: with orthonormal columns, or rows if these are fewer.

    Args:
        module: the module.
        name: the parameter, of two or more dimensions: a batch of matrices.
        orthogonal_map: `matrix_exp`, `cayley` or `householder`; by default the first for square matrices, else the
            last.
        use_trivialization: whether the map's result is multiplied by a fixed orthogonal matrix, so that the map starts
            at the identity and the parameter can be assigned to.

    Returns:
        The module.

    Raises:
        ArgumentError: there is no such parameter or map, or the parameter is no matrix.

    Source: Lezcano-Casado, 2019, https://arxiv.org/abs/1909.09501;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.orthogonal.html
    """
    weight = _weight(module, name)
    if weight.ndim < 2:
        raise ArgumentError(f"orthogonal: expected a matrix or batch of matrices, got {weight.ndim} dimensions")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.size(-2) == weight.size(-1) else "householder"
    if orthogonal_map not in MAPS:
        raise ArgumentError(f"orthogonal_map has to be one of {', '.join(MAPS)}, got {orthogonal_map!r}")
    computed = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return register_parametrization(module, name, computed, unsafe=True)


def _weight(module: Module, name: str) -> Tensor:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ArgumentError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight
