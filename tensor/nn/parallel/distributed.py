"""`DistributedDataParallel`: copies of a module in several processes, which `cluster.TrainingPool` trains here."""

from __future__ import annotations

from typing import Any, NoReturn

from tensor.errors import UnsupportedError
from tensor.nn.modules.module import Module


class DistributedDataParallel(Module):
    """A module whose copies in several processes share gradients, which `TrainingPool` does here.

    Raises:
        UnsupportedError: always.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse to wrap a module."""
        raise UnsupportedError(
            "DistributedDataParallel needs torch.distributed; cluster.TrainingPool trains copies of a module in "
            "several processes, and averages their gradients"
        )
