"""What numbers a dtype holds: PyTorch's `finfo` and `iinfo`.

Source: https://docs.pytorch.org/docs/stable/type_info.html
"""

from __future__ import annotations

import numpy as np

from tensor import dtypes
from tensor.dtypes import DtypeLike, canonical
from tensor.errors import DtypeError


class finfo:  # noqa: N801 - PyTorch's name
    """The limits of a dtype of floats.

    Args:
        type: The dtype; by default the one of tensors made from Python floats.

    Raises:
        DtypeError: It is none of floats.
    """

    def __init__(self, type: DtypeLike | None = None) -> None:
        wanted = dtypes.get_default_dtype() if type is None else canonical(type)
        if not wanted.is_floating_point:
            raise DtypeError(f"finfo() requires a floating point input type. Use iinfo to handle {wanted}")
        found = dtypes.float_limits(wanted.numpy_dtype)
        self.dtype = wanted.name
        self.bits = wanted.itemsize * 8
        self.eps = float(found.eps)
        self.max = float(found.max)
        self.min = float(found.min)
        self.tiny = self.smallest_normal = float(found.smallest_normal)
        self.resolution = float(found.resolution)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )


class iinfo:  # noqa: N801 - PyTorch's name
    """The limits of a dtype of integers.

    Args:
        type: The dtype.

    Raises:
        DtypeError: It is none of integers.
    """

    def __init__(self, type: DtypeLike) -> None:
        wanted = canonical(type)
        if wanted.numpy_dtype.kind not in "iu":
            raise DtypeError(f"iinfo() requires an integer input type. Use finfo to handle {wanted}")
        found = np.iinfo(wanted.numpy_dtype)
        self.dtype = wanted.name
        self.bits = found.bits
        self.max = int(found.max)
        self.min = int(found.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
