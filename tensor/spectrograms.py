"""Spectra of short pieces of a signal, and the signal of them: `stft` and `istft`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tensor import factories, fft
from tensor.complexes import ComplexTensor, is_complex, view_as_real
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.nn import functional
from tensor.scalars import check_numbers

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _window_of(name: str, input: Any, n_fft: int, win_length: int | None, window: Tensor | None) -> Any:
    """The window in the middle of a piece."""
    length = n_fft if win_length is None else win_length
    if not 0 < length <= n_fft:
        raise ArgumentError(f"{name}: expected 0 < win_length <= n_fft, but got win_length={length}, n_fft={n_fft}")
    if window is None:
        window = factories.ones(length, dtype=input.dtype)
    if window.ndim != 1 or len(window) != length:
        raise ShapeError(
            f"{name}: expected a 1D window tensor of size equal to win_length={length}, but got window with size "
            f"{list(window.shape)}"
        )
    left = (n_fft - length) // 2
    return functional.pad(window, (left, n_fft - length - left)) if length < n_fft else window


def stft(
    input: Tensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    pad_mode: str = "reflect",
    normalized: bool = False,
    onesided: bool | None = None,
    return_complex: bool | None = None,
    align_to_window: bool | None = None,
) -> Any:
    """Return the Fourier transforms of pieces of a signal that overlap.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.stft.html

    Args:
        input: The signal, (time,) or (batch, time), real floats.
        n_fft: How long a piece is.
        hop_length: From where to where pieces start; a quarter of `n_fft` if not given.
        win_length: How long the window is; `n_fft` if not given.
        window: What pieces are multiplied by, `(win_length,)`; ones if not given.
        center: Whether to pad the signal, so that pieces have their middle at multiples of `hop_length`.
        pad_mode: How to, as `nn.functional.pad` calls it.
        normalized: Whether to divide by the root of `n_fft`.
        onesided: Whether to return only the first half of each transform; true unless told otherwise.
        return_complex: Whether to return complex numbers; if not, pairs of real ones. Has to be given.
        align_to_window: Not supported.

    Returns:
        (batch, frequencies, pieces), complex, or with a last dimension of 2.

    Raises:
        ArgumentError: A length is out of range, or `return_complex` is not given.
        ShapeError: The signal or the window does not fit.
        DtypeError: The signal is complex.
    """
    check_numbers("stft", {"n_fft": n_fft, "hop_length": hop_length, "win_length": win_length})
    if is_complex(input) or not input.is_floating_point():
        raise DtypeError(f"stft: expected a tensor of real floats, got one of {input.dtype}")
    if return_complex is None:
        raise ArgumentError("stft requires the return_complex parameter be given for real inputs")
    if align_to_window:
        raise ArgumentError("stft: align_to_window is not supported; pad the signal, and pass center=False")
    if input.ndim not in (1, 2):
        raise ShapeError(f"stft: expected a 1D or 2D tensor, got {list(input.shape)}")
    hop = n_fft // 4 if hop_length is None else hop_length
    if hop <= 0:
        raise ArgumentError(f"stft: expected hop_length > 0, but got hop_length={hop}")
    weights = _window_of("stft", input, n_fft, win_length, window)
    signal: Any = input if input.ndim == 2 else input.unsqueeze(0)
    if center:
        signal = functional.pad(signal.unsqueeze(1), (n_fft // 2, n_fft // 2), mode=pad_mode).squeeze(1)
    if not 0 < n_fft <= signal.shape[-1]:
        raise ArgumentError(f"stft: expected 0 < n_fft <= {signal.shape[-1]}, but got n_fft={n_fft}")
    pieces = signal.unfold(-1, n_fft, hop) * weights
    transform = fft.fft if onesided is False else fft.rfft
    spectra = transform(pieces, norm="ortho" if normalized else "backward").transpose(-1, -2)
    spectra = spectra if input.ndim == 2 else spectra.squeeze(0)
    return spectra if return_complex else view_as_real(spectra)


def istft(
    input: ComplexTensor,
    n_fft: int,
    hop_length: int | None = None,
    win_length: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    """Return the signal that has spectra such as `stft` returns, from pieces that overlap.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.istft.html

    Args:
        input: (batch, frequencies, pieces) or (frequencies, pieces), complex.
        n_fft: How long a piece is.
        hop_length: From where to where pieces start.
        win_length: How long the window is.
        window: What pieces were multiplied by.
        center: Whether the signal was padded.
        normalized: Whether the spectra were divided by the root of `n_fft`.
        onesided: Whether they are only the first half; true if not given and there are so many.
        length: How long the signal is, cut or filled with zeros.
        return_complex: Not supported.

    Returns:
        (batch, time) or (time,).

    Raises:
        DtypeError: The spectra are not complex.
        ShapeError: Their number of frequencies does not fit.
        ArgumentError: The windows leave gaps, or the result is to be complex.
    """
    check_numbers("istft", {"n_fft": n_fft, "hop_length": hop_length, "win_length": win_length, "length": length})
    if not is_complex(input):
        raise DtypeError("istft requires a complex-valued input tensor matching the output from stft")
    if return_complex:
        raise ArgumentError("istft: return_complex=True is not supported: the signal is real")
    hop = n_fft // 4 if hop_length is None else hop_length
    halved = input.size(-2) != n_fft if onesided is None else onesided
    if input.size(-2) != (n_fft // 2 + 1 if halved else n_fft):
        raise ShapeError(f"istft: expected {n_fft // 2 + 1 if halved else n_fft} frequencies, got {input.size(-2)}")
    weights = _window_of("istft", input.real, n_fft, win_length, window)
    spectra = input if input.dim() == 3 else input.unsqueeze(0)
    norm = "ortho" if normalized else "backward"
    turned = spectra.transpose(-1, -2)
    pieces = fft.irfft(turned, n_fft, norm=norm) if halved else fft.ifft(turned, norm=norm).real
    count = pieces.shape[1]
    total = n_fft + hop * (count - 1)
    signal = _overlapped(pieces * weights, total, hop)
    envelope = _overlapped((weights * weights).expand(1, count, n_fft), total, hop)
    start = n_fft // 2 if center else 0
    stop = total - start if length is None else min(start + length, total)
    kept = envelope[:, start:stop]
    if not kept.numel() or kept.abs().min().item() < 1e-11:
        raise ArgumentError("istft: window overlap add min is 0: the windows leave gaps")
    made = signal[:, start:stop] / kept
    if length is not None and made.shape[-1] < length:
        made = functional.pad(made, (0, length - made.shape[-1]))
    return made if input.dim() == 3 else made.squeeze(0)  # type: ignore[no-any-return]


def _overlapped(pieces: Any, total: int, hop: int) -> Any:
    """The sum of pieces, (batch, pieces, size), each where it starts."""
    size = pieces.shape[-1]
    return functional.fold(pieces.transpose(1, 2), (1, total), (1, size), stride=(1, hop)).flatten(1)
