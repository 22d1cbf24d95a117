"""Jobs sent to a real head with tokens on, by `shoal submit` and by plain `ray job submit`."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from cluster import UsageError, read_results
from cluster.jobs import Job
from cluster.ray import shipping
from tests import submitting

BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Storage that all nodes share."""
    return submitting.shared_storage(tmp_path_factory.mktemp("shared"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shared):
    """A folder with predictors, weights and jobs, which only its user has."""
    return submitting.users_folder(tmp_path_factory.mktemp("mine"), shared)


@pytest.fixture(scope="module")
def done(ray_head, folder, shared):
    """Programs that follow their job to its end, side by side: most of their time is waiting."""
    address = ("--address", ray_head.dashboard)
    plain = ("--working-dir", ".", "--", "shoal", "run", "Scale.toml", "--backend", "ray", "--output", shared / "plain")
    inside = ("--working-dir", ".", "--", "shoal", "run", "Scale.toml", "--backend", "ray", "--output", "here")
    commands = {
        "Scale": ("shoal", "submit", "Scale.toml", *address),
        "Raises": ("shoal", "submit", "Raises.toml", *address, "--id", "raising"),
        "plain": ("ray", "job", "submit", *address, *plain),
        "inside": ("ray", "job", "submit", *address, *inside),
    }
    with ThreadPoolExecutor() as executor:
        running = {name: executor.submit(submitting.command, *words, folder=folder) for name, words in commands.items()}
        return {name: future.result() for name, future in running.items()}


pytestmark = pytest.mark.timeout(400)  # Ray takes seconds for each job, and looks after it once a second


def test_a_submitted_job_runs_from_a_copy_of_its_folder_and_shows_its_log(done, shared, folder):
    found = done["Scale"]
    assert found.returncode == 0, found.stdout + found.stderr
    log = found.stdout.splitlines()
    assert "200 rows in 4 shards, in " + str(shared / "Scale") in log
    assert any(line.startswith("shoal: 200 of 200 rows (100%), shard 4 of 4") for line in log)
    assert any(line.startswith("digest ") for line in log)
    # Two lines are of Ray's job manager; nothing else of Ray's own.
    assert len([line for line in log if not line.startswith(("shoal: ", "(w0 "))]) <= 2 + 4
    first, last = found.stderr.splitlines()
    assert first.startswith("shoal: raysubmit_")
    assert last.endswith(" succeeded")
    np.testing.assert_array_equal(np.asarray(read_results(shared / "Scale")["y"]), np.arange(200) * 6 + 1)


def test_the_rows_are_those_of_a_local_job(done, shared, folder, tmp_path):
    report = Job.from_file(folder / "Scale.toml", output=str(tmp_path / "local"), backend="local").run()
    assert f"digest {report.digest}" in done["Scale"].stdout.splitlines()


def test_a_job_that_fails_ends_the_command_with_its_status_and_the_users_line(done):
    found = done["Raises"]
    assert found.returncode == 1
    assert "predict.py:16: raise ValueError" in found.stdout
    assert found.stdout.count("ValueError: cannot stomach 120") <= 2  # the line, and the traceback's end
    assert found.stderr.splitlines()[-1] == "shoal: raising failed: Job entrypoint command failed with exit code 1"


def test_plain_ray_job_submit(done, shared):
    found = done["plain"]
    assert found.returncode == 0, found.stdout + found.stderr
    np.testing.assert_array_equal(np.asarray(read_results(shared / "plain")["y"]), np.arange(200) * 6 + 1)


def test_output_in_the_temporary_copy_is_refused(done):
    assert done["inside"].returncode == 1
    assert "shoal: output = 'here' is relative, and the job's folder is sent" in done["inside"].stdout


def test_weights_that_ray_would_not_send_are_named(ray_head, folder, tmp_path):
    for path in folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / ".gitignore").write_text("*.safetensors\n")
    found = submitting.command("shoal", "submit", "Scale.toml", "--address", ray_head.dashboard, folder=tmp_path)
    assert found.returncode == 1
    assert "model.safetensors would not be sent along with" in found.stderr
    assert ".gitignore" in found.stderr
    (tmp_path / "model.safetensors").unlink()
    found = submitting.command("shoal", "submit", "Scale.toml", "--address", ray_head.dashboard, folder=tmp_path)
    assert "there is no weights file" in found.stderr


@pytest.mark.parametrize(
    ("words", "changes", "message"),
    [
        (("submit", "Scale.toml", "--output", "out"), {}, "output = 'out' is relative, and the job's folder is sent"),
        (("submit", "none.toml"), {}, "there is no job file"),
        (("follow", "nobody"), {}, "knows no such job"),
        (("stop", "nobody"), {}, "knows no such job"),
        (("stop", "nobody", "--address", "127.0.0.1:1"), {}, "no Ray dashboard answers at http://127.0.0.1:1"),
        (("stop", "nobody"), {"RAY_AUTH_TOKEN": "0" * 64}, "does not accept our token; ours is read from"),
    ],
)
def test_what_is_refused(ray_head, folder, words, changes, message):
    address = {"RAY_API_SERVER_ADDRESS": ray_head.dashboard}
    found = submitting.command("shoal", *words, folder=folder, **address, **changes)
    assert found.returncode == 1
    assert message in found.stderr
    assert len(found.stderr.splitlines()) == 1


# --- what is sent


def test_data_and_environments_stay_behind(tmp_path):
    kept = ("predict.py", "vocabulary/words.txt")
    for name in (*kept, "rows/x[1].npy", "out/part-000000.parquet", ".venv/lib/big.so", "x.tmp", "big/x.bin"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(b"0123456789")
    (tmp_path / ".gitignore").write_text("*.tmp\n")  # which Ray obeys
    data = [tmp_path / "out", tmp_path / "rows" / "x[1].npy", Path("/elsewhere")]
    leaving_out = [*shipping.excludes(tmp_path, data), "big/"]
    sent = shipping.sent_files(tmp_path, leaving_out)
    assert {str(path.relative_to(tmp_path)): size for path, size in sent.items()} == {
        ".gitignore": 6,
        "predict.py": 10,
        "vocabulary/words.txt": 10,
    }


def test_a_large_folder_is_not_sent_unasked(tmp_path, monkeypatch, caplog):
    (tmp_path / "predict.py").write_bytes(b"0123456789")
    sent = shipping.with_folder({"pip": ["x"]}, tmp_path, [])
    assert (sent["working_dir"], sent["pip"]) == (str(tmp_path), ["x"])
    monkeypatch.setattr(shipping, "_MAX_UNASKED_BYTES", 5)
    assert shipping.with_folder({"pip": ["x"]}, tmp_path, []) == {"pip": ["x"]}
    assert "is not sent to other nodes" in caplog.text
    asked = {"working_dir": "/mine"}
    assert shipping.with_folder(asked, tmp_path, []) == asked


def test_what_the_ray_job_has_is_not_given_twice(tmp_path, monkeypatch):
    monkeypatch.setenv(
        "RAY_JOB_CONFIG_JSON_ENV_VAR",
        '{"runtime_env": {"working_dir": "gcs://x.zip", "pip": {"packages": ["y"]}, "env_vars": {"A": "1"}}}',
    )
    ours = {"pip": ["x"], "env_vars": {"A": "2", "B": "3"}, "config": {}}
    assert shipping.with_folder(ours, tmp_path, []) == {"env_vars": {"B": "3"}, "config": {}}


@pytest.mark.parametrize("name", ["workers/__init__.py", "tensor.py"])
def test_a_folder_that_hides_our_packages_is_refused(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match="would hide shoal's package"):
        shipping.with_folder({}, tmp_path, [])


def test_a_job_on_ray_brings_its_modules_by_itself(ray_head, folder, tmp_path, monkeypatch):
    """As on a node that does not have the folder: the workers' own search for it is switched off."""
    monkeypatch.chdir(tmp_path)
    text = (folder / "Scale.toml").read_text().replace("[ray]", f'[ray]\naddress = "{ray_head.address}"')
    (folder / "OnRay.toml").write_text(text)
    job = Job.from_file(folder / "OnRay.toml", output=str(tmp_path / "out"), backend="ray")
    report = job.run()
    assert report.rows == 200
