"""Whole programs: scripts, interactive sessions, and what is left when they are interrupted or killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.waiting import alive, until

ROOT = Path(__file__).parents[2]

SCRIPT = """
    import numpy as np
    import tensor
    from cluster import Pool

    FACTOR = 3

    class Scale:
        def __call__(self, batch):
            return {"y": tensor.from_numpy(batch["data"]) * FACTOR}

    with Pool(Scale, replicas=2) as pool:
        print(float(pool.predict(np.ones(100, np.float32))["y"].sum()))
"""

HANGS = """
    import sys
    from pathlib import Path
    import numpy as np
    from cluster import Pool
    from tests.predictors import SpawnsAndWaits

    with Pool(SpawnsAndWaits, init={"pid_file": sys.argv[1]}, replicas=1) as pool:
        pool.run(np.ones(100, np.float32), sys.argv[2])
"""


@pytest.fixture
def environment():
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


def write(tmp_path, text):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(text))
    return script


def test_a_predictor_from_main_works(tmp_path, environment):
    script = write(tmp_path, SCRIPT)
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=150)
    assert (done.returncode, done.stdout, done.stderr) == (0, "300.0\n", "")


def test_a_predictor_from_an_interactive_session_works(environment):
    # A blank line ends each block, as when somebody types it.
    typed = textwrap.dedent(SCRIPT).replace('})["y"].sum()))', "}")
    lines = typed.replace("\n\nclass", "\nclass").replace("FACTOR}\n", "FACTOR}\n\n")
    done = subprocess.run(
        [sys.executable, "-i", "-q"], input=lines + "\n", env=environment, capture_output=True, text=True, timeout=150
    )
    assert done.stdout == "300.0\n", done.stderr
    assert "Error" not in done.stderr


def test_a_predictor_from_a_module_beside_the_script_works(tmp_path, environment):
    (tmp_path / "mine.py").write_text(
        "class Ones:\n    def __call__(self, batch):\n        return {'y': batch['data'] * 0 + 1}\n"
    )
    script = write(
        tmp_path,
        """
        import numpy as np
        from mine import Ones
        from cluster import Pool
        with Pool(Ones, replicas=1) as pool:
            print(float(pool.predict(np.zeros(5))["y"].sum()))
        """,
    )
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=150)
    assert (done.stdout, done.stderr) == ("5.0\n", "")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_of_a_driver_that_is_ended(tmp_path, environment, how):
    """Its worker hangs in the user's code, with a child of its own: both go, and no file is half there."""
    script, pid_file, out = write(tmp_path, HANGS), tmp_path / "pids", tmp_path / "out"
    memory_before = set(Path("/dev/shm").iterdir())
    with (tmp_path / "stderr").open("w") as stderr:  # not a pipe: what lives on would keep it open
        driver = subprocess.Popen([sys.executable, script, pid_file, out], env=environment, stderr=stderr)
    worker, grandchild = map(int, until(lambda: pid_file.exists() and pid_file.read_text().split()))
    driver.send_signal(how)
    assert driver.wait(timeout=150) != 0
    until(lambda: not alive(worker) and not alive(grandchild))
    if how is signal.SIGINT:
        assert (tmp_path / "stderr").read_text().rstrip().endswith("KeyboardInterrupt")
    assert set(Path("/dev/shm").iterdir()) == memory_before
    assert [path.name for path in out.iterdir()] == ["_shoal"]


def test_a_failing_script_shows_one_screen_that_leads_with_the_users_line(tmp_path, environment):
    script = write(
        tmp_path,
        """
        import numpy as np
        from cluster import Pool

        class Broken:
            def __call__(self, batch):
                return {"y": batch["dta"]}

        with Pool(Broken, replicas=2) as pool:
            pool.predict(np.ones(100))
        """,
    )
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=150)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert len(lines) < 40, done.stderr
    (start,) = (index for index, line in enumerate(lines) if "UserCodeFailed" in line)
    assert f'{script}:7: return {{"y": batch["dta"]}}' in lines[start]
    assert lines[start + 1] == "KeyError: 'dta'"


def test_a_script_that_leaves_an_iterator_open_ends(tmp_path, environment):
    script = write(
        tmp_path,
        """
        import numpy as np
        from cluster import Pool
        from tests.predictors import Double

        pool = Pool(Double, replicas=1)
        batches = pool.map({"x": np.ones(5000)})
        print(len(next(batches)["y"]))
        """,
    )
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=150)
    assert (done.returncode, done.stdout, done.stderr) == (0, "256\n", "")


def test_leaving_a_pool_with_an_open_iterator_is_quiet(tmp_path, environment):
    script = write(
        tmp_path,
        """
        import asyncio
        import numpy as np
        from cluster import Pool
        from tests.predictors import Double

        async def main():
            with Pool(Double, replicas=1) as pool:  # also inside a running loop
                batches = pool.map({"x": np.ones(5000)})
                print(len(next(batches)["y"]))

        asyncio.run(main())
        """,
    )
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=150)
    assert (done.returncode, done.stdout, done.stderr) == (0, "256\n", "")


def test_ray_pyarrow_and_numba_are_not_imported_by_tensor(environment):
    probe = "import tensor, sys; print({'ray', 'pyarrow', 'numba', 'asyncio'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", probe], env=environment, capture_output=True, text=True, timeout=150)
    assert done.stdout == "set()\n", done.stderr


def test_a_worker_imports_only_what_its_job_needs(tmp_path, environment):
    script = write(
        tmp_path,
        """
        import sys
        import numpy as np
        from cluster import NpySource, Pool

        class Modules:
            def __call__(self, batch):
                import sys
                heavy = {"ray", "pyarrow", "numba", "pydantic", "typer", "asyncio", "cluster"} & set(sys.modules)
                return {"heavy": np.array([str(sorted(heavy))] * len(batch["data"]), dtype=object)}

        np.save(sys.argv[1], np.zeros(3))
        with Pool(Modules, replicas=1) as pool:
            print(pool.predict(sys.argv[1])["heavy"][0])
        """,
    )
    done = subprocess.run(
        [sys.executable, script, tmp_path / "x.npy"], env=environment, capture_output=True, text=True, timeout=150
    )
    assert done.stdout == "[]\n", done.stderr


@pytest.mark.parametrize("name", ["tensor", "workers"])
def test_a_users_folder_that_hides_ours_is_named(tmp_path, environment, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    script = write(tmp_path, "from cluster import Pool")
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, timeout=150)
    assert f"ImportError: '{name}' was imported from {tmp_path / name}" in done.stderr
