"""Ray's failures in words that help: what arrived, what was expected, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import ray
from ray import exceptions

from cluster.ray.actor import Placed

_VERSIONS = re.compile(r"Ray: (\S+)\s+Python: (\S+)")
_OUT_OF_MEMORY = re.compile(r"(?i)low on memory|memory (?:pressure|monitor)|OutOfMemory")
_EXIT_CODE = re.compile(r"exit code (-?\d+)")
_NODE_LOST = re.compile(r"(?i)\bnode (?:has died|was terminated|was preempted|is dead)")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def join_text(error: BaseException, address: str) -> str:
    """Why a process could not join the cluster at an address."""
    told = "\n".join(str(cause) for cause in _causes(error))
    versions = _VERSIONS.findall(told)
    if "ersion mismatch" in told and len(versions) >= 2:
        (their_ray, their_python), (our_ray, our_python) = versions[:2]
        return (
            f"the Ray cluster at {address} runs Ray {their_ray} on Python {their_python}, and this process Ray "
            f"{our_ray} on Python {our_python}; both must be the same: pip install 'ray=={their_ray}' here, or start "
            "the cluster from this environment"
        )
    if "expects this IP address" in told or "cannot find a local Raylet" in told:
        return (
            f"the Ray cluster at {address} has no node on this machine, and a driver runs on one of its nodes: send "
            "the job there with `shoal submit`, or make this machine a node with `ray start --address=…`"
        )
    return f"cannot join the Ray cluster at {address}: {_first_line(told)}"


def death_text(error: Exception, *, placed: Placed | None) -> str:
    """Why a worker is gone, as the reason of its `WorkerExited`."""
    told = _COLOURS.sub("", str(error))
    where = f" on node {placed.node}" if placed else ""
    if "ray.kill" in told:
        return "killed by the driver"
    if _OUT_OF_MEMORY.search(told) and not _is_guess(told):
        return f"killed{where}, where memory ran out; ask for fewer replicas a node, for example with num_cpus"
    if "error raised in its creation task" in told or isinstance(error, exceptions.RuntimeEnvSetupError):
        return _creation_text(told, where)
    if _NODE_LOST.search(told):
        return f"lost with its node{f', {placed.node}' if placed else ''}"
    if isinstance(error, exceptions.ActorUnavailableError):
        return f"lost with the connection to its node{f', {placed.node}' if placed else ''}"
    if isinstance(error, exceptions.ActorUnschedulableError | exceptions.TaskUnschedulableError):
        return f"could not be placed: {_first_line(told)}"
    if code := _EXIT_CODE.search(told):
        return f"exited with status {code[1]}{where}"
    if isinstance(error, exceptions.ObjectLostError):
        return f"lost with what it had computed{where}"
    if isinstance(error, exceptions.ActorDiedError):
        return f"ended without a word{where}: killed, out of memory, or crashed"
    return f"lost{where}: {type(error).__name__}: {_first_line(told)}"


def store_text(what: str, size_bytes: int) -> str:
    """That the object store has no room."""
    return (
        f"Ray's object store has no room for the {what} ({size_bytes / 2**20:,.0f} MiB); the nodes' stores hold "
        f"{_store_bytes() / 2**20:,.0f} MiB in all. Start Ray with a larger --object-store-memory, or free the disk "
        "that it spills to"
    )


def resources_text(resources: Mapping[str, float]) -> str:
    """Resources for people: `1 CPU, 2 gpu`; what Ray adds to each node by itself is left out."""
    shown = {name: amount for name, amount in resources.items() if not name.startswith(("node:", "accelerator_type:"))}
    for memory in ("memory", "object_store_memory"):
        shown.pop(memory, None)
    return ", ".join(f"{amount:g} {name}" for name, amount in sorted(shown.items())) or "nothing"


def _creation_text(told: str, where: str) -> str:
    if "No module named 'cluster'" in told or "No module named 'workers'" in told or "No module named 'tensor'" in told:
        return (
            f"could not start{where}, where shoal is not installed; install it on every node, for example with "
            "runtime_env={'pip': [...]}"
        )
    return f"could not start{where}: {_last_line(told)}"


def _is_guess(told: str) -> bool:
    """Whether Ray only lists what may have been: it names memory then too."""
    return "common causes include" in told or "potential root causes" in told


def _store_bytes() -> float:
    return float(sum(node["Resources"].get("object_store_memory", 0.0) for node in ray.nodes() if node["Alive"]))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _first_line(text: str) -> str:
    return next((line.strip() for line in _COLOURS.sub("", text).splitlines() if line.strip()), "Ray does not say why")


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "Ray does not say why")
