"""`shoal status`: what a job folder says of itself."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys

import numpy as np
import pytest

from cluster import JobFailed, Pool
from cluster.cli.status import show_status
from cluster.folder import JobFolder
from tests import predictors


def status_of(folder):
    """What the command prints, and its status."""
    command = [sys.executable, "-c", "from cluster.cli import main; main()", "status", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150)
    return done.returncode, done.stdout + done.stderr


def test_a_finished_job_with_dead_rows(tmp_path):
    rows = {"x": np.arange(600, dtype=np.float32)}
    with Pool(predictors.Raises, init={"on": 5.0}, backend="inline", max_dead_rows=1) as pool:
        report = pool.run(rows, tmp_path / "out")
    code, told = status_of(tmp_path / "out")
    assert code == 0
    assert "3 of 3 shards committed, with 599 rows" in told
    assert "1 row was given up:\n  row 5 of memory: ValueError: cannot stomach 5.0" in told
    assert f"digest {report.digest}" in told


def test_a_failed_job(tmp_path):
    rows = {"x": np.arange(600, dtype=np.float32)}
    with Pool(predictors.Raises, init={"on": 300.0}, backend="inline") as pool, pytest.raises(JobFailed):
        pool.run(rows, tmp_path / "out")
    code, told = status_of(tmp_path / "out")
    assert code == 0
    assert "1 of 3 shards committed, with 256 rows" in told
    assert "failed: " in told
    assert "cannot stomach 300.0" in told


def test_a_failed_job_counts_what_was_committed(tmp_path):
    rows = {"x": np.arange(40, dtype=np.float32)}
    with Pool(predictors.Raises, init={"on": 5.0}, backend="inline") as pool, pytest.raises(JobFailed):
        pool.run(rows, tmp_path / "out", shard_rows=1)
    report, committed = JobFolder.load(tmp_path / "out").report(), JobFolder.load(tmp_path / "out").committed()
    assert (report["shards"], report["rows"], report["dead_rows"]) == (len(committed), len(committed), 0)


def test_a_run_that_has_left_no_report(tmp_path, capsys):
    out = tmp_path / "out"
    with Pool(predictors.Raises, init={"on": 300.0}, backend="inline") as pool, pytest.raises(JobFailed):
        pool.run({"x": np.arange(600, dtype=np.float32)}, out)
    JobFolder.open(out, JobFolder.load(out).identity, shards=3)  # another run, by this process
    fence = out / "_shoal" / "fence.json"
    taken = json.loads(fence.read_text())
    ended = subprocess.Popen(["true"])
    ended.wait()
    for change, told in (
        ({}, f"running: process {os.getpid()} on {socket.gethostname()}, since {taken['started']}\n"),
        ({"pid": ended.pid}, f"killed or lost: process {ended.pid} on {socket.gethostname()}, which began "),
        ({"started": "2026-01-01T00:00:00+00:00"}, f"killed or lost: process {os.getpid()} on"),  # before we began
        ({"host": "elsewhere"}, f"running, or lost: process {os.getpid()} on elsewhere, since {taken['started']}; "),
    ):
        fence.write_text(json.dumps(taken | change))
        show_status(str(out))
        _, _, now, earlier, *_ = capsys.readouterr().out.splitlines()
        assert f"{now}\n".startswith(told)
        assert re.match(r"earlier, the run of \S+ failed: ", earlier)


def test_a_run_that_had_nothing_to_do(tmp_path, capsys):
    with Pool(predictors.Double, backend="inline") as pool:
        for told in (" s, digest ", " s (nothing was left to do), digest "):
            pool.run({"x": np.zeros(1)}, tmp_path / "out")
            show_status(str(tmp_path / "out"))
            assert told in (shown := capsys.readouterr().out)
            assert "1 of 1 shard committed, with 1 row\n" in shown


def test_no_job_folder(tmp_path):
    code, told = status_of(tmp_path)
    assert code == 1
    assert "is no job folder" in told
