"""Derivatives of functions, rather than of tensors: PyTorch's `torch.autograd.functional`.

Source: https://docs.pytorch.org/docs/stable/autograd.html#functional-higher-level-api
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from tensor.bases import TensorBase, wrap
from tensor.dtypes import Array
from tensor.engine import check_gradient
from tensor.errors import ArgumentError, DtypeError, GradientError, ShapeError, UnsupportedError
from tensor.gradients import grad
from tensor.ops.conversions import detach
from tensor.scopes import enable_grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """Return the derivatives of each element that `func` computes by each element of its inputs.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.jacobian.html

    Args:
        func: Takes the inputs, returns a tensor or a tuple of tensors.
        inputs: A tensor or a tuple of them.
        create_graph: Not supported.
        strict: Whether to raise, rather than return zeros, where an output does not depend on an input.
        vectorize: Changes nothing: rows are computed one after the other.
        strategy: `"reverse-mode"`.

    Returns:
        A tensor of the shape (*output, *input); a tuple of them where `inputs` is one; and a tuple of those where
        `func` returns one.

    Raises:
        UnsupportedError: `create_graph`, or another strategy.
        GradientError: `strict`, and an output does not depend on an input.
    """
    _check_first_order(create_graph)
    if strategy != "reverse-mode":
        raise UnsupportedError(f"jacobian: strategy {strategy!r}: there is no forward mode; use 'reverse-mode'")
    given = _leaves(inputs, "inputs", "jacobian")
    result = _called(func, given, "jacobian")
    rows = []
    for index, output in enumerate(_listed(result)):
        count = output._data.size
        seeds = np.eye(count, dtype=output._data.dtype).reshape(count, *output._data.shape)
        by_seed = [_pulled_back([output], given, [seed], strict=strict, index=index) for seed in seeds]
        shapes = [(*output._data.shape, *each._data.shape) for each in given]
        if not by_seed:
            rows.append(
                tuple([wrap(np.zeros(shape, each._data.dtype)) for shape, each in zip(shapes, given, strict=True)])
            )
            continue
        columns = zip(*by_seed, strict=True)
        rows.append(tuple([wrap(np.array(each).reshape(shape)) for each, shape in zip(columns, shapes, strict=True)]))
    nested = [row if isinstance(inputs, tuple | list) else row[0] for row in rows]
    return tuple(nested) if isinstance(result, tuple | list) else nested[0]


def vjp(
    func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False
) -> tuple[Any, Any]:
    """Return what `func` computes, and the product of a vector with its Jacobian.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.autograd.functional.vjp.html

    Args:
        func: Takes the inputs, returns a tensor or a tuple of tensors.
        inputs: A tensor or a tuple of them.
        v: The vector: a tensor for each output, in its shape; may be missing for a single element.
        create_graph: Not supported.
        strict: Whether to raise, rather than return zeros, where an output does not depend on an input.

    Returns:
        The outputs, and a tensor for each input, both structured as they were given.

    Raises:
        UnsupportedError: `create_graph`.
        GradientError: `strict`, and an output does not depend on an input; or `v` is missing.
        ShapeError: `v` does not have the outputs' shapes.
        InferenceTensorError: An input or `v` is inference-only.
    """
    _check_first_order(create_graph)
    given = _leaves(inputs, "inputs", "vjp")
    result = _called(func, given, "vjp")
    outputs = _listed(result)
    products = _pulled_back(outputs, given, _vectors(v, outputs), strict=strict, index=0)
    wrapped = tuple([wrap(np.array(each)) for each in products])
    values = tuple([detach(each) for each in outputs])
    return (
        values if isinstance(result, tuple | list) else values[0],
        wrapped if isinstance(inputs, tuple | list) else wrapped[0],
    )


def _vectors(v: Any, outputs: Sequence[Any]) -> list[Array]:
    """The gradients to start from, checked."""
    if v is None:
        if len(outputs) != 1 or outputs[0]._data.size != 1:
            raise GradientError(
                "The vector v can only be None if the user-provided function returns a single Tensor with a single "
                "element."
            )
        return [np.ones_like(outputs[0]._data)]
    vectors = _listed(v)
    if len(vectors) != len(outputs):
        raise ShapeError(f"v is a tuple of invalid length: should be {len(outputs)} but got {len(vectors)}.")
    for each, output in zip(vectors, outputs, strict=True):
        if not isinstance(each, TensorBase):
            raise DtypeError(f"v must be a Tensor or a tuple of Tensors, but has a {type(each).__name__} in it")
        check_gradient(each, each._data.shape, "v")  # its mark would be lost
        if each._data.shape != output._data.shape:
            raise ShapeError(
                f"v has invalid size: should be {list(output._data.shape)} but got {list(each._data.shape)}."
            )
    return [each._data for each in vectors]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple | list) else [value]


def _check_first_order(create_graph: bool) -> None:
    if create_graph:
        raise UnsupportedError("create_graph=True: gradients of gradients are not recorded")


def _leaves(inputs: Any, what: str, name: str) -> list[Any]:
    """Fresh leaves over the inputs' memory."""
    for each in _listed(inputs):
        if not isinstance(each, TensorBase):
            raise DtypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but has a "
                f"{type(each).__name__} in it"
            )
    if not _listed(inputs):
        raise ArgumentError(f"The {what} given to {name} cannot be empty")
    return [detach(each).requires_grad_() for each in _listed(inputs)]


def _called(func: Callable[..., Any], given: Sequence[Any], name: str) -> Any:
    with enable_grad():
        result = func(*given)
    for each in _listed(result):
        if not isinstance(each, TensorBase):
            raise DtypeError(
                f"The outputs of the user-provided function given to {name} must be either a Tensor or a tuple of "
                f"Tensors but the given outputs of the user-provided function has type {type(each)}."
            )
    return result


def _pulled_back(
    outputs: Sequence[Any], given: Sequence[Any], seeds: Sequence[Array], *, strict: bool, index: int
) -> list[Array]:
    """The gradients of the inputs, zeros where there are none."""
    recorded = [(each, wrap(seed)) for each, seed in zip(outputs, seeds, strict=True) if each.requires_grad]
    if strict and len(recorded) < len(outputs):
        raise GradientError(
            f"Output {index} of the user-provided function does not require gradients. The outputs must be computed in "
            "a differentiable manner from the input when running in strict mode."
        )
    if not recorded:
        return [np.zeros_like(each._data) for each in given]
    found = grad(
        [each for each, _ in recorded], given, [seed for _, seed in recorded], retain_graph=True, allow_unused=True
    )
    for at, each in enumerate(found):
        if each is None and strict:
            raise GradientError(
                f"The output of the user-provided function is independent of input {at}. This is not allowed in strict "
                "mode."
            )
    return [np.zeros_like(one._data) if each is None else each._data for each, one in zip(found, given, strict=True)]


def _second_order(name: str) -> NoReturn:
    raise UnsupportedError(
        f"autograd.functional.{name} needs gradients of gradients, which are not recorded. Take finite differences of "
        "vjp() or jacobian()."
    )


def hessian(*args: Any, **kwargs: Any) -> NoReturn:
    """Not supported: second derivatives are not recorded."""
    _second_order("hessian")


def hvp(*args: Any, **kwargs: Any) -> NoReturn:
    """Not supported: second derivatives are not recorded."""
    _second_order("hvp")


def vhp(*args: Any, **kwargs: Any) -> NoReturn:
    """Not supported: second derivatives are not recorded."""
    _second_order("vhp")


def jvp(*args: Any, **kwargs: Any) -> NoReturn:
    """Not supported: PyTorch computes it by differentiating twice."""
    _second_order("jvp")
