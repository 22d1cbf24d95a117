"""PyTorch's `torch.export`: models are not exported."""

from __future__ import annotations

from typing import Any, NoReturn

from tensor.errors import UnsupportedError

__all__ = ["export"]


def export(mod: Any, *args: Any, **options: Any) -> NoReturn:
    """Raise: models are not exported.

    Raises:
        UnsupportedError: Always.
    """
    raise UnsupportedError(
        "export.export: models are not exported. Save the weights with tensor.save, and export there."
    )
