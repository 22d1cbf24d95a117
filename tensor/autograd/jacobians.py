"""Jacobians of a function, from finite differences and from backward, whole or along one direction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tensor.bases import TensorBase, wrap
from tensor.dtypes import Array, is_floating
from tensor.gradients import grad
from tensor.scopes import no_grad


def differentiable(result: Any) -> list[Any]:
    """Return what can have a gradient of what a function returned: a tensor, or several of them."""
    outputs = [result] if isinstance(result, TensorBase) else list(result)
    return [each for each in outputs if isinstance(each, TensorBase) and is_floating(each._data.dtype)]


def values(fn: Callable[..., Any], inputs: Sequence[Any]) -> list[Array]:
    """Return what `fn` computes, unrecorded: its outputs that can have a gradient, in float64."""
    with no_grad():
        return [np.array(each._data, np.float64) for each in differentiable(fn(*inputs))]


def slope(fn: Callable[..., Any], inputs: Sequence[Any], *, wrt: int, along: Array, eps: float) -> list[Array]:
    """Return how fast each output of `fn` changes as one input moves in a direction, from central differences.

    Args:
        fn: Takes the inputs, returns a tensor or several.
        inputs: Its arguments.
        wrt: The position of the input to move.
        along: The direction, in the input's shape.
        eps: How far to go each way.

    Returns:
        For each output an array of its shape.
    """
    start = inputs[wrt]._data
    up, down = [
        values(fn, [*inputs[:wrt], wrap(np.asarray(start + step * along, start.dtype)), *inputs[wrt + 1 :]])
        for step in (eps, -eps)
    ]
    return [(above - below) / (2 * eps) for above, below in zip(up, down, strict=True)]


def numerical_jacobian(fn: Callable[..., Any], inputs: Sequence[Any], *, wrt: int, eps: float = 1e-6) -> list[Array]:
    """Return the derivatives of each output of `fn` by one input, from central differences.

    Args:
        fn: Takes the inputs, returns a tensor or several.
        inputs: Its arguments.
        wrt: The position of the input to differentiate by.
        eps: How far to go each way.

    Returns:
        For each output an array (elements of the input, elements of the output).
    """
    rows = []
    for position in np.ndindex(inputs[wrt]._data.shape):
        along = np.zeros(inputs[wrt]._data.shape)
        along[position] = 1
        rows.append([each.ravel() for each in slope(fn, inputs, wrt=wrt, along=along, eps=eps)])
    return [np.array(each) for each in zip(*rows, strict=True)]


def pulled_back(output: Any, given: Any, gradient: Array) -> Array:
    """Return the gradient of a recorded output by an input, given that of the output; zeros if it does not depend.

    Args:
        output: A tensor.
        given: The tensor to differentiate by.
        gradient: The output's gradient, in its shape.
    """
    if not output.requires_grad:
        return np.zeros(given._data.shape)
    seed = wrap(gradient.astype(output._data.dtype))
    (found,) = grad(output, given, seed, retain_graph=True, materialize_grads=True)
    assert found is not None
    return np.array(found._data, np.float64)


def analytical_jacobian(output: Any, given: Any) -> Array:
    """Return the derivatives of a recorded output by an input, from backward.

    Args:
        output: A tensor of the graph.
        given: The tensor to differentiate by.

    Returns:
        (elements of the input, elements of the output).
    """
    columns = []
    for position in np.ndindex(output._data.shape):
        one = np.zeros(output._data.shape)
        one[position] = 1
        columns.append(pulled_back(output, given, one).ravel())
    return np.array(columns).reshape(len(columns), given._data.size).T
