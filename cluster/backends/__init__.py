"""Where workers run: in this process, in child processes, on a Ray cluster, or scripted for tests."""

from __future__ import annotations

from cluster.backends.base import Backend, Capabilities, Said
from cluster.errors import UsageError

NAMES = ("inline", "local", "ray")
"""What `make_backend` knows; also what `Pool(backend=...)` and a job file may say."""


def make_backend(wanted: str | Backend) -> Backend:
    """The backend of that name, or the one given.

    Args:
        wanted: One of `NAMES`, or a backend that no other pool has.

    Raises:
        UsageError: There is no such backend.
    """
    match wanted:
        case "inline":
            from cluster.backends.inline import InlineBackend

            return InlineBackend()
        case "local":
            from cluster.backends.local import LocalBackend

            return LocalBackend()
        case "ray":
            from cluster.ray.backend import RayBackend

            return RayBackend()
        case str():
            raise UsageError(f"unknown backend {wanted!r}; expected one of: {', '.join(NAMES)}")
    if not hasattr(wanted, "capabilities"):
        raise UsageError(f"backend must be one of {', '.join(NAMES)}, or a Backend; got {wanted!r}")
    return wanted


__all__ = ["NAMES", "Backend", "Capabilities", "Said", "make_backend"]
