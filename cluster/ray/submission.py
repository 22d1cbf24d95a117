"""Jobs that run on a cluster by Ray's job API: sent with their folder, followed by their log, stopped by their id."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shlex
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import aiohttp
from ray._raylet import AuthenticationTokenLoader  # type: ignore[attr-defined]  # compiled
from ray.exceptions import AuthenticationError, RayError
from ray.job_submission import JobStatus, JobSubmissionClient

from cluster.errors import BackendFailed, UsageError
from cluster.ray import reach, shipping

_DEFAULT = "http://127.0.0.1:8265"
_RETRY_S = 1.0
_MAX_SILENCE_S = 60.0
"""How long a head may be out of reach before we stop to follow its job."""

_STATUS = re.compile(r"Request failed with status code (\d+)")

T = TypeVar("T")


@dataclass(frozen=True)
class Ended:
    """How a job ended.

    Attributes:
        status: Ray's word for it: SUCCEEDED, FAILED or STOPPED.
        message: What Ray says of it, without the log.
        exit_status: Of the job's driver; 0 exactly when it succeeded.
    """

    status: str
    message: str
    exit_status: int


class Submissions:
    """A cluster's job API.

    Args:
        address: Of the head's dashboard, `http://host:port`; by default what RAY_API_SERVER_ADDRESS names, or this
            machine's.

    Raises:
        BackendFailed: No cluster answers there, or it does not let us in.
    """

    def __init__(self, address: str | None = None) -> None:
        named = address or os.environ.get("RAY_API_SERVER_ADDRESS") or _DEFAULT
        self.address = named if "://" in named else f"http://{named}"
        if "RAY_AUTH_MODE" not in os.environ and AuthenticationTokenLoader.instance().has_token(ignore_auth_mode=True):
            reach.set_mode("token")  # an open cluster does not read it
        os.environ["RAY_API_SERVER_ADDRESS"] = self.address  # it would win over the argument
        self._client: Any = self._ask(lambda: JobSubmissionClient(self.address))
        for handler in logging.getLogger("ray").handlers:  # the client's loggers have levels of their own
            handler.setLevel(logging.ERROR)

    def submit(
        self,
        folder: Path,
        command: list[str],
        *,
        runtime_env: Mapping[str, Any],
        needed: Collection[Path] = (),
        job: str | None = None,
    ) -> str:
        """Have a command run on the cluster, in a copy of a folder.

        Args:
            folder: Sent along, absolute.
            command: The program and its arguments.
            runtime_env: What else the job finds on the nodes.
            needed: Files that the command reads, absolute.
            job: Its id; by default Ray makes one.

        Returns:
            The job's id.

        Raises:
            UsageError: The folder is too large, or Ray does not take the `runtime_env`, or there is a job of that id.
        """
        if "working_dir" in runtime_env:
            raise UsageError(
                "[ray.runtime_env] working_dir: what is sent is the job's own working_dir, a key at the top of the file"
            )
        shipping.refuse_shadows(folder)
        leaving_out = [*shipping.excludes(folder), *runtime_env.get("excludes", [])]
        sent = shipping.sent_files(folder, leaving_out)
        for path in needed:
            if path not in sent:
                raise UsageError(
                    f"{path} would not be sent along with {folder}: it lies elsewhere, or .gitignore, .rayignore or "
                    "excludes name it, which Ray leaves out; change that, or put it on storage of the cluster"
                )
        if sum(sent.values()) > shipping.MAX_BYTES:
            raise UsageError(
                f"{folder} holds more than the {shipping.MAX_BYTES >> 20} MiB that Ray carries; put rows and weights "
                "on storage of the cluster, and name them by absolute paths"
            )
        environment = {**runtime_env, "working_dir": str(folder), "excludes": leaving_out}
        submitted: str = self._ask(
            lambda: self._client.submit_job(entrypoint=shlex.join(command), runtime_env=environment, submission_id=job)
        )
        return submitted

    async def log(self, job: str) -> AsyncGenerator[str, None]:
        """Yield what a job prints, from its start to its end, also over a broken connection.

        Raises:
            BackendFailed: The cluster did not answer for a minute.
            UsageError: There is no such job.
        """
        shown = 0
        answered_s = monotonic()
        while True:
            position = 0
            try:
                async for text in self._client.tail_job_logs(job):
                    answered_s = monotonic()
                    fresh = text[max(0, shown - position) :]
                    position += len(text)
                    if fresh:
                        shown = position
                        yield fresh
                if self.ended(job) is not None:
                    return
                answered_s = monotonic()
            except (aiohttp.ClientError, BackendFailed, RayError, RuntimeError, OSError) as error:
                if isinstance(error, UsageError):
                    raise
                if monotonic() - answered_s > _MAX_SILENCE_S:
                    raise BackendFailed(
                        f"the cluster at {self.address} does not answer any more ({error}); the job may go on there: "
                        f"shoal follow {job}"
                    ) from None
            await asyncio.sleep(_RETRY_S)

    def ended(self, job: str) -> Ended | None:
        """How a job ended; None while it has not."""
        info = self._info(job)
        status = JobStatus(info.status)
        if not status.is_terminal():
            return None
        exit_status = 0 if status is JobStatus.SUCCEEDED else info.driver_exit_code or 1
        message = (info.message or "").partition(", last available logs")[0]
        return Ended(str(status), message, exit_status)

    async def stop(self, job: str) -> Ended:
        """Stop a job, and wait until it has."""
        self._ask(lambda: self._client.stop_job(job))
        while (ended := self.ended(job)) is None:  # noqa: ASYNC110  (it is on another machine: there is no event)
            await asyncio.sleep(_RETRY_S / 5)
        return ended

    def _info(self, job: str) -> Any:
        return self._ask(lambda: self._client.get_job_info(job))

    def _ask(self, question: Callable[[], T]) -> T:
        try:
            return question()
        except ConnectionError as error:
            raise BackendFailed(
                f"no Ray dashboard answers at {self.address} ({error}); the job API is on the port that "
                "`ray start --dashboard-port` sets, 8265 by default"
            ) from None
        except (RayError, RuntimeError, ValueError, OSError) as error:
            raise self._refusal(error) from None

    def _refusal(self, error: Exception) -> BackendFailed | UsageError:
        told = str(error)
        status = _STATUS.match(told)
        if isinstance(error, AuthenticationError):
            return BackendFailed(f"the Ray cluster at {self.address} does not accept our token; {reach.WHERE}")
        if status and status[1] == "404":
            return UsageError(f"the Ray cluster at {self.address} knows no such job: {_gist(told)}")
        if status and status[1] in ("502", "503", "504"):
            return BackendFailed(f"the Ray cluster at {self.address} is not ready: {_gist(told)}")
        return UsageError(f"the Ray cluster at {self.address} refuses: {_gist(told)}")


def _gist(told: str) -> str:
    """The last line of what Ray says, which holds its error; above it are its frames."""
    lines = [line for line in told.replace("\\n", "\n").splitlines() if line.strip(" .")]
    return lines[-1].strip() if lines else "it does not say why"
