"""How this process joins a Ray cluster, and leaves it: once for all of its pools, as Ray knows one cluster a process.

A pool takes a hold; the first one joins, and the last one leaves. Who called `ray.init` before keeps what they have.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import ray
from ray._private import services

from cluster.errors import BackendFailed, UsageError
from cluster.ray import noise, reach
from cluster.ray.local import LocalHead
from cluster.ray.telling import join_text

_TRIES = "2"
"""How often Ray asks a cluster that answered, a second each."""
_LOGS_S = 0.3
"""How long what workers printed may take to reach us; Ray reads its log files ten times a second."""
_lock = threading.Lock()
_current: _Membership | None = None


class Hold:
    """A pool's hold on the cluster.

    Args:
        address: Of the cluster's head, `host:port`; "local" for a cluster of our own; None for the one that RAY_ADDRESS
            names, or that runs on this machine, or else one of our own.
        runtime_env: Ray's description of what workers find: modules, packages, variables.

    Raises:
        BackendFailed: There is no such cluster, or it does not let us in.
        UsageError: This process is in another cluster, or in this one with another `runtime_env`.
    """

    def __init__(self, address: str | None, runtime_env: Mapping[str, Any]) -> None:
        global _current
        with _lock:
            if _current is None:
                _current = _Membership(address, runtime_env)
            else:
                _current.check(address, runtime_env)
            _current.holds += 1
        self._held = True

    @property
    def address(self) -> str:
        """Of the cluster's head, `host:port`."""
        assert _current is not None, "released"
        return _current.address

    @property
    def node_address(self) -> str:
        """Of this process's node in the cluster, `host:port`."""
        assert _current is not None, "released"
        return _current.node_address

    @property
    def is_ours(self) -> bool:
        """Whether shoal joined the cluster, with the `runtime_env` given; else the user did, with theirs."""
        return _current is not None and _current.joined

    @property
    def is_alone(self) -> bool:
        """Whether the cluster is one of our own, started here."""
        return _current is not None and _current.started

    def release(self) -> None:
        """Let go; may be called twice."""
        global _current
        with _lock:
            if not self._held or _current is None:
                return
            self._held = False
            _current.holds -= 1
            if not _current.holds:
                left, _current = _current, None
                left.leave()


def is_the_users() -> bool:
    """Whether this process is in a cluster that it did not join for a pool: with a `runtime_env` of its own."""
    return ray.is_initialized() and not (_current is not None and _current.joined)


class _Membership:
    """A cluster, and our being a driver of it."""

    address: str
    node_address: str

    def __init__(self, address: str | None, runtime_env: Mapping[str, Any]) -> None:
        self.holds = 0
        self.started = False
        self.joined = not ray.is_initialized()
        self._runtime_env = dict(runtime_env)
        self._stack = ExitStack()  # what has to be undone when we leave
        if not self.joined:
            self._asked, self.address = None, ray.get_runtime_context().gcs_address
            self.check(address, runtime_env)
            self.node_address = _own_node()
            return
        self._asked = address
        self._stack.callback(noise.Quiet().end)
        try:
            self.address = _address_of(address) or self._own_cluster()
            self._stack.enter_context(reach.let_in(self.address))
            _join(self.address, self._runtime_env)
            self._stack.callback(ray.shutdown)
            self.node_address = _own_node()
        except BaseException:
            self._stack.close()
            raise

    def check(self, address: str | None, runtime_env: Mapping[str, Any]) -> None:
        """Raise UsageError where a pool wants another cluster, or the same one otherwise."""
        if address not in (None, "auto", self._asked) and _canonical(address) != self.address:
            raise UsageError(
                f"this process is a driver of the Ray cluster at {self.address} already, and it can be one of one "
                f"cluster only; close the pools there before using the one at {address}"
            )
        if self.joined and dict(runtime_env) != self._runtime_env:
            raise UsageError(
                "this process joined the Ray cluster with another runtime_env, which holds for all of its pools; give "
                "the same one to each, or close the others first"
            )

    def leave(self) -> None:
        """Leave the cluster, and end it if it is our own."""
        with self._stack:
            if self.joined:
                time.sleep(_LOGS_S)

    def _own_cluster(self) -> str:
        head = LocalHead(len(os.sched_getaffinity(0)))
        self.started = True
        self._stack.callback(head.close)
        return head.address


def _join(address: str, runtime_env: Mapping[str, Any]) -> None:
    try:
        with _environment("RAY_gcs_server_port_wait_time_s", _TRIES):
            ray.init(address=address, runtime_env=dict(runtime_env) or None, logging_level=logging.ERROR)
    except BaseException as error:
        ray.shutdown()
        match error:
            case ConnectionError() | RuntimeError() | ray.exceptions.RayError():
                raise BackendFailed(join_text(error, address)) from error
            case ValueError() | TypeError():
                raise UsageError(f"runtime_env: {error}") from error
        raise


def _own_node() -> str:
    own = ray.get_runtime_context().get_node_id()
    node = next(node for node in ray.nodes() if node["NodeID"] == own)
    return f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}"


def _address_of(address: str | None) -> str | None:
    """`host:port` of a cluster that answers; None where we start our own."""
    if address == "local":
        return None
    named = os.environ.get("RAY_ADDRESS") if address in (None, "auto") else address
    named = "" if named == "auto" else named
    found = _canonical(address)
    if found is None or reach.answers(named or found):
        return found
    if address is None and not named:
        return None  # what was started last on this machine is gone
    where = " (from RAY_ADDRESS)" if named and named != address else ""
    raise BackendFailed(
        f"no Ray cluster answers at {named or found}{where}; start one there with `ray start --head`, or leave the "
        "address out for the cluster of this machine"
    )


def _canonical(address: str | None) -> str | None:
    """An address as Ray has it, with the machine's name in the cluster in place of localhost's."""
    named = address or os.environ.get("RAY_ADDRESS", "")
    if "://" in named:
        raise UsageError(
            f"a driver joins a Ray cluster at host:port, from one of its nodes; got {named!r}. From elsewhere, send "
            "the job there with `shoal submit`"
        )
    try:
        found: str | None = services.canonicalize_bootstrap_address(address)
    except ConnectionError:
        raise BackendFailed(
            "no Ray cluster runs on this machine; start one with `ray start --head`, or leave the address out to have "
            "one for the time of the pool"
        ) from None
    except (ValueError, OSError) as error:
        raise UsageError(f"the address of a Ray cluster is host:port, got {named!r}: {error}") from None
    return found


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = before or value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
