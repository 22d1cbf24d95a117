"""How this process joins a Ray cluster, and leaves it: once for all of its pools, as Ray knows one cluster a process.

A pool takes a hold; the first one joins, and the last one leaves. Who called `ray.init` before keeps what they have.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ray
from ray._private import services

from cluster.errors import BackendFailed, UsageError
from cluster.ray import noise
from cluster.ray.telling import join_text

_REACH_S = 3.0
"""How long a cluster's port may take to answer; Ray itself waits for minutes."""
_TRIES = "2"
"""How often Ray asks a cluster that answered, a second each."""
_LOGS_S = 0.3
"""How long what workers printed may take to reach us; Ray reads its log files ten times a second."""
_MAX_FOLDER_CHARS = 40
"""Ray puts sockets below its folder, and their paths may have 107 characters."""

_lock = threading.Lock()
_current: _Membership | None = None


class Hold:
    """A pool's hold on the cluster.

    Args:
        address: Of the cluster's head, `host:port`; "local" for a cluster of our own; None for the one that RAY_ADDRESS
            names, or that runs on this machine, or else one of our own.
        runtime_env: Ray's description of what workers find: modules, packages, variables.
        cpus: How many CPUs a cluster of our own has to have.

    Raises:
        BackendFailed: There is no such cluster, or it does not let us in.
        UsageError: This process is in another cluster, or in this one with another `runtime_env`.
    """

    def __init__(self, address: str | None, runtime_env: Mapping[str, Any], *, cpus: int) -> None:
        global _current
        with _lock:
            if _current is None:
                _current = _Membership(address, runtime_env, cpus=cpus)
            else:
                _current.check(address, runtime_env)
            _current.holds += 1
        self._held = True

    @property
    def is_ours(self) -> bool:
        """Whether shoal joined the cluster, with the `runtime_env` given; else the user did, with theirs."""
        return _current is not None and _current.joined

    def release(self) -> None:
        """Let go; may be called twice."""
        global _current
        with _lock:
            if not self._held or _current is None:
                return
            self._held = False
            _current.holds -= 1
            if not _current.holds:
                _current.leave()
                _current = None


class _Membership:
    """A cluster, and our being a driver of it."""

    def __init__(self, address: str | None, runtime_env: Mapping[str, Any], *, cpus: int) -> None:
        self.holds = 0
        self.joined = not ray.is_initialized()
        self._runtime_env = dict(runtime_env)
        self._head: _Head | None = None
        if not self.joined:
            self._asked, self._address = None, ray.get_runtime_context().gcs_address
            self.check(address, runtime_env)
            return
        self._asked = address
        self._quiet = noise.Quiet()
        try:
            self._address = _address_of(address) or self._own_cluster(cpus)
            _join(self._address, self._runtime_env)
        except BaseException:
            self._quiet.end()
            self._end_head()
            raise

    def check(self, address: str | None, runtime_env: Mapping[str, Any]) -> None:
        """Raise UsageError where a pool wants another cluster, or the same one otherwise."""
        if address not in (None, "auto", self._asked) and _canonical(address) != self._address:
            raise UsageError(
                f"this process is a driver of the Ray cluster at {self._address} already, and it can be one of one "
                f"cluster only; close the pools there before using the one at {address}"
            )
        if self.joined and dict(runtime_env) != self._runtime_env:
            raise UsageError(
                "this process joined the Ray cluster with another runtime_env, which holds for all of its pools; give "
                "the same one to each, or close the others first"
            )

    def leave(self) -> None:
        """Leave the cluster, and end it if it is our own."""
        if self.joined:
            time.sleep(_LOGS_S)
            ray.shutdown()
            self._quiet.end()
        self._end_head()

    def _own_cluster(self, cpus: int) -> str:
        self._head = _Head(cpus)
        return self._head.address

    def _end_head(self) -> None:
        if self._head is not None:
            self._head.close()
            self._head = None


class _Head:
    """A local cluster of our own, kept by a process that outlives a killed driver by a moment."""

    def __init__(self, cpus: int) -> None:
        place = tempfile.gettempdir()
        self._folder = tempfile.mkdtemp(prefix="shoal-ray-", dir=place if len(place) <= _MAX_FOLDER_CHARS else "/tmp")
        said = (Path(self._folder) / "head.err").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("head.py")), self._folder, str(cpus)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            process_group=0,  # Ctrl-C is for the driver
        )
        try:
            assert self._process.stdout is not None
            self.address = self._process.stdout.readline().strip()
            if not self.address:
                said.seek(0)
                lines = said.read().strip().splitlines()
                why = lines[-1] if lines else "it does not say why"
                raise BackendFailed(f"a local Ray cluster could not be started: {why}")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the cluster and wait until it and its files are gone."""
        with suppress(OSError), self._process:  # waits for its end, which follows from that of its input
            assert self._process.stdin is not None
            self._process.stdin.close()
        shutil.rmtree(self._folder, ignore_errors=True)  # where the program could not


def _join(address: str, runtime_env: Mapping[str, Any]) -> None:
    _send_token()
    try:
        with _environment("RAY_gcs_server_port_wait_time_s", _TRIES):
            ray.init(address=address, runtime_env=dict(runtime_env) or None, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ray.exceptions.RayError) as error:
        ray.shutdown()
        raise BackendFailed(join_text(error, address)) from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"runtime_env: {error}") from error


def _address_of(address: str | None) -> str | None:
    """`host:port` of a cluster that answers; None where we start our own."""
    if address == "local":
        return None
    found = _canonical(address)
    if found is None or _answers(found):
        return found
    if address is None and not os.environ.get("RAY_ADDRESS"):
        return None  # what was started last on this machine is gone
    where = " (from RAY_ADDRESS)" if address in (None, "auto") and os.environ.get("RAY_ADDRESS") else ""
    raise BackendFailed(
        f"no Ray cluster answers at {found}{where}; start one there with `ray start --head`, or leave the address out "
        "for the cluster of this machine"
    )


def _canonical(address: str | None) -> str | None:
    if address is not None and "://" in address:
        raise UsageError(
            f"a driver joins a Ray cluster at host:port, from one of its nodes; got {address!r}. From elsewhere, send "
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
        raise UsageError(f"the address of a Ray cluster is host:port, got {address!r}: {error}") from None
    return found


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH_S).close()
    except OSError:
        return False
    return True


def _send_token() -> None:
    """Send the token if there is one: an open cluster ignores it, and Ray itself does so only where told."""
    try:
        from ray._private.authentication.authentication_token_setup import maybe_enable_token_auth_if_token_available
    except ImportError:  # a Ray that knows no tokens, or keeps them elsewhere
        return
    maybe_enable_token_auth_if_token_available(warn_if_disabled=False)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = before or value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
