"""`batch_norm` and `instance_norm` with the arguments in the order that they have at PyTorch's top level."""

from __future__ import annotations

from tensor.nn.functional import batch_norms
from tensor.tensors import Tensor


def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """Shift and scale channels over the batch; see `tensor.nn.functional.batch_norm`.

    Args:
        input: (N, C, ...).
        weight: (C,).
        bias: (C,).
        running_mean: (C,).
        running_var: (C,).
        training: whether to use the batch's mean and variance.
        momentum: the weight of the batch in the running statistics.
        eps: added to the variance.
        cudnn_enabled: means nothing here.

    Returns:
        The input's shape.
    """
    return batch_norms.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = False,
) -> Tensor:
    """Shift and scale channels of each example; see `tensor.nn.functional.instance_norm`.

    Args:
        input: (N, C, ...).
        weight: (C,).
        bias: (C,).
        running_mean: (C,).
        running_var: (C,).
        use_input_stats: whether to use the examples' mean and variance.
        momentum: the weight of the batch in the running statistics.
        eps: added to the variance.
        cudnn_enabled: means nothing here.

    Returns:
        The input's shape.
    """
    return batch_norms.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)
