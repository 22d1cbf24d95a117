"""Job files and the `shoal` command, run as users run them."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import tensor
from cluster import SourceFailed, UsageError, read_results
from cluster.jobs import Job
from tests.waiting import until

SHOAL = Path(sys.executable).with_name("shoal")


@pytest.fixture
def folder(tmp_path):
    """A folder with a predictor, weights, rows, and a job."""
    (tmp_path / "predict.py").write_text(
        "import tensor\n"
        "class Scale:\n"
        "    def __init__(self, weights, *, shift=0.0):\n"
        "        self.factor, self.shift = weights['factor'], shift\n"
        "    def __call__(self, batch):\n"
        "        return {'y': tensor.from_numpy(batch['x']) * self.factor + self.shift}\n"
    )
    tensor.save({"factor": tensor.tensor(3.0)}, tmp_path / "model.safetensors")
    np.save(tmp_path / "x.npy", np.arange(200, dtype=np.float32))
    (tmp_path / "job.toml").write_text(
        'predictor = "predict:Scale"\nweights = "model.safetensors"\noutput = "out"\nreplicas = 1\nshard_rows = 50\n'
        '[source]\npath = "x.npy"\ncolumn = "x"\n[init]\nshift = 1.0\n[batch]\nmax_rows = 50\n'
    )
    return tmp_path


def shoal(*arguments, cwd):
    return subprocess.run([SHOAL, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=150)


def test_run_writes_the_results_and_says_what_it_did(folder):
    done = shoal("run", "job.toml", cwd=folder)
    assert done.returncode == 0, done.stderr
    first, second, *_ = done.stdout.splitlines()
    assert first == f"200 rows in 4 shards, in {folder / 'out'}"
    assert "rows/s" in second
    assert done.stderr.splitlines()[-1].startswith("shoal: 200 of 200 rows (100%), shard 4 of 4")  # no terminal: lines
    np.testing.assert_array_equal(np.asarray(read_results(folder / "out")["y"]), np.arange(200) * 3 + 1)


def test_run_again_goes_on_with_what_is_there(folder):
    shoal("run", "job.toml", cwd=folder)
    done = shoal("run", folder / "job.toml", "--quiet", cwd="/")
    assert "4 shards had been committed before" in done.stdout
    assert done.stderr == ""


def test_options_override_the_file(folder):
    done = shoal("run", "job.toml", "--backend", "inline", "--output", "elsewhere", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert len(read_results(folder / "elsewhere")["y"]) == 200


def test_the_same_digest_inline_and_local(folder):
    digests = {
        line
        for backend in ("inline", "local")
        for line in shoal("run", "job.toml", "--backend", backend, "--output", backend, cwd=folder).stdout.splitlines()
        if line.startswith("digest ")
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("replicas = 1", "replicas = 0", "replicas: expected a number from 1, got 0"),
        ("replicas = 1", "replica = 1", "replica: unknown key; did you mean 'replicas'?"),
        ("replicas = 1", 'backend = "kubernetes"', "backend: expected 'local', 'inline' or 'ray', got 'kubernetes'"),
        ("replicas = 1", "replicas = 1.0", "replicas: expected a whole number, got 1.0"),
        ("replicas = 1", "replicas =", "not a TOML file"),
        ('"model.safetensors"', "3", "weights: expected a string, got 3"),
        ("[batch]\nmax_rows = 50\n", "[batch]\nmax_rows = true\n", "batch.max_rows: expected a whole number, got True"),
        ("[init]\nshift = 1.0\n[batch]\nmax_rows = 50\n", "[[init]]\nshift = 1.0\n", "init: expected a table, got [{"),
        ('[source]\npath = "x.npy"\ncolumn = "x"\n', "[[source]]\n", "source: expected a path or a table, got [{}]"),
        ('column = "x"', 'columns = ["x"]', "'columns' does not apply to x.npy, which is read as npy; the options are"),
        ('"x.npy"', '"x.parquet"', "source: 'column' does not apply to x.parquet, which is read as parquet"),
        ('column = "x"', 'format = "xml"', "source.format: expected 'parquet', 'npy'"),
        ('output = "out"\n', "", "output: missing"),
        ("x.npy", "y.npy", "there is no file"),
        ("model.safetensors", "model.pt", "model.pt"),
        ("predict:Scale", "predict:Scales", "has no 'Scales'"),
        ("predict:Scale", "json:JSONEncoder", "json:JSONEncoder has no __call__(self, batch)"),
        ("predict:Scale", "predicts:Scale", "no module named 'predicts'"),
        ('column = "x"', 'column = "z"', "the columns are: 'z'"),
        ('column = "x"', 'colum = "x"', "source.colum: unknown key; did you mean 'column'?"),
        ("max_rows = 50", "max_tokens = 9", "batch: BatchPolicy(max_tokens=…) needs length_of=…"),
        ("max_rows = 50", "window = 50", "batch.window: unknown key; the keys here are max_rows"),
        ("shift = 1.0", "shaft = 1.0", "unexpected keyword argument 'shaft'"),
    ],
)
def test_a_job_that_cannot_run_says_why_in_one_message(folder, before, after, message):
    job = folder / "job.toml"
    job.write_text(job.read_text().replace(before, after))
    done = shoal("run", "job.toml", "--quiet", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert done.stderr.startswith("shoal: ")
    assert len(done.stderr.splitlines()) < 25


@pytest.mark.parametrize(
    ("code", "line", "message"),
    [
        ("class Scale:\n    def __call__(self, batch:\n", "    def __call__(self, batch:", "SyntaxError"),
        ("import numpy\nimport not_installed_anywhere\n", "import not_installed_anywhere", "ModuleNotFoundError"),
        ("def load():\n    return {}['key']\n\nload()\n", "    return {}['key']", "KeyError: 'key'"),
        ("import json\njson.loads('{')\n", "json.loads('{')", "JSONDecodeError"),
        ("import sys\nsys.exit(3)\n", "sys.exit(3)", "SystemExit: 3"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_in_one_screen_led_by_its_line(folder, code, line, message):
    (folder / "predict.py").write_text(code)
    done = shoal("run", "job.toml", "--quiet", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    first, second, third, *rest = done.stderr.splitlines()
    number = code.splitlines().index(line) + 1
    assert first == f"shoal: {folder / 'predict.py'}:{number}: {line.strip()}"
    assert message in second
    assert third == "  in the import of predict:Scale"
    assert len(rest) < 20
    assert "importlib" not in done.stderr
    assert not (folder / "out").exists()


def test_a_home_that_nobody_has_is_said(folder):
    job = folder / "job.toml"
    job.write_text(job.read_text().replace("x.npy", "~nobodyx/x.npy"))
    done = shoal("run", "job.toml", cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("shoal: '~nobodyx/x.npy' starts with a home folder, and this machine knows none for")
    assert len(done.stderr.splitlines()) == 1


def test_a_damaged_source_is_an_error_of_the_drivers(folder):
    (folder / "x.npy").write_bytes(b"no array")
    with pytest.raises(SourceFailed, match=r"x\.npy"):
        Job.from_file(folder / "job.toml").run()


def test_a_table_for_ray_without_ray_is_noted(folder, caplog):
    job = folder / "job.toml"
    job.write_text(job.read_text() + "[ray]\nnum_cpus = 2\n")
    Job.from_file(job, backend="inline").run(progress=False)
    assert "[ray] table does nothing with the backend 'inline'" in caplog.text


def test_a_reader_that_has_enough_ends_the_command_quietly(folder):
    read, write = os.pipe()
    os.close(read)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [SHOAL, "run", "job.toml", "--quiet", "--backend", "inline"]
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run(command, cwd=folder, env=environment, stdout=pipe, stderr=subprocess.PIPE, timeout=150)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_missing_job_file(tmp_path):
    done = shoal("run", "nothing.toml", cwd=tmp_path)
    assert done.returncode == 1
    assert str(tmp_path / "nothing.toml") in done.stderr


def test_values_of_the_wrong_type_are_refused(folder):
    with pytest.raises(UsageError, match="replicas"):
        Job.from_file(folder / "job.toml", replicas="two")


def job_in(folder, *, factor):
    folder.mkdir()
    (folder / "helper_of_a_job.py").write_text(f"FACTOR = {factor}\n")
    (folder / "predict_of_a_job.py").write_text(
        "from helper_of_a_job import FACTOR\n"
        "class Scale:\n    def __call__(self, batch):\n        return {'y': batch['data'] * FACTOR}\n"
    )
    np.save(folder / "x.npy", np.arange(4))
    (folder / "job.toml").write_text(
        'predictor = "predict_of_a_job:Scale"\noutput = "out"\nreplicas = 1\nbackend = "inline"\nsource = "x.npy"\n'
    )
    return Job.from_file(folder / "job.toml")


def test_two_jobs_in_one_process_keep_their_modules_apart(tmp_path):
    path, modules = list(sys.path), set(sys.modules)
    for factor in (2, 3):
        job_in(tmp_path / str(factor), factor=factor).run(progress=False)
        results = read_results(tmp_path / str(factor) / "out")
        np.testing.assert_array_equal(np.asarray(results["y"]), np.arange(4) * factor)
        assert sys.path == path
        assert not {name for name in set(sys.modules) - modules if name.endswith("_of_a_job")}


def test_a_module_of_the_callers_with_the_predictors_name_comes_back(tmp_path, monkeypatch):
    theirs = types.ModuleType("predict_of_a_job")
    monkeypatch.setitem(sys.modules, "predict_of_a_job", theirs)
    job_in(tmp_path / "2", factor=2).run(progress=False)
    assert sys.modules["predict_of_a_job"] is theirs


def test_a_folder_that_the_caller_imports_from_stays(tmp_path, monkeypatch):
    job = job_in(tmp_path / "2", factor=2)
    monkeypatch.syspath_prepend(tmp_path / "2")
    import predict_of_a_job

    job.run(progress=False)
    assert sys.path[0] == str(tmp_path / "2")
    assert sys.modules["predict_of_a_job"] is predict_of_a_job
    del sys.modules["predict_of_a_job"], sys.modules["helper_of_a_job"]


def test_help_answers_at_once(tmp_path):
    """The budget is 0.3 s; what is checked is what costs it: the imports."""
    probe = "import sys, cluster.cli; print({'numpy', 'pyarrow', 'pydantic', 'asyncio', 'tensor'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=tmp_path, capture_output=True, text=True, timeout=150)
    assert done.stdout == "set()\n", done.stderr
    assert "run" in shoal("--help", cwd=tmp_path).stdout


def test_version(tmp_path):
    assert shoal("--version", cwd=tmp_path).stdout.startswith("shoal 0.")


def test_doctor_finds_nothing_wrong_and_a_folder_that_hides_ours(tmp_path):
    done = shoal("doctor", cwd=tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "nothing stands in the way")
    (tmp_path / "workers").mkdir()
    (tmp_path / "workers" / "__init__.py").touch()
    done = shoal("doctor", cwd=tmp_path)
    assert done.returncode == 1
    assert f"problem: {tmp_path / 'workers'} hides shoal's own package" in done.stdout


def test_interrupting_a_run_leaves_what_is_committed(folder):
    slow = (
        (folder / "predict.py")
        .read_text()
        .replace(
            "        return",
            "        import time, numpy\n        time.sleep(0.2 if batch['x'][0] else 0)\n        return",
        )
    )
    (folder / "predict.py").write_text(slow)
    job = subprocess.Popen([SHOAL, "run", "job.toml", "--quiet"], cwd=folder, stderr=subprocess.PIPE, text=True)
    until(lambda: list(folder.glob("out/*.parquet")))
    os.kill(job.pid, 2)
    _, errors = job.communicate(timeout=150)
    if job.returncode != 0:  # it may have been through already
        assert job.returncode == 130
        assert "interrupted; what is committed stays" in errors
        assert "was interrupted; what is committed stays" in shoal("status", "out", cwd=folder).stdout
    done = shoal("run", "job.toml", "--quiet", cwd=folder)
    assert "had been committed before" in done.stdout
    np.testing.assert_array_equal(np.asarray(read_results(folder / "out")["y"]), np.arange(200) * 3 + 1)
