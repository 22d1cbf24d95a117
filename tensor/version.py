"""Which PyTorch the names here are those of, for code that asks for features by version.

Source: https://docs.pytorch.org/docs/stable/torch.html
"""

from __future__ import annotations

import re
from typing import Any


class TorchVersion(str):
    """A version as text that compares by its numbers: `"2.13.0" > "2.5"`, and with tuples, `>= (1, 6)`."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return _numbers(self) == _numbers(other) if isinstance(other, str | tuple | list) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __lt__(self, other: Any) -> bool:
        return _numbers(self) < _numbers(other)

    def __le__(self, other: Any) -> bool:
        return _numbers(self) <= _numbers(other)

    def __gt__(self, other: Any) -> bool:
        return _numbers(self) > _numbers(other)

    def __ge__(self, other: Any) -> bool:
        return _numbers(self) >= _numbers(other)


def _numbers(version: Any) -> tuple[int, ...]:
    """The numbers of a version without zeros at the end; what follows them, such as `+cpu` or `.dev1`, is left out."""
    if isinstance(version, str):
        found = re.match(r"v?(\d+(?:\.\d+)*)", version)
        parts = tuple(int(part) for part in found[1].split(".")) if found else ()
    else:
        parts = tuple(int(part) for part in version)
    while parts and parts[-1] == 0:
        parts = parts[:-1]
    return parts


__version__ = TorchVersion("2.13.0")
cuda = None  # what a build for GPUs has its version in
hip = None
xpu = None
git_version = "unknown"
debug = False
