"""A submitted job that is left, followed and stopped."""

from __future__ import annotations

import signal
import subprocess

import pytest

from cluster import read_results
from tests import submitting
from tests.waiting import until

pytestmark = pytest.mark.gate


def test_a_job_is_left_followed_and_stopped(ray_head, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "mine").mkdir()
    shared = submitting.shared_storage(tmp_path / "shared")
    folder = submitting.users_folder(tmp_path / "mine", shared)
    address = ("--address", ray_head.dashboard)
    submitted = submitting.command(
        "shoal", "submit", "Hangs.toml", *address, "--id", "hanging", "--no-wait", folder=folder
    )
    assert (submitted.returncode, submitted.stdout) == (0, "hanging\n"), submitted.stderr
    # Two shards are committed; the third one hangs.
    until(lambda: len(list((shared / "Hangs").glob("*.parquet"))) == 2)
    following = subprocess.Popen(
        [submitting.BIN / "shoal", "follow", "hanging", *address],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "Hangs.toml" in until(following.stdout.readline) + following.stdout.readline()
    following.send_signal(signal.SIGINT)
    _, left = following.communicate(timeout=150)
    assert following.returncode == 130
    assert "shoal: hanging goes on; shoal follow hanging shows it, shoal stop hanging ends it" in left
    stopped = submitting.command("shoal", "stop", "hanging", *address, folder=folder)
    assert (stopped.returncode, stopped.stderr) == (0, "shoal: hanging stopped; what is committed stays\n")
    followed = submitting.command("shoal", "follow", "hanging", *address, folder=folder)
    assert followed.returncode == 1
    assert followed.stderr == "shoal: hanging stopped\n"
    assert "shoal: terminated; what is committed stays" in followed.stdout
    assert len(read_results(shared / "Hangs", partial=True)["y"]) == 100
    again = submitting.command("shoal", "submit", "Scale.toml", *address, "--id", "hanging", "--no-wait", folder=folder)
    assert again.returncode == 1
    assert "hanging already exists" in again.stderr
