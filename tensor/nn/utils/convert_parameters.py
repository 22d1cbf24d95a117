"""All parameters as one vector, and back.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
"""

from __future__ import annotations

from collections.abc import Iterable

from tensor.errors import DtypeError, ShapeError
from tensor.ops.joining import cat
from tensor.tensors import Tensor


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all parameters, flattened, as one vector; gradients reach the parameters through it.

    Args:
        parameters: any shapes.

    Returns:
        (elements of all,).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
    """
    return cat([each.reshape(-1) for each in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Give parameters the values of a vector, whose memory they share from then on.

    Args:
        vec: as `parameters_to_vector` returns it.
        parameters: any shapes.

    Raises:
        DtypeError: the vector is no tensor.
        ShapeError: it has too few elements; the parameters have not changed then.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html
    """
    if not isinstance(vec, Tensor):
        raise DtypeError(f"vector_to_parameters: expected a Tensor, got a {type(vec).__name__}")
    parameters = list(parameters)
    wanted = sum(each.numel() for each in parameters)
    if vec.dim() != 1 or vec.numel() < wanted:
        raise ShapeError(f"vector_to_parameters: expected a vector of {wanted} elements, got shape {tuple(vec.shape)}")
    at = 0
    for each in parameters:
        each.data = vec[at : at + each.numel()].view(each.shape).data
        at += each.numel()
