"""Normalisation of channels over a batch, and over each example, with running statistics.

The running statistics are parameters in all but name: what inference computes must not get into them.
"""

from __future__ import annotations

import math

import numpy as np

from tensor import modes, writes
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, InferenceModeError, ShapeError
from tensor.halves import widened
from tensor.nn.functional.norms import (
    Vjps,
    _verify_batch_size,
    check_parameters,
    group_norm_vjp,
    grouped_moments,
    is_mixed,
    per_channel,
)
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


def _over_batch(array: Array) -> Array:
    """Return the mean over all but the channels."""
    if not array.size:
        return np.zeros(array.shape[1], array.dtype)
    # One dimension after the other: NumPy sums pairwise along the last one only.
    if array.ndim > 2:
        array = array.reshape(*array.shape[:2], math.prod(array.shape[2:])).mean(2)
    mean: Array = array.mean(0)
    return mean


def _products_over_batch(a: Array, b: Array) -> Array:
    """Return the sum of products over all but the channels."""
    if a.ndim == 2:
        return np.asarray(np.einsum("nc,nc->c", a, b))
    shape = (*a.shape[:2], math.prod(a.shape[2:]))
    total: Array = np.vecdot(a.reshape(shape), b.reshape(shape)).sum(0)
    return total


def _batch_norm_training(
    input: Array, weight: Array | None, bias: Array | None, *, eps: float
) -> tuple[Array, Array, Array, Array, Array]:
    check_parameters("batch_norm", input, weight=weight, bias=bias)
    count = input.size // max(input.shape[1], 1)
    mean = _over_batch(input)
    out = input - per_channel(mean, input.ndim)
    squares = _products_over_batch(out, out)
    scale = 1 / np.sqrt(squares / count + eps)
    out *= per_channel(scale if weight is None else scale * weight, input.ndim)
    if bias is not None:
        out += per_channel(bias, input.ndim)
    return out, mean, squares / max(count - 1, 1), mean, scale


def _batch_norm_training_vjp(
    g: Array, needs: tuple[bool, ...], input: Array, weight: Array | None, mean: Array, scale: Array
) -> Vjps:
    count = input.size // max(input.shape[1], 1)
    normalized: Array = input - per_channel(mean, g.ndim)
    normalized *= per_channel(scale, g.ndim)
    along = _products_over_batch(g, normalized)
    total = _over_batch(g)
    gradient = None
    if needs[0]:
        normalized *= per_channel(along / count, g.ndim)
        gradient = g - per_channel(total, g.ndim)
        gradient -= normalized
        gradient *= per_channel(scale if weight is None else scale * weight, g.ndim)
    return gradient, along if needs[1] else None, total * count if needs[2] else None


BATCH_NORM_TRAINING = op(
    "batch_norm",
    _batch_norm_training,
    outputs=3,
    extras=("batch_mean", "batch_var", "mean", "scale"),
    vjp=_batch_norm_training_vjp,
)


def _batch_norm_eval(
    input: Array, running_mean: Array, running_var: Array, weight: Array | None, bias: Array | None, *, eps: float
) -> Array:
    check_parameters("batch_norm", input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    scale = 1 / np.sqrt(running_var + eps)
    if weight is not None:
        scale *= weight
    shift = -running_mean * scale
    if bias is not None:
        shift += bias
    out: Array = input * per_channel(scale, input.ndim)
    out += per_channel(shift, input.ndim)
    return out


def _batch_norm_eval_vjp(
    g: Array,
    needs: tuple[bool, ...],
    input: Array,
    running_mean: Array,
    running_var: Array,
    weight: Array | None,
    eps: float,
) -> tuple[Array | None, None, None, Array | None, Array | None]:
    scale = 1 / np.sqrt(running_var + eps)
    gradient = g * per_channel(scale if weight is None else scale * weight, g.ndim) if needs[0] else None
    total = g.sum((0, *range(2, g.ndim))) if needs[4] or needs[3] else None
    along = None
    if needs[3]:
        along = _products_over_batch(g, input - per_channel(running_mean, g.ndim)) * scale
    return gradient, None, None, along, total


BATCH_NORM_EVAL = op("batch_norm_eval", _batch_norm_eval, vjp=_batch_norm_eval_vjp)


def _instance_norm(
    input: Array, weight: Array | None, bias: Array | None, *, eps: float
) -> tuple[Array, Array, Array, Array, Array]:
    check_parameters("instance_norm", input, weight=weight, bias=bias)
    centred, mean, scale = grouped_moments(input, input.shape[1], eps)
    count = centred.shape[-1]
    variances = (1 / np.square(scale) - eps) * (count / max(count - 1, 1))
    centred *= scale
    out = centred.reshape(input.shape)
    if weight is not None:
        out *= per_channel(weight, input.ndim)
    if bias is not None:
        out += per_channel(bias, input.ndim)
    return out, _over_batch(mean[..., 0]), _over_batch(variances[..., 0]), mean, scale


INSTANCE_NORM = op(
    "instance_norm",
    _instance_norm,
    outputs=3,
    extras=("batch_mean", "batch_var", "mean", "scale"),
    vjp=group_norm_vjp,
)


def _check(name: str, input: Tensor, **parameters: Tensor | None) -> None:
    """Raise ShapeError unless the input has channels, and each parameter a value for each."""
    shape = input._data.shape
    if len(shape) < 2:
        raise ShapeError(f"{name}: expected an input of at least 2 dimensions, (N, C, ...), got {list(shape)}")
    for argument, each in parameters.items():
        if each is not None and each._data.shape != (shape[1],):
            raise ShapeError(
                f"{name}: {argument} should contain {shape[1]} elements, one for each channel, not {each._data.size}; "
                f"got shape {list(each._data.shape)} for an input of shape {list(shape)}"
            )


def _check_statistics(name: str, input: Tensor, *statistics: Tensor | None) -> None:
    """Raise unless running statistics may be updated with what is computed from the input.

    Raises:
        InferenceModeError: This is inside inference mode, where modules are to be in eval mode.
        InferenceTensorError: The input is inference-only.
    """
    mode = modes.current()
    for each in statistics:
        if each is None:
            continue
        if mode is modes.INFERENCE:
            raise InferenceModeError(
                f"{name} inside inference_mode would update the running statistics of a module in training mode. "
                "Call module.eval() before computing with it."
            )
        writes.check(name, each, (input,), mode, lambda _: "input")


def _update(statistics: Tensor | None, value: Tensor, momentum: float) -> None:
    """Let running statistics follow those of a batch."""
    if statistics is not None:
        array = writes.writable_array(statistics, value)
        array[...] = widened(array) * (1 - momentum) + widened(value._data) * momentum


def _check_momentum(name: str, momentum: float) -> None:
    check_numbers(name, {"momentum": momentum})
    if momentum is None:
        raise DtypeError(
            f"{name}(): argument 'momentum' must be float, not NoneType; for a cumulative average pass 1 / the number "
            "of batches so far, this one included"
        )


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Shift and scale channels to mean 0 and variance 1 over the batch, then by `weight` and `bias`.

    Args:
        input: (N, C, ...).
        running_mean: (C,); used in place of the batch's unless training, else follows that; may be left out then.
        running_var: (C,), likewise; follows the variance with Bessel's correction.
        weight: (C,).
        bias: (C,).
        training: whether to use the batch's mean and variance.
        momentum: the weight of the batch in the running statistics.
        eps: added to the variance.

    Returns:
        The input's shape.

    Raises:
        InferenceModeError: running statistics would be updated inside inference mode: call the module's eval().
        InferenceTensorError: running statistics would be updated with inference-only data.
        ShapeError: the shapes do not fit; or training with one value for each channel.
        DtypeError: the dtypes differ, or are not of floats.

    Source: Ioffe and Szegedy, 2015, https://arxiv.org/abs/1502.03167;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
    """
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    _check("batch_norm", input, **given)
    if not training:
        for name in ("running_mean", "running_var"):
            if given[name] is None:
                raise ArgumentError(f"batch_norm: {name} must be defined in evaluation mode")
        if is_mixed(input, *given.values()):
            wide = batch_norm(input.float(), running_mean, running_var, weight, bias, False, momentum, eps)
            return wide.to(input.dtype)
        return apply(BATCH_NORM_EVAL, input, running_mean, running_var, weight, bias, eps=eps)
    _check_momentum("batch_norm", momentum)
    _verify_batch_size(input._data.shape)
    _check_statistics("batch_norm", input, running_mean, running_var)
    if is_mixed(input, *given.values()):
        wide = batch_norm(input.float(), running_mean, running_var, weight, bias, True, momentum, eps)
        return wide.to(input.dtype)
    results: tuple[Tensor, ...] = apply(BATCH_NORM_TRAINING, input, weight, bias, eps=eps)  # type: ignore[assignment]
    out, mean, var = results
    if input._data.size:
        _update(running_mean, mean, momentum)
        _update(running_var, var, momentum)
    return out


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Shift and scale each channel of each example to mean 0 and variance 1, then by `weight` and `bias`.

    Args:
        input: (N, C, ...), of at least three dimensions.
        running_mean: (C,); follows the mean over the examples, or is used in place of their own.
        running_var: (C,), likewise.
        weight: (C,).
        bias: (C,).
        use_input_stats: whether to use the examples' mean and variance.
        momentum: the weight of the batch in the running statistics.
        eps: added to the variance.

    Returns:
        The input's shape.

    Raises:
        InferenceModeError: running statistics would be updated inside inference mode: call the module's eval().
        InferenceTensorError: running statistics would be updated with inference-only data.
        ShapeError: the shapes do not fit; or an example has one value for each channel.
        DtypeError: the dtypes differ, or are not of floats.

    Source: Ulyanov et al., 2016, https://arxiv.org/abs/1607.08022;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
    """
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    _check("instance_norm", input, **given)
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise ArgumentError(
                "instance_norm: Expected running_mean and running_var to be defined when use_input_stats is false"
            )
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    _check_momentum("instance_norm", momentum)
    if math.prod(input._data.shape[2:]) == 1:
        raise ShapeError(
            f"Expected more than 1 spatial element when training, got input size {list(input._data.shape)}"
        )
    _check_statistics("instance_norm", input, running_mean, running_var)
    if is_mixed(input, *given.values()):
        wide = instance_norm(input.float(), running_mean, running_var, weight, bias, True, momentum, eps)
        return wide.to(input.dtype)
    results: tuple[Tensor, ...] = apply(INSTANCE_NORM, input, weight, bias, eps=eps)  # type: ignore[assignment]
    out, mean, var = results
    if input._data.size:
        _update(running_mean, mean, momentum)
        _update(running_var, var, momentum)
    return out
