"""PyTorch's `torch.storage`: memory without a shape, which tensors here do not hand out.

Source: https://docs.pytorch.org/docs/stable/storage.html
"""

from __future__ import annotations

from tensor.refused import refused

__all__ = ["TypedStorage", "UntypedStorage"]

_WHY = "a tensor's memory is not handed out without its shape; use numpy() and data_ptr()"


class UntypedStorage:
    """Bytes that tensors share; nothing here is one.

    Raises:
        UnsupportedError: Always.
    """

    __init__ = refused("UntypedStorage", _WHY)


class TypedStorage:
    """Elements that tensors share; nothing here is one.

    Raises:
        UnsupportedError: Always.
    """

    __init__ = refused("TypedStorage", _WHY)
