"""Whether a cluster answers, and whom it lets in: one question to its head, answered in milliseconds.

Ray's own way in takes minutes to notice that nobody is there, prints what its C++ parts think of a wrong token, and
needs to know beforehand whether a token is asked for: a driver that sends one to an open cluster gets no workers.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from ray._raylet import AuthenticationTokenLoader, Config  # type: ignore[attr-defined]  # compiled

from cluster.errors import BackendFailed, UsageError

_ANSWER_S = 5.0
_QUESTION = "/ray.rpc.NodeInfoGcsService/GetClusterId"  # the first thing that every client of a head asks
_MODE = "RAY_AUTH_MODE"
WHERE = (
    "ours is read from RAY_AUTH_TOKEN, else from the file that RAY_AUTH_TOKEN_PATH names, else from ~/.ray/auth_token"
)


@contextmanager
def let_in(address: str) -> Iterator[None]:
    """Be let in by the cluster at an address, for the time of the block: sends a token where it wants one.

    Raises:
        BackendFailed: It wants another token than ours, or none.
        UsageError: What answers is not a Ray head.
    """
    asked = os.environ.get(_MODE)
    if os.environ.get("RAY_USE_TLS"):  # to ask would take its certificates; Ray has them
        yield
        return
    if _ask(address, {}) == "open":
        if asked == "token":
            raise BackendFailed(
                f"the Ray cluster at {address} asks for no token, and RAY_AUTH_MODE=token is set here; unset it, or "
                "better: start the cluster with RAY_AUTH_MODE=token"
            )
        yield
        return
    AuthenticationTokenLoader.instance().reset_cache()  # a cluster that we started may have made the first token
    if asked == "disabled" or not AuthenticationTokenLoader.instance().has_token(ignore_auth_mode=True):
        why = "RAY_AUTH_MODE=disabled is set here" if asked == "disabled" else "there is none here"
        raise BackendFailed(f"the Ray cluster at {address} asks for a token, and {why}; {WHERE}")
    try:
        set_mode("token")
        if _ask(address, AuthenticationTokenLoader.instance().get_token_for_http_header()) != "open":
            raise BackendFailed(f"the Ray cluster at {address} does not accept our token; {WHERE}")
        yield
    finally:
        set_mode(asked)


def answers(address: str) -> bool:
    """Whether a Ray head, or anything else, answers there."""
    if os.environ.get("RAY_USE_TLS"):
        return _listens(address)
    return _ask(address, {}) != "silent"


def is_refused(address: str) -> bool:
    """Whether nobody listens there; a machine that is busy, or cannot be reached, does not refuse."""
    try:
        _connect(address)
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False


def _listens(address: str) -> bool:
    try:
        _connect(address)
    except (OSError, ValueError):
        return False
    return True


def _connect(address: str) -> None:
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_S).close()


def _ask(address: str, headers: dict[str, str]) -> str:
    """What a cluster is to these headers: "open", "closed" or "silent"."""
    metadata = [(name.lower(), value) for name, value in headers.items()]
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        try:
            channel.unary_unary(_QUESTION)(b"", timeout=_ANSWER_S, metadata=metadata)
        except grpc.RpcError as error:
            if "http1" in (error.details() or ""):
                raise UsageError(
                    f"{address} is not where a Ray head takes drivers; that is the port of `ray start --port`, 6379 by "
                    "default, and not the dashboard's"
                ) from None
            return "closed" if error.code() is grpc.StatusCode.UNAUTHENTICATED else "silent"
    return "open"


def set_mode(mode: str | None) -> None:
    """Have Ray send tokens ("token") or none ("disabled"), or decide by itself (None)."""
    if mode is None:
        os.environ.pop(_MODE, None)
    else:
        os.environ[_MODE] = mode
    Config.initialize("")  # Ray reads its environment once, else
    AuthenticationTokenLoader.instance().reset_cache()  # and sends what it has read to everybody
