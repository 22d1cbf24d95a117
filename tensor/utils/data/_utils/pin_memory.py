"""Copies to memory from which a GPU reads quickly; there is none, so data stays where it is."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")

__all__ = ["pin_memory"]


def pin_memory(data: T, device: object = None) -> T:
    """Return the data as it is."""
    return data
