"""The largest singular value of a weight, by iteration: what both ways to `spectral_norm` share.

Source: Miyato et al., 2018, https://arxiv.org/abs/1802.05957
"""

from __future__ import annotations

from tensor.errors import ArgumentError, InferenceModeError
from tensor.modes import is_inference_mode_enabled
from tensor.nn import functional as F
from tensor.nn.modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from tensor.nn.modules.module import Module
from tensor.scopes import no_grad
from tensor.tensors import Tensor


def output_dim(module: Module) -> int:
    """Return the dimension of a module's weight that its outputs are along."""
    return 1 if isinstance(module, ConvTranspose1d | ConvTranspose2d | ConvTranspose3d) else 0


def check_iterations(n_power_iterations: int) -> int:
    """Return a number of iterations, or raise ArgumentError if there are none."""
    if n_power_iterations <= 0:
        raise ArgumentError(
            f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
        )
    return n_power_iterations


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """Return a weight as a matrix whose rows are along one of its dimensions.

    Args:
        weight: any shape.
        dim: the dimension of the rows.

    Returns:
        (rows, all others).
    """
    if dim != 0:
        weight = weight.permute(dim, *(each for each in range(weight.dim()) if each != dim))
    return weight.reshape(weight.shape[0], -1)


@no_grad()
def first_vectors(matrix: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Draw a unit vector for each side of a matrix.

    Args:
        matrix: (rows, columns).
        eps: the smallest norm that is divided by.

    Returns:
        (rows,) and (columns,).
    """
    drawn = [matrix.new_empty(size).normal_(0, 1) for size in matrix.shape]
    u, v = (F.normalize(each, dim=0, eps=eps) for each in drawn)
    return u, v


def check_improvable(u: Tensor) -> None:
    """Raise inside inference mode, if a vector belongs to a module that was built outside: training goes on from it.

    Args:
        u: one of the vectors.

    Raises:
        InferenceModeError: it is to be called in evaluation.
    """
    if is_inference_mode_enabled() and not u.is_inference():
        raise InferenceModeError(
            "spectral_norm inside inference_mode would update the singular vectors of a module in training mode. "
            "Call module.eval() before computing with it."
        )


@no_grad()
def improve_left(matrix: Tensor, u: Tensor, v: Tensor, eps: float) -> None:
    """Set `u`, (rows,), to the direction of `matrix @ v`, in place."""
    u.copy_(F.normalize(matrix.mv(v), dim=0, eps=eps))


@no_grad()
def improve_right(matrix: Tensor, u: Tensor, v: Tensor, eps: float) -> None:
    """Set `v`, (columns,), to the direction of `u @ matrix`, in place."""
    v.copy_(F.normalize(matrix.t().mv(u), dim=0, eps=eps))


def norm_along(matrix: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return `u @ matrix @ v`, a scalar; it takes copies of the vectors, which may go on changing before backward."""
    return u.clone().dot(matrix.mv(v.clone()))
