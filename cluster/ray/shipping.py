"""A job's folder on its way to the nodes of a cluster, and what must not lie in the copy that arrives there.

Ray unpacks a `working_dir` on each node into a temporary folder of its session. Code and weights are fine there. Output
would be lost with the session, and rows read from there would look changed on each node, as files are dated anew.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from cluster.errors import UsageError

MAX_BYTES = 500 << 20
"""What Ray carries."""
_MAX_UNASKED_BYTES = 50 << 20
"""What is sent along without having been asked for."""
_NEVER = (".git", ".venv", "venv", "__pycache__", "node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache")
_SPECIAL, _ESCAPED = re.compile(r"([\[\]!#\\ ])"), r"\\\1"  # but for "*" and "?": a source may be a pattern
_OF_JOB = "RAY_JOB_CONFIG_JSON_ENV_VAR"
_COPIES = "/runtime_resources/working_dir_files/"

_log = logging.getLogger("shoal")


def excludes(folder: Path, without: Collection[Path] = ()) -> list[str]:
    """Ray's `excludes` for a folder.

    Args:
        folder: What is sent, absolute.
        without: Files and folders to leave out, absolute; those elsewhere do not matter.
    """
    inside = [path.relative_to(folder) for path in without if path != folder and path.is_relative_to(folder)]
    return [*_NEVER, *(f"/{_SPECIAL.sub(_ESCAPED, str(path))}" for path in sorted(inside))]


def sent_files(folder: Path, leaving_out: Sequence[str]) -> dict[Path, int]:
    """What Ray sends of a folder, with sizes in bytes; it has its own ways to leave files out, such as .gitignore."""
    from ray._private import ray_constants
    from ray._private.runtime_env import packaging

    found: dict[Path, int] = {}

    def take(path: Path) -> None:
        if path.is_file():
            found[path] = path.stat().st_size

    patterns = [packaging._get_excludes(folder, list(leaving_out))]
    uses_gitignore = os.environ.get(ray_constants.RAY_RUNTIME_ENV_IGNORE_GITIGNORE, "0") != "1"
    packaging._dir_travel(folder, patterns, take, uses_gitignore)
    return found


def with_folder(runtime_env: Mapping[str, Any], folder: Path, without: Collection[Path]) -> dict[str, Any]:
    """A `runtime_env` that takes a job's folder along, so that its modules are found on nodes that do not have it.

    Without what the Ray job has that this driver is: it holds for us too, and Ray takes nothing twice. No folder is
    added where there is one, or where the folder is large, which then has to lie on storage that all nodes share.
    """
    of_job = env_of_ray_job()
    variables = {
        name: value for name, value in runtime_env.get("env_vars", {}).items() if name not in variables_of(of_job)
    }
    runtime_env = {name: value for name, value in runtime_env.items() if name not in of_job}
    if variables:
        runtime_env["env_vars"] = variables
    from cluster.ray.connection import is_the_users

    if "working_dir" in runtime_env or "working_dir" in of_job or is_the_users():
        return runtime_env
    refuse_shadows(folder)
    leaving_out = [*excludes(folder, without), *runtime_env.get("excludes", [])]
    if sum(sent_files(folder, leaving_out).values()) > _MAX_UNASKED_BYTES:
        _log.warning(
            "shoal: %s holds more than %d MiB and is not sent to other nodes; they must have it under the same path, "
            "or name a smaller working_dir",
            folder,
            _MAX_UNASKED_BYTES >> 20,
        )
        return runtime_env
    return {**runtime_env, "working_dir": str(folder), "excludes": leaving_out}


def refuse_copies(**paths: str) -> None:
    """Raise UsageError for paths of a job inside the temporary copy of a folder that was sent along."""
    for name, path in paths.items():
        if _COPIES in path and is_ray_job():
            raise UsageError(needs_absolute(name, path.rpartition(_COPIES)[2].partition("/")[2]))


def refuse_shadows(folder: Path) -> None:
    """Raise UsageError for a folder that would hide our packages: Ray's workers look there first."""
    for name in ("tensor", "workers", "cluster"):
        if (folder / name).is_dir() or (folder / f"{name}.py").is_file():
            raise UsageError(
                f"{folder / name} would hide shoal's package {name!r} in Ray's workers; rename it, or name another "
                "working_dir"
            )


def needs_absolute(name: str, path: str) -> str:
    """Why a path of a job that is sent to a cluster has to be absolute."""
    lost = "be lost with it" if name == "output" else "differ from node to node"
    return (
        f"{name} = {path!r} is relative, and the job's folder is sent to the cluster as a temporary copy: it would "
        f"{lost}; give an absolute path on storage that all nodes of the cluster share"
    )


def is_ray_job() -> bool:
    """Whether this process is the driver of a job that was sent to a cluster."""
    return _OF_JOB in os.environ


def env_of_ray_job() -> Mapping[str, Any]:
    """The `runtime_env` of the Ray job that this driver is; empty where it is none."""
    job = json.loads(os.environ.get(_OF_JOB, "{}"))
    return {name: value for name, value in (job.get("runtime_env") or {}).items() if value}


def variables_of(runtime_env: Mapping[str, Any]) -> Mapping[str, str]:
    """The variables that a `runtime_env` sets."""
    variables: Mapping[str, str] = runtime_env.get("env_vars") or {}
    return variables
