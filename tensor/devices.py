"""Devices, of which there is one: PyTorch code names them, so the CPU has a name."""

from __future__ import annotations

from dataclasses import dataclass

from tensor.errors import UnsupportedError


@dataclass(frozen=True)
class device:  # noqa: N801 - PyTorch's name
    """Where a tensor lives: always the CPU.

    Args:
        type: `"cpu"`, or `"cpu:0"`.

    Raises:
        UnsupportedError: Another device is named.
    """

    type: str = "cpu"

    def __post_init__(self) -> None:
        if self.type not in ("cpu", "cpu:0"):
            raise UnsupportedError(f"tensors live on the CPU; there is no device {self.type!r}. Use 'cpu'.")
        object.__setattr__(self, "type", "cpu")

    @property
    def index(self) -> None:
        """The CPU has no number."""
        return None

    def __str__(self) -> str:
        return self.type

    def __repr__(self) -> str:
        return f"device(type={self.type!r})"


DeviceLike = device | str | None
CPU = device()


def check(value: DeviceLike) -> None:
    """Raise `UnsupportedError` unless `value` names the CPU."""
    if isinstance(value, str):
        device(value)
