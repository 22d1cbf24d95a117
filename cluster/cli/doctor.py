"""`shoal doctor`: what this machine gives shoal, and what stands in its way."""

from __future__ import annotations

import importlib
import os
import platform
from importlib import metadata
from pathlib import Path

_PACKAGES = ("tensor", "workers", "cluster")
_LIBRARIES = ("numpy", "msgpack", "pyarrow", "pydantic", "typer", "rich", "cloudpickle", "ray")


def examine() -> int:
    """Print the findings.

    Returns:
        0 when nothing stands in the way, else 1.
    """
    from cluster.numerics import NumericsProfile

    print(f"shoal {metadata.version('shoal')}, Python {platform.python_version()}, {platform.platform()}")
    print("libraries: " + ", ".join(f"{name} {metadata.version(name)}" for name in _LIBRARIES))
    print(f"cores this process may use: {len(os.sched_getaffinity(0))}")
    profile = NumericsProfile.of_workers(os.environ)
    print(f"numerics of local workers: {profile.kernel} BLAS kernels, {profile.threads} thread(s) a replica")
    problems = [*_shadowed(), *_missing_kernel_features()]
    for problem in problems:
        print(f"problem: {problem}")
    if not problems:
        print("nothing stands in the way")
    return 1 if problems else 0


def _shadowed() -> list[str]:
    """Packages of ours that a folder of the user's own hides, when Python starts here."""
    home = Path(__file__).resolve().parents[2]
    found = []
    for name in _PACKAGES:
        here = Path.cwd() / name
        ours = Path(importlib.import_module(name).__file__ or "").resolve().parent
        if ours.parent != home:
            found.append(f"{name!r} is imported from {ours}, not from shoal; rename that folder")
        elif here.is_dir() and here.resolve() != ours and any(here.glob("*.py")):
            found.append(f"{here} hides shoal's own package {name!r} from scripts started here; rename that folder")
    return found


def _missing_kernel_features() -> list[str]:
    return [
        f"this system has no {what}; the local backend needs Linux 5.3 or newer"
        for what, there in (
            ("pidfd_open", hasattr(os, "pidfd_open")),
            ("memfd_create", hasattr(os, "memfd_create")),
            ("/proc", Path("/proc/self/fd").is_dir()),
        )
        if not there
    ]
