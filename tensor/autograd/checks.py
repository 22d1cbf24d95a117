"""Comparing gradients with finite differences.

Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tensor.bases import TensorBase, wrap
from tensor.dtypes import Array, is_floating
from tensor.errors import ArgumentError, GradientError
from tensor.gradients import grad
from tensor.marks import REQUIRES_GRAD
from tensor.scopes import no_grad


class GradcheckError(GradientError):
    """Gradients differ from finite differences; says for which input and output, and by how much."""


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
    array = np.array(inputs[wrt]._data)
    jacobians: list[list[Array]] = []
    for position in np.ndindex(array.shape):
        sides = []
        for step in (eps, -eps):
            moved = array.copy()
            moved[position] += step
            with no_grad():
                outputs = _outputs(fn(*inputs[:wrt], wrap(moved), *inputs[wrt + 1 :]))
            sides.append([np.array(each._data, np.float64) for each in outputs])
        jacobians.append([(up - down).ravel() / (2 * eps) for up, down in zip(*sides, strict=True)])
    return [np.array(rows) for rows in zip(*jacobians, strict=True)]


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
        one = np.zeros_like(output._data)
        one[position] = 1
        (gradient,) = grad(output, given, wrap(one), retain_graph=True, materialize_grads=True)
        assert gradient is not None
        columns.append(gradient._data.ravel())
    return np.array(columns).reshape(len(columns), given._data.size).T


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Check the gradients of `func` against finite differences.

    Args:
        func: Takes the inputs, returns a tensor or several.
        inputs: A tensor or a tuple; those that require a gradient are checked, and should be float64.
        eps: The step of the differences.
        atol: The absolute difference allowed.
        rtol: The relative difference allowed.
        raise_exception: Whether to raise, or return false, where they differ.

    Raises:
        GradcheckError: A gradient is wrong.
        ArgumentError: No input requires a gradient, or one is not of double precision.
    """
    given = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
    wanted = [at for at, each in enumerate(given) if isinstance(each, TensorBase) and each._flags & REQUIRES_GRAD]
    if not wanted:
        raise ArgumentError("gradcheck expects at least one input tensor to require gradient, but none of the them do.")
    for at in wanted:
        if given[at]._data.dtype != np.float64:
            raise ArgumentError(f"gradcheck: input {at} is {given[at].dtype}; finite differences need float64")
    try:
        outputs = _outputs(func(*given))
        for at in wanted:
            numerical = numerical_jacobian(func, given, wrt=at, eps=eps)
            for index, (output, expected) in enumerate(zip(outputs, numerical, strict=True)):
                _compare(output, given[at], expected, at=at, index=index, atol=atol, rtol=rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _outputs(result: Any) -> list[Any]:
    """The outputs that can have a gradient."""
    outputs = [result] if isinstance(result, TensorBase) else list(result)
    return [each for each in outputs if isinstance(each, TensorBase) and is_floating(each._data.dtype)]


def _compare(output: Any, given: Any, expected: Array, *, at: int, index: int, atol: float, rtol: float) -> None:
    if output.requires_grad:
        actual = analytical_jacobian(output, given)
    else:
        actual = np.zeros((given._data.size, output._data.size))
    if not np.allclose(actual, expected, rtol, atol):
        raise GradcheckError(
            f"Jacobian mismatch for output {index} with respect to input {at}: they differ by up to "
            f"{np.abs(actual - expected).max():.3g},\nnumerical: {expected}\nanalytical: {actual}\n"
            "(rows are elements of the input, columns of the output)"
        )
