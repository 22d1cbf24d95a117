"""Clusters that shoal starts for a program, and what is left of them however it ends."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests import programs
from tests.waiting import alive, until

pytestmark = pytest.mark.gate


def test_a_pool_that_is_open_at_exit_ends_and_starts_nothing(tmp_path):
    """Python runs exit hooks in an order of its own; a finalizer from before the import of Ray turns it round."""
    out, err = programs.run(
        tmp_path,
        """
        import weakref
        early = type("Early", (), {})()
        weakref.finalize(early, str)
        import numpy as np
        from cluster import Pool, RayBackend
        from tests.predictors import Double

        pool = Pool(Double, replicas=1, backend=RayBackend("local"))
        print(len(pool.predict({"x": np.ones(10)})["y"]))
        """,
        TMPDIR=str(tmp_path),
    )
    assert (out, err) == ("10\n", "")
    until(lambda: not programs.started_with(str(tmp_path)))
    assert not list(tmp_path.glob("shoal-ray-*"))


def test_two_pools_on_a_cluster_of_our_own_are_both_served(tmp_path):
    """As with local processes: nobody else counts on this machine's cores."""
    out, err = programs.run(
        tmp_path,
        """
        import os
        import numpy as np
        from cluster import Pool, RayBackend
        from tests.predictors import Double

        cores = len(os.sched_getaffinity(0))
        with (
            Pool(Double, replicas=cores, backend=RayBackend("local")) as first,
            Pool(Double, replicas=cores + 1, backend=RayBackend("local")) as second,
        ):
            for pool in (first, second):
                pool.wait_ready()
                print(len(pool.predict({"x": np.ones(10)})["y"]))
        """,
    )
    assert (out, err) == ("10\n10\n", "")


def test_nothing_is_left_of_a_killed_driver_and_the_cluster_that_it_had_started(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys
            import numpy as np
            from cluster import Pool, RayBackend
            from tests.predictors import SpawnsAndWaits

            with Pool(SpawnsAndWaits, init={"pid_file": sys.argv[1]}, replicas=1, backend=RayBackend("local")) as pool:
                pool.predict(np.ones(100, np.float32))
            """
        )
    )
    folder = Path("/tmp", f"shoal-test-{secrets.token_hex(4)}")
    folder.mkdir()
    pid_file = tmp_path / "pids"
    driver = subprocess.Popen(
        [sys.executable, script, pid_file], env={**os.environ, "PYTHONPATH": str(programs.ROOT), "TMPDIR": str(folder)}
    )
    worker, grandchild = map(int, until(lambda: pid_file.exists() and pid_file.read_text().split()))
    assert list(folder.iterdir())
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    until(lambda: not alive(worker) and not alive(grandchild))
    until(lambda: not list(folder.iterdir()))
    until(lambda: not programs.started_with(str(folder)))
    folder.rmdir()
