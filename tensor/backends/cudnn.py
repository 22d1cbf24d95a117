"""cuDNN, which is not here: its switches, for code that sets them."""

from collections.abc import Iterator
from contextlib import contextmanager

allow_tf32 = True
benchmark = False
benchmark_limit = 10
deterministic = False
enabled = True


def is_available() -> bool:
    """Whether cuDNN can be used: no."""
    return False


def version() -> None:
    """Return cuDNN's version, of which there is none."""
    return None


@contextmanager
def flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
    fp32_precision: str = "none",
) -> Iterator[None]:
    """Have a block with other switches, which change nothing.

    Args:
        enabled: Whether to use cuDNN.
        benchmark: Whether to try several algorithms.
        benchmark_limit: How many.
        deterministic: Whether to use only those that give the same numbers every time.
        allow_tf32: Whether products may be less precise than float32.
        fp32_precision: How precise they are.
    """
    yield
