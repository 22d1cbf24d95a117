"""Which of PyTorch's implementations attention may take: accepted, since there is one here for all.

Source: https://docs.pytorch.org/docs/stable/nn.attention.html
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tensor.errors import ArgumentError

__all__ = ["SDPBackend", "sdpa_kernel"]


class SDPBackend(enum.Enum):
    """PyTorch's implementations of `scaled_dot_product_attention`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.attention.SDPBackend.html
    """

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


@contextmanager
def sdpa_kernel(backends: Sequence[SDPBackend] | SDPBackend, set_priority: bool = False) -> Iterator[None]:
    """Accept the choice of an implementation, in a `with` block or a decorated function; results are the same for all.

    Args:
        backends: one of them, or several.
        set_priority: whether their order says which to prefer.

    Raises:
        ArgumentError: there is none, or something is no `SDPBackend`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.attention.sdpa_kernel.html
    """
    chosen = [backends] if isinstance(backends, SDPBackend) else list(backends)
    if not chosen or not all(isinstance(each, SDPBackend) for each in chosen):
        raise ArgumentError(f"expected an SDPBackend or a list of SDPBackend instances, got {backends!r}")
    yield
