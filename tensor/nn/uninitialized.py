"""Parameters and buffers of lazy layers, whose shapes are not known before the first input.

They have a dtype, but no values: what reads these, as all operations do, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from tensor import dtypes
from tensor.bases import TensorBase, origin_of
from tensor.dtypes import Array, DtypeLike
from tensor.errors import ArgumentError, InferenceTensorError
from tensor.factories import empty
from tensor.marks import HALF, MARKED, REQUIRES_GRAD, Origin
from tensor.modes import is_inference_mode_enabled
from tensor.nn.deferred import array_of
from tensor.nn.parameter import Parameter
from tensor.tensors import Tensor

_ARRAY = TensorBase.__dict__["_data"]  # the slot itself, past the property below


class UninitializedTensorMixin(Tensor):
    """What uninitialised parameters and buffers share; the array in their slot is empty, and says the dtype."""

    __slots__ = ()

    cls_to_become: ClassVar[type[Tensor]]

    @property
    def _data(self) -> Array:  # a slot of the base
        raise ArgumentError(
            f"Attempted to use an uninitialized tensor, a {type(self).__name__}: call the module with an input, which "
            "tells the shapes, before its parameters and buffers are used"
        )

    @_data.setter
    def _data(self, array: Array) -> None:
        _ARRAY.__set__(self, array)

    def materialize(self, shape: Sequence[int], device: Any = None, dtype: DtypeLike | None = None) -> None:
        """Become a parameter or buffer of a shape, full of zeros.

        Args:
            shape: the shape.
            device: the CPU.
            dtype: its dtype; this one's if left out.

        Raises:
            InferenceTensorError: it was made inside `inference_mode`, and this is outside.
        """
        if self.is_inference() and not is_inference_mode_enabled():
            raise InferenceTensorError(
                f"this {type(self).__name__} was made inside inference_mode and cannot be given a shape outside it: "
                "call the module inside, or build it outside"
            )
        if dtype is not None or device is not None:
            self._retype(empty(0, device=device, dtype=dtype or self.dtype))
        array = np.zeros(tuple(shape), array_of(self).dtype)
        self.__class__ = self.cls_to_become  # type: ignore[assignment]  # its slots are the same
        self._data = array
        self._storage = None

    def _retype(self, like: Tensor) -> None:
        """Take over another's dtype."""
        _ARRAY.__set__(self, np.empty(0, array_of(like).dtype))
        self._flags = self._flags & ~HALF | like._flags & HALF

    @property
    def dtype(self) -> dtypes.dtype:
        """The type that the elements will have."""
        return dtypes.of(array_of(self).dtype)

    def is_floating_point(self) -> bool:
        """Whether the elements will be floats."""
        return self.dtype.is_floating_point

    @property
    def data(self) -> Tensor:
        """An empty tensor."""
        return Tensor._wrap(array_of(self), self._flags & MARKED, origin=origin_of(self))

    @data.setter
    def data(self, value: Tensor) -> None:
        if isinstance(value, UninitializedTensorMixin):
            self._retype(value)
        else:
            self.materialize(value.shape)
            self.data = value

    def detach(self) -> Self:
        """Return this."""
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Return one that will have another dtype."""
        converted = self.data.to(*args, **kwargs)
        if converted.dtype == self.dtype:
            return self
        made = self.__deepcopy__({})
        made._retype(converted)
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        if id(self) not in memo:
            memo[id(self)] = _restored(type(self), *self._state())
        known: Self = memo[id(self)]
        return known

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _restored, (type(self), *self._state())

    def _state(self) -> tuple[Array, int, Origin | None]:
        return array_of(self).copy(), self._flags & (MARKED | REQUIRES_GRAD), origin_of(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec)


def _restored(cls: type[Any], array: Array, flags: int, origin: Origin | None) -> Any:
    return cls._restore(array, flags, origin)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape is not known yet.

    Args:
        requires_grad: whether it will be trained.
        device: the CPU.
        dtype: that it will have.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedParameter.html
    """

    __slots__ = ()

    cls_to_become = Parameter

    def __new__(
        cls, requires_grad: bool = True, device: Any = None, dtype: DtypeLike | None = None
    ) -> UninitializedParameter:
        """Return a new leaf; see the class."""
        made = super().__new__(cls, empty(0, device=device, dtype=dtype), requires_grad)
        assert isinstance(made, UninitializedParameter)
        return made

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: DtypeLike | None = None) -> None:
        pass


class UninitializedBuffer(UninitializedTensorMixin):
    """A buffer whose shape is not known yet.

    Args:
        requires_grad: false.
        device: the CPU.
        dtype: that it will have.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.parameter.UninitializedBuffer.html
    """

    __slots__ = ()

    cls_to_become = Tensor

    def __new__(
        cls, requires_grad: bool = False, device: Any = None, dtype: DtypeLike | None = None
    ) -> UninitializedBuffer:
        """Return a new buffer; see the class."""
        if requires_grad:
            raise ArgumentError("an UninitializedBuffer is not trained: leave requires_grad out, or make a parameter")
        like = empty(0, device=device, dtype=dtype)
        return cls._wrap(like._data, like._flags & MARKED, origin=origin_of(like))

    def __init__(self, requires_grad: bool = False, device: Any = None, dtype: DtypeLike | None = None) -> None:
        pass


def is_lazy(param: Any) -> bool:
    """Whether this is a parameter or buffer whose shape is not known yet."""
    return isinstance(param, UninitializedTensorMixin)
