"""G2: the driver is killed at each step of its writes and started again: identical files, nothing read twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cluster.durable import LocalStep
from cluster.errors import JobFolderError
from cluster.folder import JobFolder, Record
from cluster.stores import ObjectStep
from tests.cluster import committer
from tests.gates import committing

pytestmark = [pytest.mark.gate, pytest.mark.timeout(600)]


@pytest.fixture(params=["path", "url"])
def place_of(request, tmp_path, bucket) -> Callable[[object], str]:
    """Names of job folders: on a file system, and in an object store."""
    root = str(tmp_path) if request.param == "path" else f"{bucket}/jobs"
    return lambda name: f"{root}/out-{name}"


@pytest.fixture(params=["local", "ray"])
def address(request) -> str:
    """Where workers run."""
    return "local" if request.param == "local" else request.getfixturevalue("ray_head").address


def committed(place: str) -> dict[int, Record]:
    """What is committed, if there is a job folder yet."""
    try:
        return JobFolder.load(place).committed()
    except JobFolderError:
        return {}


def killed_and_resumed(place: str, step: int, folder: Path, address: str, whole: dict[str, bytes]) -> None:
    """Kill a driver after a step, run another, and compare."""
    source, log = folder / "x.npy", folder / "log"
    committing.run_and_die(place, source, log, address, step)
    before = committed(place)
    assert committer.files(place).items() <= whole.items(), step

    log.unlink(missing_ok=True)
    committing.run(place, source, log, address)
    assert committer.files(place) == whole, step
    assert committer.leftovers(place) == [], step
    assert before.items() <= JobFolder.load(place).committed().items(), step
    read = {int(line) // committing.SHARD_ROWS for line in log.read_text().split()} if log.exists() else set()
    assert read == set(range(committing.SHARDS)) - before.keys(), step


def test_g2_at_every_step_of_every_write(place_of, tmp_path):
    committing.write_source(tmp_path / "x.npy")
    steps: list[str] = []
    committing.run(place_of("whole"), tmp_path / "x.npy", tmp_path / "log", checkpoint=steps.append)
    whole = committer.files(place_of("whole"))
    assert len(whole) == committing.SHARDS + 1  # and a file of dead letters
    for step in range(1, len(steps) + 1):
        killed_and_resumed(place_of(step), step, tmp_path, "inline", whole)
    print(f"{len(steps)} steps: killed after each and resumed; {len(whole)} files identical each time")


def test_g2_at_every_step_with_several_files_a_shard_and_a_slower_attempt(place_of):
    steps: list[str] = []
    committer.run(place_of("whole"), steps.append)
    assert set(steps) == {str(step) for step in (ObjectStep if "://" in place_of("") else LocalStep)}
    for step in range(1, len(steps) + 1):
        place = place_of(step)
        committer.run_and_die(place, step)
        before = committed(place)
        assert committer.files(place).items() <= committer.WHOLE.items(), step
        after = committer.run(place).committed()
        assert committer.files(place) == committer.WHOLE, step
        assert before.items() <= after.items(), step
        assert committer.leftovers(place) == [], step


def test_g2_with_workers_at_each_kind_of_step(address, tmp_path):
    committing.write_source(tmp_path / "x.npy")
    steps: list[str] = []
    committing.run(f"{tmp_path}/whole", tmp_path / "x.npy", tmp_path / "log", address, steps.append)
    whole = committer.files(f"{tmp_path}/whole")
    last_record = len(steps) - steps[::-1].index(LocalStep.LINKED)
    for step in sorted({steps.index(kind) + 1 for kind in steps} | {last_record}):
        killed_and_resumed(f"{tmp_path}/out-{step}", step, tmp_path, address, whole)
