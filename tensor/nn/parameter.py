"""`Parameter`: a tensor that a module registers and an optimiser trains."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from tensor.bases import check_floating, origin_of, storage_of, whence
from tensor.dtypes import Array
from tensor.errors import InferenceTensorError
from tensor.factories import empty
from tensor.marks import MARKED, REQUIRES_GRAD
from tensor.modes import is_inference_mode_enabled
from tensor.tensors import Tensor


class Parameter(Tensor):
    """A leaf tensor over another's memory; a `Module` registers it when it becomes an attribute.

    Made inside `inference_mode`, it is marked and frozen, with `requires_grad=True` as without: a model built there
    needs no further step.

    Args:
        data: the tensor whose memory it shares, of any shape; by default an empty one.
        requires_grad: whether it is trained.

    Raises:
        InferenceTensorError: `data` is inference-only and this is outside `inference_mode`: it cannot be trained.
        DtypeError: it is to be trained, and its dtype is not a floating-point one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.Parameter.html
    """

    __slots__ = ("__dict__", "_initialise")  # users hang notes on parameters, such as which have no weight decay

    _copies_have_grad = False  # as PyTorch's have none

    _initialise: Callable[[Array], None]  # set by `tensor.nn.deferred` only

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Parameter:
        """Return a new leaf; see the class."""
        data = empty(0) if data is None else data
        if not isinstance(data, Tensor):
            raise TypeError(
                f"a Parameter is made of a tensor, got a {type(data).__name__}: from_numpy makes one of an array"
            )
        marked = data.is_inference() or is_inference_mode_enabled()
        if marked and requires_grad and not is_inference_mode_enabled():
            raise InferenceTensorError(
                f"a Parameter that requires grad cannot be made of an inference-only tensor. {whence(data.origin)} "
                "Pass requires_grad=False, or train on a copy: tensor.as_training_data(t)."
            )
        if requires_grad and not marked:
            check_floating(data._data)
        flags = MARKED if marked else REQUIRES_GRAD if requires_grad else 0
        return cls._wrap(data._data, flags, storage=storage_of(data), origin=origin_of(data))

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        pass  # all is done in __new__, where the memory is known

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


_ELSEWHERE = {
    "Buffer": "tensor.nn.buffer",
    "UninitializedBuffer": "tensor.nn.uninitialized",
    "UninitializedParameter": "tensor.nn.uninitialized",
    "is_lazy": "tensor.nn.uninitialized",
}


def __getattr__(name: str) -> Any:
    """Give what PyTorch's module of this name has too, and what is built on `Parameter` here."""
    if name in _ELSEWHERE:
        return getattr(importlib.import_module(_ELSEWHERE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
