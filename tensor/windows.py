"""Windows for signals, made from nothing.

Source: https://docs.pytorch.org/docs/stable/torch.html#spectral-ops
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Unpack

import numpy as np

from tensor import devices, dtypes, layouts
from tensor.bases import fresh
from tensor.devices import DeviceLike
from tensor.dtypes import Array, DtypeLike, canonical
from tensor.errors import ArgumentError, DtypeError
from tensor.layouts import Placement
from tensor.scalars import check_numbers

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _cosines(length: int, periodic: builtins.bool, weights: tuple[builtins.float, ...]) -> Array:
    """A sum of cosines of one, two, three and so on periods, with signs that alternate."""
    turns = 2 * np.pi * np.arange(length) / max(length if periodic else length - 1, 1)
    return np.asarray(sum((-1) ** k * weight * np.cos(k * turns) for k, weight in enumerate(weights)))


def _window(
    name: str,
    length: int,
    values: Array,
    dtype: DtypeLike | None,
    device: DeviceLike,
    requires_grad: builtins.bool,
    placement: Placement,
) -> Tensor:
    devices.check(device)
    layouts.check_placement(name, placement)
    wanted = dtypes.get_default_dtype() if dtype is None else canonical(dtype)
    if not wanted.is_floating_point:
        raise DtypeError(f"{name} expects floating point dtypes, got: {wanted}")
    values = np.ones(1) if length == 1 else values
    return fresh(values.astype(wanted.numpy_dtype), requires_grad=requires_grad)


def _check_length(name: str, window_length: int, **numbers: builtins.float) -> None:
    check_numbers(name, {"window_length": window_length, **numbers})
    if window_length < 0:
        raise ArgumentError(f"{name} requires non-negative window_length, got window_length={window_length}")


def hann_window(
    window_length: int,
    periodic: builtins.bool = True,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return a Hann window, `(window_length,)`: a raised cosine.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.hann_window.html

    Args:
        window_length: How long it is.
        periodic: Whether its first element would follow its last.
        dtype: One of floats; the default one if not given.
        device: `"cpu"`.
        requires_grad: Whether to record what is computed from it.
        placement: `layout` and `pin_memory`, which change nothing.

    Raises:
        ArgumentError: The length is negative.
        DtypeError: The dtype is none of floats.
    """
    _check_length("hann_window", window_length)
    values = _cosines(window_length, periodic, (0.5, 0.5))
    return _window("hann_window", window_length, values, dtype, device, requires_grad, placement)


def hamming_window(
    window_length: int,
    periodic: builtins.bool = True,
    alpha: builtins.float = 0.54,
    beta: builtins.float = 0.46,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return a Hamming window, `alpha - beta * cos(...)`; see `hann_window`."""
    _check_length("hamming_window", window_length, alpha=alpha, beta=beta)
    values = _cosines(window_length, periodic, (alpha, beta))
    return _window("hamming_window", window_length, values, dtype, device, requires_grad, placement)


def blackman_window(
    window_length: int,
    periodic: builtins.bool = True,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return a Blackman window, of two cosines; see `hann_window`."""
    _check_length("blackman_window", window_length)
    values = _cosines(window_length, periodic, (0.42, 0.5, 0.08))
    return _window("blackman_window", window_length, values, dtype, device, requires_grad, placement)


def bartlett_window(
    window_length: int,
    periodic: builtins.bool = True,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return a Bartlett window, a triangle; see `hann_window`."""
    _check_length("bartlett_window", window_length)
    values = 1 - abs(2 * np.arange(window_length) / max(window_length if periodic else window_length - 1, 1) - 1)
    return _window("bartlett_window", window_length, values, dtype, device, requires_grad, placement)


def kaiser_window(
    window_length: int,
    periodic: builtins.bool = True,
    beta: builtins.float = 12.0,
    *,
    dtype: DtypeLike | None = None,
    device: DeviceLike = None,
    requires_grad: builtins.bool = False,
    **placement: Unpack[Placement],
) -> Tensor:
    """Return a Kaiser window, whose width `beta` says; see `hann_window`."""
    _check_length("kaiser_window", window_length, beta=beta)
    values = np.kaiser(window_length + 1, beta)[:-1] if periodic else np.kaiser(window_length, beta)
    return _window("kaiser_window", window_length, values, dtype, device, requires_grad, placement)
