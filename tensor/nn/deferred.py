"""Initial values that are computed when somebody first reads them.

A replica is built inside inference mode, then given its weights. Initial values that are replaced unread need not be
computed, and their memory, which the operating system hands out page by page, need not be touched.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any, TypeGuard

from tensor.bases import TensorBase
from tensor.dtypes import Array
from tensor.modes import is_inference_mode_enabled
from tensor.nn.parameter import Parameter
from tensor.scopes import no_grad
from tensor.tensors import Tensor

_ARRAY = TensorBase.__dict__["_data"]  # the slot itself, past the property below
_initialising = threading.RLock()


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
                self.__class__ = Parameter  # type: ignore[assignment]  # its slots are the same
        return array_of(self)

    @_data.setter
    def _data(self, array: Array) -> None:
        self.__class__ = Parameter  # type: ignore[assignment]  # as above
        self._data = array


def initialise(tensor: Tensor, write: Callable[[Array], None]) -> Tensor:
    """Set all of a tensor's values: now, or if it is a parameter of a model built inside inference mode, when read.

    Random values that wait are drawn in the order of reading, so one seed gives others than outside.

    Args:
        tensor: what to fill.
        write: fills an array.

    Returns:
        The tensor.
    """
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
    if isinstance(tensor, DeferredParameter):
        first = tensor._initialise

        def write_both(array: Array) -> None:
            first(array)
            write(array)

        tensor._initialise = write_both
    else:
        _write_now(tensor, write)
    return tensor


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
