"""`shoal status`: what a job folder says of itself."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from cluster import JobFailed, Pool
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
    assert "3 of 3 shards are committed, with 599 rows" in told
    assert "1 row was given up:\n  row 5 of memory: ValueError: cannot stomach 5.0" in told
    assert f"digest {report.digest}" in told


def test_a_failed_job(tmp_path):
    rows = {"x": np.arange(600, dtype=np.float32)}
    with Pool(predictors.Raises, init={"on": 300.0}, backend="inline") as pool, pytest.raises(JobFailed):
        pool.run(rows, tmp_path / "out")
    code, told = status_of(tmp_path / "out")
    assert code == 0
    assert "1 of 3 shards are committed, with 256 rows" in told
    assert "failed: " in told
    assert "cannot stomach 300.0" in told


def test_no_job_folder(tmp_path):
    code, told = status_of(tmp_path)
    assert code == 1
    assert "is no job folder" in told
