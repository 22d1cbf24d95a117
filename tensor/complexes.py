"""Complex numbers: a pair of tensors, the real and the imaginary parts.

Models use them for rotations and for spectra: what makes them, computes with them and takes them apart is here, with
gradients, since all of it is computed from the two parts. Whatever else is called with them is refused.
Source: https://docs.pytorch.org/docs/stable/complex_numbers.html
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tensor import devices, dtypes, factories
from tensor.bases import TensorBase
from tensor.errors import DtypeError, ShapeError, UnsupportedError
from tensor.marks import MARKED
from tensor.ops import choosing, comparisons, conversions, joining, signs, slicing, trigonometry
from tensor.sizes import Size

if TYPE_CHECKING:
    from tensor.tensors import Tensor

__all__ = [
    "ComplexTensor",
    "angle",
    "complex",
    "complex64",
    "complex128",
    "conj",
    "imag",
    "is_complex",
    "isreal",
    "polar",
    "real",
    "resolve_conj",
    "view_as_complex",
    "view_as_real",
]


class complex_dtype:  # noqa: N801 - as `dtype`
    """The element type of complex tensors; none that a `Tensor` can have."""

    is_complex = True
    is_floating_point = False
    is_signed = True

    def __init__(self, name: str, part: dtypes.dtype) -> None:
        self.name = name
        self.part = part
        self.itemsize = 2 * part.itemsize

    def __reduce__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"tensor.{self.name}"


complex64 = cfloat = complex_dtype("complex64", dtypes.float32)
complex128 = cdouble = complex_dtype("complex128", dtypes.float64)
_OF_PARTS = {each.part: each for each in (complex64, complex128)}

# Methods that do the same to both parts.
_ON_PARTS = (
    *("reshape", "view", "flatten", "unflatten", "ravel", "unsqueeze", "squeeze", "transpose", "permute", "t"),
    *("expand", "broadcast_to", "repeat", "repeat_interleave", "tile", "narrow", "select", "index_select", "flip"),
    *("roll", "movedim", "diagonal", "unfold", "contiguous", "clone", "detach", "sum", "mean", "cumsum", "gather"),
)
_IN_PIECES = ("chunk", "split", "unbind", "tensor_split")


class ComplexTensor:
    """Complex numbers in any shape.

    Args:
        real: The real parts, float32 or float64.
        imag: The imaginary parts, of the same shape and dtype.

    Raises:
        DtypeError: They are not of one such dtype.
        ShapeError: They are not of one shape.
        InferenceTensorError: One is inference-only, and the other requires a gradient.
    """

    __slots__ = ("imag", "real")
    __array_priority__ = 1000
    __array_ufunc__ = None  # so that `array * tensor` asks the tensor
    __hash__ = object.__hash__

    real: Tensor
    imag: Tensor

    if TYPE_CHECKING:  # the methods that are made below

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, real: Tensor, imag: Tensor) -> None:
        if real.dtype is not imag.dtype or real.dtype not in _OF_PARTS:
            raise DtypeError(
                f"expected both parts of a complex tensor to be float32, or both float64, got {real.dtype} and "
                f"{imag.dtype}"
            )
        if real.shape != imag.shape:
            raise ShapeError(f"the parts of a complex tensor differ in shape: {real.shape} and {imag.shape}")
        if (real._flags ^ imag._flags) & MARKED:  # one is inference-only: both are then, unless the other is trained
            real, imag = slicing.unbind(joining.stack((real, imag)))
        self.real = real
        self.imag = imag

    # ---- what it is

    @property
    def dtype(self) -> complex_dtype:
        """The type of the elements: complex64, or complex128 of float64 parts."""
        return _OF_PARTS[self.real.dtype]

    shape = property(lambda self: self.real.shape)
    ndim = property(lambda self: self.real.ndim)
    device = property(lambda self: devices.CPU)
    requires_grad = property(lambda self: self.real.requires_grad or self.imag.requires_grad)
    is_cuda = property(lambda self: False)
    is_cpu = property(lambda self: True)

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or the size of one dimension."""
        return self.real.size(dim)

    def dim(self) -> int:
        """Return the number of dimensions."""
        return self.real.dim()

    def numel(self) -> int:
        """Return the number of elements."""
        return self.real.numel()

    def is_complex(self) -> bool:
        """Whether the elements are complex: yes."""
        return True

    def is_floating_point(self) -> bool:
        """Whether the elements are floats: no."""
        return False

    def is_inference(self) -> bool:
        """Whether the tensor is inference-only, which it is if one of its parts is."""
        return self.real.is_inference() or self.imag.is_inference()

    def __len__(self) -> int:
        return len(self.real)

    def __iter__(self) -> Iterator[ComplexTensor]:
        return (ComplexTensor(*parts) for parts in zip(self.real, self.imag, strict=True))

    def __repr__(self) -> str:
        return f"ComplexTensor(real={self.real!r}, imag={self.imag!r})"

    # ---- what is computed of it

    def abs(self) -> Tensor:
        """Return the lengths; their gradient at 0 is 0."""
        squares = self.real * self.real + self.imag * self.imag
        zero = comparisons.eq(squares, 0)
        found: Tensor = choosing.where(zero, 0.0, choosing.where(zero, 1.0, squares).sqrt())
        return found

    absolute = __abs__ = abs

    def angle(self) -> Tensor:
        """Return the angles to the positive real axis, from -π to π."""
        return trigonometry.atan2(self.imag, self.real)

    def conj(self) -> ComplexTensor:
        """Return the conjugates."""
        return ComplexTensor(self.real, -self.imag)

    def exp(self) -> ComplexTensor:
        """Return e to their power."""
        return polar(self.real.exp(), self.imag)

    def resolve_conj(self) -> ComplexTensor:
        """Return this tensor: conjugates are computed at once."""
        return self

    def item(self) -> builtins.complex:
        """Return the only element as a Python number."""
        return builtins.complex(self.real.item(), self.imag.item())

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers."""
        return _complex_array(self).tolist()

    def numpy(self) -> Any:
        """Return a copy of the elements as an array, which as all copies made in NumPy has no mark."""
        return _complex_array(self)

    def to(self, *args: Any, **options: Any) -> ComplexTensor:
        """Return the tensor in another complex dtype; a device may be named too, and is the CPU.

        Raises:
            DtypeError: The dtype is none of complex numbers.
        """
        wanted = [each for each in (*args, *options.values()) if isinstance(each, complex_dtype)]
        others = [each for each in args if not isinstance(each, complex_dtype)]
        named = {key: each for key, each in options.items() if not isinstance(each, complex_dtype)}
        if any(isinstance(each, dtypes.dtype) for each in (*others, *named.values())):
            raise DtypeError("to: complex numbers do not convert to real ones; take .real, or .abs()")
        part = wanted[0].part if wanted else self.real.dtype
        return ComplexTensor(*[each.to(*others, **named).to(part) for each in (self.real, self.imag)])

    def cpu(self) -> ComplexTensor:
        """Return this tensor: it is on the CPU."""
        return self

    # ---- arithmetic

    def __neg__(self) -> ComplexTensor:
        return ComplexTensor(-self.real, -self.imag)

    def __add__(self, other: Any) -> ComplexTensor:
        real, imag = _parts(other)
        return _made(self.real + real, self.imag + imag)

    __radd__ = __add__

    def __sub__(self, other: Any) -> ComplexTensor:
        real, imag = _parts(other)
        return _made(self.real - real, self.imag - imag)

    def __rsub__(self, other: Any) -> ComplexTensor:
        return (-self) + other  # type: ignore[no-any-return]

    def __mul__(self, other: Any) -> ComplexTensor:
        real, imag = _parts(other)
        if _is_zero(imag):
            return _made(self.real * real, self.imag * real)
        return _made(self.real * real - self.imag * imag, self.real * imag + self.imag * real)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> ComplexTensor:
        real, imag = _parts(other)
        if _is_zero(imag):
            return _made(self.real / real, self.imag / real)
        square = real * real + imag * imag
        return _made(
            (self.real * real + self.imag * imag) / square,
            (self.imag * real - self.real * imag) / square,
        )

    def __rtruediv__(self, other: Any) -> ComplexTensor:
        square = self.real * self.real + self.imag * self.imag
        return self.conj() * other / square  # type: ignore[no-any-return]

    def __pow__(self, exponent: float) -> ComplexTensor:
        if exponent == 2:
            return self * self
        return polar(self.abs() ** exponent, self.angle() * exponent)

    def __matmul__(self, other: Any) -> ComplexTensor:
        real, imag = _parts(other)
        if _is_zero(imag):
            return _made(self.real @ real, self.imag @ real)
        return _made(self.real @ real - self.imag @ imag, self.real @ imag + self.imag @ real)

    def __getitem__(self, index: Any) -> ComplexTensor:
        return ComplexTensor(self.real[index], self.imag[index])

    def __eq__(self, other: object) -> Any:
        real, imag = _parts(other)
        return (self.real == real) & (self.imag == imag)

    add = __add__
    sub = __sub__
    mul = multiply = __mul__
    div = __truediv__
    neg = __neg__
    matmul = __matmul__
    T = property(lambda self: ComplexTensor(self.real.T, self.imag.T))
    mT = property(lambda self: ComplexTensor(self.real.mT, self.imag.mT))  # noqa: N815 - PyTorch's name

    # ---- everything else

    def _compute(self, name: str, operands: Sequence[Any], static: dict[str, Any]) -> Any:
        """Return what an operation on tensors gives where complex ones are among them; see `dispatch.apply`."""
        if name not in _OPERATIONS:
            self._refuse(name)
        return _OPERATIONS[name](*operands)

    def _refuse(self, name: str) -> NoReturn:
        raise UnsupportedError(
            f"{name}: not defined for complex tensors here. Compute with the parts, .real and .imag, or with "
            "view_as_real; docs/pytorch.md says what complex tensors have."
        )

    # What functions look at before they compute, so that those that know no complex tensors say so.
    @property
    def _data(self) -> NoReturn:
        self._refuse("this function")

    @property
    def _flags(self) -> NoReturn:
        self._refuse("this function")


def _both(name: str) -> Callable[..., Any]:
    def method(self: ComplexTensor, *args: Any, **options: Any) -> ComplexTensor:
        return ComplexTensor(getattr(self.real, name)(*args, **options), getattr(self.imag, name)(*args, **options))

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Return what `Tensor.{name}` makes of both parts."
    return method


def _pieces(name: str) -> Callable[..., Any]:
    def method(self: ComplexTensor, *args: Any, **options: Any) -> tuple[ComplexTensor, ...]:
        parts = [getattr(part, name)(*args, **options) for part in (self.real, self.imag)]
        return tuple(ComplexTensor(*each) for each in zip(*parts, strict=True))

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"Return what `Tensor.{name}` makes of both parts."
    return method


for _name in _ON_PARTS:
    setattr(ComplexTensor, _name, _both(_name))
for _name in _IN_PIECES:
    setattr(ComplexTensor, _name, _pieces(_name))


def _made(real: Any, imag: Any) -> ComplexTensor:
    """A result, whose parts may have been broadcast with a number or a tensor of another dtype."""
    if real.shape != imag.shape:
        shape = np.broadcast_shapes(real.shape, imag.shape)
        real, imag = real.expand(shape), imag.expand(shape)
    return ComplexTensor(real, conversions.type_as(imag, real))


def _parts(value: Any) -> tuple[Any, Any]:
    """The parts of an operand, a real one having 0 as the second."""
    if isinstance(value, ComplexTensor):
        return value.real, value.imag
    if isinstance(value, TensorBase | int | float):
        return value, 0.0
    if isinstance(value, builtins.complex):
        return value.real, value.imag
    raise DtypeError(f"expected a tensor or a number beside a complex tensor, got a {type(value).__name__}")


def _is_zero(part: Any) -> bool:
    return type(part) is float and part == 0.0


def _complex_array(value: ComplexTensor) -> Any:
    return value.real.numpy() + 1j * value.imag.numpy()


def _as_complex(value: Any) -> ComplexTensor:
    """An operand on the left of an operation, which may be real or a number."""
    if isinstance(value, ComplexTensor):
        return value
    if isinstance(value, TensorBase):
        tensor: Any = value
        floating = tensor if tensor.dtype in _OF_PARTS else tensor.to(dtypes.get_default_dtype())
        return ComplexTensor(floating, factories.zeros_like(floating))
    return _as_complex(factories.tensor(value))


_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda input, other: _as_complex(input) + other,
    "sub": lambda input, other: _as_complex(input) - other,
    "mul": lambda input, other: _as_complex(input) * other,
    "div": lambda input, other: _as_complex(input) / other,
    "matmul": lambda input, other: _as_complex(input) @ other,
    "neg": lambda input: -input,
    "abs": lambda input: input.abs(),
    "exp": lambda input: input.exp(),
}


def complex(real: Tensor, imag: Tensor) -> ComplexTensor:
    """Return complex numbers of their parts.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.complex.html

    Args:
        real: The real parts, float32 or float64.
        imag: The imaginary parts, of the same dtype, and of a shape that broadcasts.
    """
    if real.dtype is not imag.dtype:
        raise DtypeError(f"Expected object of scalar type {real.dtype} but got scalar type {imag.dtype} for imag")
    return _made(real, imag)


def polar(abs: Tensor, angle: Tensor) -> ComplexTensor:
    """Return complex numbers of lengths and of angles in radians.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.polar.html

    Args:
        abs: The lengths, float32 or float64.
        angle: The angles, of the same dtype, and of a shape that broadcasts.
    """
    return complex(abs * angle.cos(), abs * angle.sin())


def view_as_complex(input: Tensor) -> ComplexTensor:
    """Return complex numbers whose parts are views of pairs.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.view_as_complex.html

    Args:
        input: (..., 2), float32 or float64.

    Raises:
        ShapeError: The last dimension is not of size 2.
    """
    if not input.ndim or input.shape[-1] != 2:
        raise ShapeError(f"Tensor must have a last dimension of size 2, got {list(input.shape)}")
    return ComplexTensor(*slicing.unbind(input, -1))


def view_as_real(input: ComplexTensor) -> Tensor:
    """Return the parts of complex numbers as pairs: a copy, where PyTorch has a view.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.view_as_real.html

    Args:
        input: Any shape.

    Returns:
        (*shape, 2).

    Raises:
        DtypeError: The tensor is not complex.
    """
    if not isinstance(input, ComplexTensor):
        raise DtypeError("view_as_real is only supported for complex tensors")
    return joining.stack((input.real, input.imag), -1)


def is_complex(input: Any) -> bool:
    """Whether a tensor's elements are complex."""
    return isinstance(input, ComplexTensor)


def real(input: Any) -> Tensor:
    """Return the real parts: of a real tensor, itself."""
    return input.real if isinstance(input, ComplexTensor) else input


def imag(input: Any) -> Tensor:
    """Return the imaginary parts.

    Raises:
        DtypeError: The tensor is not complex.
    """
    if not isinstance(input, ComplexTensor):
        raise DtypeError("imag is not implemented for tensors with non-complex dtypes.")
    return input.imag


def conj(input: Any) -> Any:
    """Return the conjugates: of a real tensor, itself."""
    return input.conj() if isinstance(input, ComplexTensor) else input


def resolve_conj(input: Any) -> Any:
    """Return the tensor: conjugates are computed at once."""
    return input


def angle(input: Any) -> Tensor:
    """Return the angles to the positive real axis: of real numbers 0, or π for negative ones."""
    if isinstance(input, ComplexTensor):
        return input.angle()
    plain = input if input.is_floating_point() else input.to(dtypes.get_default_dtype())
    angles: Tensor = choosing.where(plain < 0, np.pi, signs.abs(plain) * 0)
    return angles


def isreal(input: Any) -> Tensor:
    """Return where the imaginary part is 0: of real numbers everywhere."""
    if isinstance(input, ComplexTensor):
        return comparisons.eq(input.imag, 0)
    return factories.ones(Size(input.shape), dtype=dtypes.bool)
