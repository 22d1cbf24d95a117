"""Comparing gradients with finite differences.

Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.gradcheck.gradcheck.html
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tensor.autograd.jacobians import (
    analytical_jacobian,
    differentiable,
    numerical_jacobian,
    pulled_back,
    slope,
    values,
)
from tensor.bases import TensorBase
from tensor.dtypes import Array
from tensor.errors import ArgumentError, GradientError, UnsupportedError
from tensor.marks import REQUIRES_GRAD


class GradcheckError(GradientError):
    """Gradients differ from finite differences; says for which input and output, and by how much."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tolerances:
    eps: float
    atol: float
    rtol: float
    nondet: float


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Check the gradients of `func` against finite differences.

    Args:
        func: Takes the inputs, returns a tensor or several. It is called often, and must not be random.
        inputs: A tensor or a tuple; those that require a gradient are checked, and should be float64.
        eps: The step of the differences.
        atol: The absolute difference allowed.
        rtol: The relative difference allowed.
        raise_exception: Whether to raise, or return false, where they differ.
        nondet_tol: By how much two runs on the same inputs may differ.
        check_undefined_grad: Changes nothing: outputs without a gradient are always part of the check, since each
            output is differentiated alone.
        check_grad_dtypes: Changes nothing: gradients always have the dtype of their tensor.
        check_batched_grad: Not supported.
        check_batched_forward_grad: Not supported.
        check_forward_ad: Not supported.
        check_backward_ad: Has to be true, since there is nothing else to check.
        fast_mode: Whether to compare along one direction for each pair of input and output, and not element by
            element.
        masked: Changes nothing: there are no sparse tensors.

    Raises:
        GradcheckError: A gradient is wrong, or `func` is not deterministic.
        ArgumentError: No input requires a gradient, or elements of one share memory.
    """
    if check_forward_ad or check_batched_grad or check_batched_forward_grad:
        raise UnsupportedError("gradcheck: there is no forward mode and no vmap; check backward only")
    if not check_backward_ad:
        raise ArgumentError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    given = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
    wanted = _wanted(given)
    tolerances = _Tolerances(eps=eps, atol=atol, rtol=rtol, nondet=nondet_tol)
    try:
        outputs = differentiable(func(*given))
        _check_same(outputs, values(func, given), tolerances)
        for at in [at for at in wanted if given[at]._data.size]:
            if fast_mode and _agree_along_one_direction(func, given, outputs, at, tolerances):
                continue
            _check_input(func, given, outputs, at, tolerances)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _wanted(given: Sequence[Any]) -> list[int]:
    """The positions of the inputs to check."""
    wanted = [at for at, each in enumerate(given) if isinstance(each, TensorBase) and each._flags & REQUIRES_GRAD]
    if not wanted:
        raise ArgumentError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for at in wanted:
        array = given[at]._data
        if array.dtype != np.float64:
            warnings.warn(
                f"Input #{at} requires gradient and is not a double precision floating point ({given[at].dtype}). This "
                "check will likely fail if all the inputs are not of double precision.",
                stacklevel=3,
            )
        if array.size and any(
            stride == 0 and size > 1 for stride, size in zip(array.strides, array.shape, strict=True)
        ):
            raise ArgumentError(
                f"The {at}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call "
                ".contiguous on the input before passing it to gradcheck."
            )
    return wanted


def _check_same(outputs: Sequence[Any], again: Sequence[Array], tolerances: _Tolerances) -> None:
    """Raise unless a second call of the function gave the same."""
    for index, (first, second) in enumerate(zip(outputs, again, strict=True)):
        apart = _apart(np.asarray(first._data, np.float64), second)
        if apart > tolerances.nondet:
            raise GradcheckError(
                f"the function is not deterministic: output {index} of two calls with the same inputs differs by up to "
                f"{apart:.3g}; nondet_tol is {tolerances.nondet}"
            )


def _apart(a: Array, b: Array) -> float:
    if a.shape != b.shape:
        return float("inf")
    different = ~((a == b) | (np.isnan(a) & np.isnan(b)))
    return float(np.abs(a[different] - b[different]).max()) if different.any() else 0.0


def _check_input(
    func: Callable[..., Any], given: Sequence[Any], outputs: Sequence[Any], at: int, tolerances: _Tolerances
) -> None:
    """Compare the derivatives of all outputs by each element of one input."""
    numerical = numerical_jacobian(func, given, wrt=at, eps=tolerances.eps)
    for index, (output, expected) in enumerate(zip(outputs, numerical, strict=True)):
        actual = analytical_jacobian(output, given[at])
        if not np.allclose(actual, expected, tolerances.rtol, tolerances.atol):
            zero = "" if output.requires_grad else "Numerical gradient for function expected to be zero. "
            raise GradcheckError(
                f"Jacobian mismatch for output {index} with respect to input {at}: they differ by up to "
                f"{np.abs(actual - expected).max():.3g}. {zero}\nnumerical: {expected}\nanalytical: {actual}\n"
                "(rows are elements of the input, columns of the output)"
            )
        apart = _apart(actual, analytical_jacobian(output, given[at]))
        if apart > tolerances.nondet:
            raise GradcheckError(
                "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times "
                "gives different values, although analytical gradient matches numerical gradient: output "
                f"{index} with respect to input {at}, by up to {apart:.3g}. The tolerance for nondeterminism was "
                f"{tolerances.nondet}."
            )


def _agree_along_one_direction(
    func: Callable[..., Any], given: Sequence[Any], outputs: Sequence[Any], at: int, tolerances: _Tolerances
) -> bool:
    """Whether u · J v is the same from differences and from backward, for fixed positive u and v."""
    random = np.random.default_rng(0)
    v = _direction(random, given[at]._data.shape)
    for output, moved in zip(outputs, slope(func, given, wrt=at, along=v, eps=tolerances.eps), strict=True):
        u = _direction(random, output._data.shape)
        pulled = pulled_back(output, given[at], u)
        allowed = tolerances.atol * u.sum() * v.sum()
        if not np.allclose((pulled * v).sum(), (u * moved).sum(), tolerances.rtol, allowed):
            return False
        if _apart(pulled, pulled_back(output, given[at], u)) > tolerances.nondet:
            return False
    return True


def _direction(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    drawn = random.uniform(0.5, 1.5, shape)
    return np.asarray(drawn / max(float(np.sqrt((drawn**2).sum())), 1e-30))
