"""Types that annotations in PyTorch code name: `torch.types`."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from pathlib import PurePath

from tensor.devices import device as _device
from tensor.dtypes import dtype as _dtype
from tensor.layouts import layout as _layout
from tensor.sizes import Size as _Size
from tensor.tensors import Tensor

Number = int | float | bool
Device = _device | str | int | None
FileLike = str | PurePath
_int = builtins.int
_float = builtins.float
_bool = builtins.bool
_size = _Size | Sequence[int]

__all__ = ["Device", "FileLike", "Number", "Tensor", "_bool", "_device", "_dtype", "_float", "_int", "_layout", "_size"]
