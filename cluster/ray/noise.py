"""Keeps what Ray says and does by itself off the job's own output, which says the same in fewer words."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

from ray._private import auto_init_hook, worker

_RAYS_OWN = ("raylet", "autoscaler", "gcs_server")


class Quiet:
    """Silences Ray in this process until `end`: its log below errors, and messages of its daemons.

    It does not join clusters by itself meanwhile, as it does where anything is asked of it that needs one.

    What the user's code prints in workers is shown, with the worker's name before each line.
    """

    def __init__(self) -> None:
        logger = logging.getLogger("ray")
        self._level = logger.level
        self._print = worker.print_to_stdstream
        self._colours = os.environ.get("RAY_COLOR_PREFIX")
        self._connects = auto_init_hook.enable_auto_connect
        auto_init_hook.enable_auto_connect = False
        logger.setLevel(logging.ERROR)
        if self._colours is None and not sys.stdout.isatty():
            os.environ["RAY_COLOR_PREFIX"] = "0"
        # There is no setting for it: Ray prints how a worker died whether or not somebody deals with it.
        worker.print_to_stdstream = self._print_if_not_rays

    def end(self) -> None:
        """Let Ray speak again."""
        worker.print_to_stdstream = self._print
        auto_init_hook.enable_auto_connect = self._connects
        logging.getLogger("ray").setLevel(self._level)
        if self._colours is None:
            os.environ.pop("RAY_COLOR_PREFIX", None)

    def _print_if_not_rays(self, data: dict[str, Any], ignore_prefix: bool) -> None:
        if data.get("pid") not in _RAYS_OWN:
            # Straight on: on Ray's own way, lines that look alike are held back and counted.
            worker.print_worker_logs(data, sys.stderr if data["is_err"] else sys.stdout, ignore_prefix)
