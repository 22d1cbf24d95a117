"""What all tensors over one piece of memory share: its version, its mark, and whether it may be written."""

from __future__ import annotations


class Storage:
    """Facts about one piece of memory, shared by every tensor that views it.

    Args:
        marked: Whether it was allocated for an inference-only tensor.
        readonly: Whether it must not be written: mapped, shared, or borrowed from a read-only array.
    """

    __slots__ = ("generation", "marked", "readonly", "version", "viewed")

    def __init__(self, *, marked: bool, readonly: bool) -> None:
        self.marked = marked
        self.readonly = readonly
        self.version = 0  # counts writes, so that a graph that saved the memory can tell
        self.generation = 0  # counts recorded writes, after which views must look up their history again
        self.viewed = False  # whether a view knows by its history how it was taken from a tensor's shape
