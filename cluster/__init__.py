"""The driver: pools, jobs, sources and results. `cluster` imports `workers`, which imports `tensor`; nothing looks up.

Names are imported when they are first used, so that `shoal --help` need not wait for NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cluster.backends import Backend
    from cluster.backends.fake import FakeBackend
    from cluster.errors import (
        BackendFailed,
        ClusterError,
        InvalidTransition,
        JobFailed,
        JobFenced,
        JobFolderError,
        PoolBusy,
        SourceFailed,
        SourceNotFoundError,
        StorageFailed,
        UsageError,
        UserCodeFailed,
        WorkersLost,
    )
    from cluster.jobs import Job
    from cluster.pool import Pool
    from cluster.ray.backend import RayBackend
    from cluster.ray.map_batches import for_map_batches
    from cluster.report import FitReport, RunReport
    from cluster.results import read_dead_letters, read_results
    from cluster.sources import (
        ArraySource,
        ArrowSource,
        CsvSource,
        IterableSource,
        JsonlSource,
        NpySource,
        NpzSource,
        ParquetSource,
        Source,
        TextSource,
    )
    from cluster.training import TrainingPool
    from workers import BatchPolicy, Ragged, WeightSnapshot
    from workers.dead_letters import DeadLetter
    from workers.sinks import JsonlSink, NpySink, ParquetSink

__distribution__ = "shoal"

__all__ = [
    "ArraySource",
    "ArrowSource",
    "Backend",
    "BackendFailed",
    "BatchPolicy",
    "ClusterError",
    "CsvSource",
    "DeadLetter",
    "FakeBackend",
    "FitReport",
    "InvalidTransition",
    "IterableSource",
    "Job",
    "JobFailed",
    "JobFenced",
    "JobFolderError",
    "JsonlSink",
    "JsonlSource",
    "NpySink",
    "NpySource",
    "NpzSource",
    "ParquetSink",
    "ParquetSource",
    "Pool",
    "PoolBusy",
    "Ragged",
    "RayBackend",
    "RunReport",
    "Source",
    "SourceFailed",
    "SourceNotFoundError",
    "StorageFailed",
    "TextSource",
    "TrainingPool",
    "UsageError",
    "UserCodeFailed",
    "WeightSnapshot",
    "WorkersLost",
    "for_map_batches",
    "read_dead_letters",
    "read_results",
]

_HOMES = {
    "cluster.backends": ("Backend",),
    "cluster.backends.fake": ("FakeBackend",),
    "cluster.errors": (
        "BackendFailed",
        "ClusterError",
        "InvalidTransition",
        "JobFailed",
        "JobFenced",
        "JobFolderError",
        "PoolBusy",
        "SourceFailed",
        "SourceNotFoundError",
        "StorageFailed",
        "UsageError",
        "UserCodeFailed",
        "WorkersLost",
    ),
    "cluster.jobs": ("Job",),
    "cluster.pool": ("Pool",),
    "cluster.ray.backend": ("RayBackend",),
    "cluster.ray.map_batches": ("for_map_batches",),
    "cluster.report": ("FitReport", "RunReport"),
    "cluster.results": ("read_dead_letters", "read_results"),
    "cluster.sources": (
        "ArraySource",
        "ArrowSource",
        "CsvSource",
        "IterableSource",
        "JsonlSource",
        "NpySource",
        "NpzSource",
        "ParquetSource",
        "Source",
        "TextSource",
    ),
    "cluster.training": ("TrainingPool",),
    "workers": ("BatchPolicy", "Ragged", "WeightSnapshot"),
    "workers.dead_letters": ("DeadLetter",),
    "workers.sinks": ("JsonlSink", "NpySink", "ParquetSink"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'cluster' has no attribute {name!r}")
    for package in ("tensor", "workers"):
        _check_ours(package)
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _check_ours(package: str) -> None:
    """Packages named like ours are common in users' folders, and then hide ours."""
    found = import_module(package)
    if getattr(found, "__distribution__", None) != "shoal":
        raise ImportError(
            f"{package!r} was imported from {found.__file__ or list(found.__path__)}, which is not shoal's: a folder "
            f"or file of yours named {package!r} hides it. Rename yours, or start Python elsewhere; `shoal doctor` "
            "tells more",
            name=package,
        )
