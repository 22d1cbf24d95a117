"""Keep gradients within bounds, in place.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterable

from tensor.errors import GradientError
from tensor.factories import tensor
from tensor.ops.joining import stack
from tensor.ops.vector_norms import vector_norm
from tensor.scalars import check_numbers, numbers_into
from tensor.scopes import no_grad
from tensor.tensors import Tensor

Tensors = Tensor | Iterable[Tensor]


def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale the gradients of all parameters down together, if their norm as one vector is too large.

    Args:
        parameters: one or several; those without a gradient do not count.
        max_norm: the largest norm.
        norm_type: the order of the norm, `inf` for the largest element.
        error_if_nonfinite: whether a norm that is infinite or not a number is an error.
        foreach: taken since PyTorch has it; it changes nothing.

    Returns:
        The norm as it was, a scalar.

    Raises:
        GradientError: the norm is not finite, and that is to be an error; no gradient has changed then.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
    """
    is_generator = isinstance(parameters, Generator)
    parameters = _listed(parameters)
    if is_generator and not parameters:
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    total_norm = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total_norm, foreach)
    return total_norm


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Call `clip_grad_norm_`, which is what this was called before it; deprecated."""
    warnings.warn(
        "`nn.utils.clip_grad_norm` is deprecated: call `nn.utils.clip_grad_norm_`.", FutureWarning, stacklevel=2
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """Return the norm of tensors as if all their elements stood in one vector.

    Args:
        tensors: one or several, of any shapes.
        norm_type: the order of the norm, `inf` for the largest element.
        error_if_nonfinite: whether a norm that is infinite or not a number is an error.
        foreach: taken since PyTorch has it; it changes nothing.

    Returns:
        A scalar; 0 where there are no tensors.

    Raises:
        GradientError: the norm is not finite, and that is to be an error.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html
    """
    check_numbers("get_total_norm", {"norm_type": norm_type})
    norm_type = float(norm_type)
    norms = [vector_norm(each, norm_type) for each in _listed(tensors)]
    if not norms:
        return tensor(0.0)
    total_norm = vector_norm(stack(norms), norm_type)
    if error_if_nonfinite and not bool(total_norm.isfinite()):
        raise GradientError(
            f"The total norm of order {norm_type} for gradients from `parameters` is {total_norm.item()}, which is "
            "non-finite, so it cannot be clipped. Pass error_if_nonfinite=False to scale by it anyway."
        )
    return total_norm


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale the gradients of all parameters down together, given what their norm is.

    Args:
        parameters: one or several; those without a gradient do not count.
        max_norm: the largest norm.
        total_norm: the norm, a scalar, as `get_total_norm` returns it.
        foreach: taken since PyTorch has it; it changes nothing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grads_with_norm_.html
    """
    gradients = _gradients(_listed(parameters))
    scale = (_limit("clip_grads_with_norm_", gradients, max_norm) / (total_norm + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale)


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Limit each element of the gradients of all parameters.

    Args:
        parameters: one or several; those without a gradient do not count.
        clip_value: the largest element; its negative is the smallest.
        foreach: taken since PyTorch has it; it changes nothing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
    """
    gradients = _gradients(_listed(parameters))
    limit = _limit("clip_grad_value_", gradients, clip_value)
    for gradient in gradients:
        gradient.clamp_(min=-limit, max=limit)


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: list[Tensor]) -> list[Tensor]:
    return [each.grad for each in parameters if each.grad is not None]


def _limit(name: str, gradients: list[Tensor], limit: float) -> float:
    """Return a limit as a number, which is refused where it is inference-only and a gradient is not."""
    numbers = [numbers_into(name, gradient, limit)[0] for gradient in gradients]
    return float(numbers[0]) if numbers else 0.0
