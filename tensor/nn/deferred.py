"""Initial values that are computed when somebody first reads them.

A replica is built inside inference mode, then given its weights. Initial values that are replaced unread need not be
computed, and their memory, which the operating system hands out page by page, need not be touched.
"""

from __future__ import annotations

import copy
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeGuard

import numpy as np

from tensor.bases import TensorBase, origin_of, wrap
from tensor.dtypes import Array
from tensor.marks import MARKED
from tensor.modes import is_inference_mode_enabled
from tensor.nn.parameter import Parameter
from tensor.scopes import no_grad
from tensor.tensors import Tensor

_ARRAY = TensorBase.__dict__["_data"]  # the slot itself, past the property below
_initialising = threading.RLock()
_unwanted: ContextVar[bool] = ContextVar("unwanted", default=False)


class DeferredParameter(Parameter):
    """A marked parameter that becomes a plain `Parameter` when its array is first read, which all operations do."""

    __slots__ = ()

    @classmethod
    def _wrap(cls, *args: Any, **kwargs: Any) -> Any:
        return Parameter._wrap(*args, **kwargs)  # a copy has values

    @property
    def _data(self) -> Array:  # a slot of the base
        with _initialising:  # a second thread waits here, and then finds them computed
            if type(self) is DeferredParameter:
                self._initialise(array_of(self))
                self._wait_no_more()
        return array_of(self)

    @_data.setter
    def _data(self, array: Array) -> None:
        self._wait_no_more()
        self._data = array

    def _wait_no_more(self) -> None:
        self.__class__ = Parameter  # type: ignore[assignment]  # its slots are the same
        del self._initialise  # which may hold values for others

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """Return a copy that waits too, inside inference mode, for the same values."""
        if id(self) in memo:
            return memo[id(self)]
        with _initialising:
            if type(self) is not DeferredParameter or not is_inference_mode_enabled():
                return super().__deepcopy__(memo)
            if not isinstance(self._initialise, _Once):
                self._initialise = _Once(self._initialise)
            twin = Parameter._restore(np.empty_like(array_of(self)), self._flags & MARKED, origin_of(self))
            twin._initialise = self._initialise
            twin.__class__ = DeferredParameter
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin


def _answer_from_array(name: str) -> Any:
    """Return a property or method of tensors that asks for shape or dtype, so it need not wait for values."""
    found = getattr(Tensor, name)
    if isinstance(found, property):
        return property(lambda self: getattr(wrap(array_of(self)), name), doc=found.__doc__)

    @functools.wraps(found)
    def answer(self: Parameter, *args: Any, **kwargs: Any) -> Any:
        return getattr(wrap(array_of(self)), name)(*args, **kwargs)

    return answer


# What model files ask of parameters while they initialise or count them.
for _name in (
    "__len__",
    "dim",
    "dtype",
    "element_size",
    "is_contiguous",
    "is_floating_point",
    "itemsize",
    "nbytes",
    "ndim",
    "ndimension",
    "nelement",
    "numel",
    "shape",
    "size",
    "stride",
):
    setattr(DeferredParameter, _name, _answer_from_array(_name))


class _Once:
    """Initial values that a parameter and its copies share: computed for the first of them that is read.

    Args:
        write: fills an array.
    """

    def __init__(self, write: Callable[[Array], None]) -> None:
        self._write = write
        self._values: Array | None = None

    def __call__(self, array: Array) -> None:
        if self._values is None:
            self._write(array)
            self._values = array.copy()
        else:
            np.copyto(array, self._values)


def initialise(tensor: Tensor, write: Callable[[Array], None]) -> Tensor:
    """Set all of a tensor's values: now, or if it is a parameter of a model built inside inference mode, when read.

    Random values that wait are drawn in the order of reading, so one seed gives others than outside.

    Args:
        tensor: what to fill.
        write: fills an array.

    Returns:
        The tensor.
    """
    if _unwanted.get():
        return tensor
    if _can_wait(tensor):
        tensor._initialise = write  # in place of an earlier one, all of whose values would be written over
        tensor.__class__ = DeferredParameter
    else:
        _write_now(tensor, write)
    return tensor


def amend(tensor: Tensor, write: Callable[[Array], None]) -> Tensor:
    """Change some of a tensor's initial values, once they are there.

    Args:
        tensor: what to change.
        write: changes an array.

    Returns:
        The tensor.
    """
    if _unwanted.get():
        return tensor
    if isinstance(tensor, DeferredParameter):
        first = tensor._initialise

        def write_both(array: Array) -> None:
            first(array)
            write(array)

        tensor._initialise = write_both
    else:
        _write_now(tensor, write)
    return tensor


@contextmanager
def without_initial_values() -> Iterator[None]:
    """Leave tensors in this block as they were made: whatever their memory holds."""
    token = _unwanted.set(True)
    try:
        yield
    finally:
        _unwanted.reset(token)


def _can_wait(tensor: Tensor) -> TypeGuard[Parameter]:
    """Whether this is a parameter of a replica, and nobody can see its memory in any other way than through it."""
    if not (is_inference_mode_enabled() and tensor.is_inference() and type(tensor) in (Parameter, DeferredParameter)):
        return False
    array = array_of(tensor)
    # Held by the parameter, by the name above, and for this call: not by another tensor, nor as a view's base.
    return array.flags.owndata and array.flags.writeable and sys.getrefcount(array) == 3


def _write_now(tensor: Tensor, write: Callable[[Array], None]) -> None:
    with no_grad():
        write(tensor._writable_array())


def array_of(tensor: Tensor) -> Array:
    """Return a tensor's array for its shape and dtype only: its values may still have to be computed."""
    array: Array = _ARRAY.__get__(tensor)
    return array
