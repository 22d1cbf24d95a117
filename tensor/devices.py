"""Devices: PyTorch code names them and asks for them. Tensors live on one, the CPU.

A device may be named without being there, as `torch.device("cuda")` in PyTorch's CPU build; a tensor on it is refused.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from tensor.errors import ArgumentError, UnsupportedError

# The kinds of device that PyTorch names, but for those that nobody has a build of any more.
KINDS = ("cpu", "cuda", "xpu", "mps", "xla", "hpu", "mtia", "ipu", "vulkan", "meta")


class device:  # noqa: N801 - PyTorch's name
    """The name of a place for tensors. They live on the CPU only; other devices can be named and compared.

    Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#torch.device

    Args:
        type: A kind of device, such as `"cpu"`, or one with a number, such as `"cuda:0"`; or a device.
        index: The number, if `type` has none.

    Raises:
        ArgumentError: There is no such kind of device, or the number is none.
        UnsupportedError: Only a number is given, which means an accelerator.
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | device | int, index: int | None = None) -> None:
        if isinstance(type, int):
            raise UnsupportedError(f"cannot access accelerator device {type}: tensors live on the CPU. Use 'cpu'.")
        kind, colon, number = str(type).partition(":")
        if kind not in KINDS:
            raise ArgumentError(f"expected one of {', '.join(KINDS)} as the device type, got {str(type)!r}")
        if colon:
            if index is not None:
                raise ArgumentError(f"type must not include an index because index was passed explicitly: {type}")
            if not (number.isascii() and number.isdigit()):
                raise ArgumentError(f"invalid device: {type!r}. Name one as 'cpu' or 'cuda:0'.")
            index = int(number)
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "index", index)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a device does not change: {name} is for reading; make another")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (self.type, self.index)

    def __enter__(self) -> Self:
        """Begin a block whose tensors are made on this device, which must be the CPU."""
        check(self)
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: TracebackType | None) -> None:
        """End the block."""

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        return (
            f"device(type={self.type!r})" if self.index is None else f"device(type={self.type!r}, index={self.index})"
        )


DeviceLike = device | str | int | None
CPU = device("cpu")


def check(value: DeviceLike) -> None:
    """Raise unless a tensor can live on a device.

    Raises:
        ArgumentError: It is no device.
        UnsupportedError: It is not the CPU.
    """
    if value is None or value is CPU:
        return
    named = value if isinstance(value, device) else device(value)
    if named.type != "cpu":
        raise UnsupportedError(f"tensors live on the CPU; there is no device {str(named)!r}. Use 'cpu'.")


def get_default_device() -> device:
    """Return the device that tensors are made on: the CPU.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.get_default_device.html
    """
    return CPU


def set_default_device(device: DeviceLike) -> None:
    """Say which device tensors are made on. There is one.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.set_default_device.html

    Raises:
        UnsupportedError: It is not the CPU.
    """
    check(device)
