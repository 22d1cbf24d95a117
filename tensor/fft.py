"""Fourier transforms: PyTorch's `torch.fft`. Complex numbers are `ComplexTensor`s.

Source: https://docs.pytorch.org/docs/stable/fft.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tensor import dtypes, factories
from tensor.bases import TensorBase
from tensor.complexes import ComplexTensor, view_as_complex, view_as_real
from tensor.devices import DeviceLike
from tensor.dispatch import apply
from tensor.dtypes import DtypeLike
from tensor.errors import ArgumentError, DtypeError
from tensor.ops.axes import roll
from tensor.ops.dims import normal_dim
from tensor.ops.fourier import C2C, C2R, R2C, scale_of
from tensor.ops.joining import cat
from tensor.sequences import arange

if TYPE_CHECKING:
    from tensor.tensors import Tensor

Dims = int | Sequence[int] | None

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]


def _real(name: str, input: Any) -> Any:
    """A real operand, as floats."""
    if not isinstance(input, TensorBase):
        raise DtypeError(f"{name}: expected a real tensor, got a {type(input).__name__}")
    tensor: Any = input
    if tensor.dtype in (dtypes.float16, dtypes.bfloat16):
        raise DtypeError(f"{name}: unsupported dtype {tensor.dtype}; convert to float32 first")
    return tensor if tensor.is_floating_point() else tensor.to(dtypes.get_default_dtype())


def _as_pairs(name: str, input: Any) -> Any:
    """A real or complex operand, as pairs."""
    if isinstance(input, ComplexTensor):
        return view_as_real(input)
    found = _real(name, input)
    return view_as_real(ComplexTensor(found, factories.zeros_like(found)))


def _length(name: str, n: int | None, count: int) -> int:
    wanted = count if n is None else n
    if wanted < 1:
        raise ArgumentError(f"{name}: Invalid number of data points ({wanted}) specified")
    return wanted


def _factor(name: str, norm: str | None, n: int, *, inverse: bool) -> float:
    if norm not in (None, "forward", "backward", "ortho"):
        raise ArgumentError(f"{name}: Invalid normalization mode: {norm!r}; expected 'forward', 'backward' or 'ortho'")
    return scale_of(norm or "backward", n, inverse=inverse)


def _along(name: str, input: Any, n: int | None, dim: int, norm: str | None, *, inverse: bool) -> ComplexTensor:
    pairs = _as_pairs(name, input)
    at = normal_dim(dim, pairs.ndim - 1)
    length = _length(name, n, pairs.shape[at])
    scale = _factor(name, norm, length, inverse=inverse)
    return view_as_complex(apply(C2C, pairs, n=length, dim=at, inverse=inverse, scale=scale))


def fft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> ComplexTensor:
    """Return the Fourier transform along a dimension.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.fft.fft.html

    Args:
        input: Real or complex.
        n: To which length the dimension is cut, or filled with zeros.
        dim: The dimension.
        norm: What is divided by: `"backward"` nothing, `"forward"` the length, `"ortho"` its root.

    Raises:
        ArgumentError: There is no such `norm`, or the length is not positive.
        DtypeError: The dtype is of half precision.
    """
    return _along("fft", input, n, dim, norm, inverse=False)


def ifft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> ComplexTensor:
    """Return what has a Fourier transform along a dimension; by default divided by the length. See `fft`."""
    return _along("ifft", input, n, dim, norm, inverse=True)


def rfft(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> ComplexTensor:
    """Return the first half of the Fourier transform of real numbers, of which the rest is the conjugate. See `fft`.

    Returns:
        Of a length n, n // 2 + 1 frequencies.
    """
    found = _real("rfft", input)
    at = normal_dim(dim, found.ndim)
    length = _length("rfft", n, found.shape[at])
    scale = _factor("rfft", norm, length, inverse=False)
    return view_as_complex(apply(R2C, found, n=length, dim=at, scale=scale))


def irfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """Return the real numbers that have a Fourier transform, of which the first half is given. See `rfft`.

    Args:
        input: The first half.
        n: The length of the result, by default the even one.
        dim: The dimension.
        norm: See `fft`; by default the result is divided by its length.
    """
    pairs = _as_pairs("irfft", input)
    at = normal_dim(dim, pairs.ndim - 1)
    length = _length("irfft", n, 2 * (pairs.shape[at] - 1))
    scale = _factor("irfft", norm, length, inverse=True)
    return apply(C2R, pairs, n=length, dim=at, scale=scale)


def _over(input: Any, s: Sequence[int] | None, dim: Dims) -> list[tuple[int | None, int]]:
    """The lengths and dimensions of a transform over several, in order."""
    ndim = input.dim()
    if dim is None:
        dims = list(range(ndim)) if s is None else list(range(ndim - len(s), ndim))
    else:
        dims = [normal_dim(each, ndim) for each in ([dim] if isinstance(dim, int) else dim)]
    lengths: list[int | None] = [None] * len(dims) if s is None else [None if each == -1 else each for each in s]
    if len(lengths) != len(dims):
        raise ArgumentError(f"fft: When given, dim and shape arguments must have the same length, got {s} and {dim}")
    return list(zip(lengths, dims, strict=True))


def fftn(input: Any, s: Sequence[int] | None = None, dim: Dims = None, norm: str | None = None) -> Any:
    """Return the Fourier transform over several dimensions, all if none are named. See `fft`.

    Args:
        input: Real or complex.
        s: To which length each is cut, or filled with zeros; -1 for as it is.
        dim: The dimensions.
        norm: See `fft`.
    """
    for n, at in _over(input, s, dim):
        input = fft(input, n, at, norm)
    return input


def ifftn(input: Any, s: Sequence[int] | None = None, dim: Dims = None, norm: str | None = None) -> Any:
    """Return what has a Fourier transform over several dimensions. See `fftn`."""
    for n, at in _over(input, s, dim):
        input = ifft(input, n, at, norm)
    return input


def rfftn(input: Tensor, s: Sequence[int] | None = None, dim: Dims = None, norm: str | None = None) -> ComplexTensor:
    """Return the Fourier transform of real numbers over several dimensions, the first half of the last. See `fftn`."""
    *others, (n, last) = _over(input, s, dim)
    found = rfft(input, n, last, norm)
    for length, at in others:
        found = fft(found, length, at, norm)
    return found


def irfftn(input: Any, s: Sequence[int] | None = None, dim: Dims = None, norm: str | None = None) -> Tensor:
    """Return the real numbers that have a Fourier transform over several dimensions. See `rfftn`."""
    *others, (n, last) = _over(input, s, dim)
    for length, at in others:
        input = ifft(input, length, at, norm)
    return irfft(input, n, last, norm)


def fft2(input: Any, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None) -> Any:
    """Return the Fourier transform over two dimensions. See `fftn`."""
    return fftn(input, s, dim, norm)


def ifft2(input: Any, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None) -> Any:
    """Return what has a Fourier transform over two dimensions. See `fftn`."""
    return ifftn(input, s, dim, norm)


def rfft2(
    input: Tensor, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
) -> ComplexTensor:
    """Return the Fourier transform of real numbers over two dimensions. See `rfftn`."""
    return rfftn(input, s, dim, norm)


def irfft2(
    input: Any, s: Sequence[int] | None = None, dim: Sequence[int] = (-2, -1), norm: str | None = None
) -> Tensor:
    """Return the real numbers that have a Fourier transform over two dimensions. See `rfftn`."""
    return irfftn(input, s, dim, norm)


def fftfreq(n: int, d: float = 1.0, *, dtype: DtypeLike | None = None, device: DeviceLike = None) -> Tensor:
    """Return the frequencies of `fft`, in cycles per unit of the spacing `d`: (n,)."""
    half = (n + 1) // 2
    upper, lower = arange(half, device=device), arange(half - n, 0)
    wanted = dtypes.get_default_dtype() if dtype is None else dtype
    return cat((upper, lower)).to(wanted) / (n * d)


def rfftfreq(n: int, d: float = 1.0, *, dtype: DtypeLike | None = None, device: DeviceLike = None) -> Tensor:
    """Return the frequencies of `rfft`: (n // 2 + 1,). See `fftfreq`."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtype
    return arange(n // 2 + 1, dtype=wanted, device=device) / (n * d)


def _rolled(input: Any, dim: Dims, by: Any) -> Any:
    dims = list(range(input.dim())) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    shifts = [by(input.size(at)) for at in dims]
    return input.roll(shifts, dims) if isinstance(input, ComplexTensor) else roll(input, shifts, dims)


def fftshift(input: Any, dim: Dims = None) -> Any:
    """Return a spectrum with the frequency 0 moved to the middle of its dimensions.

    Args:
        input: Real or complex.
        dim: The dimensions, all if none are named.
    """
    return _rolled(input, dim, lambda count: count // 2)


def ifftshift(input: Any, dim: Dims = None) -> Any:
    """Return a spectrum with the frequency 0 moved to the front again. See `fftshift`."""
    return _rolled(input, dim, lambda count: -(count // 2))
