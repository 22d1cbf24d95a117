"""Joining a cluster and leaving it: whole programs, as a process reads Ray's settings once."""

from __future__ import annotations

import os
import secrets
import socket
from functools import partial

import pytest

from cluster.ray import reach
from tests import programs
from tests.waiting import until

PREDICT = """
    import sys
    import numpy as np
    import tensor
    from cluster import BackendFailed, Pool, RayBackend, UsageError

    class Scale:
        def __init__(self):
            print("building")

        def __call__(self, batch):
            return {"y": tensor.from_numpy(batch["data"]) * 3}

    def run(address):
        with Pool(Scale, replicas=2, backend=RayBackend(address, num_cpus=0.5)) as pool:
            print(float(pool.predict(np.ones(100, np.float32))["y"].sum()))

    try:
        run(sys.argv[1] if len(sys.argv) > 1 else None)
    except (BackendFailed, UsageError) as error:
        print(f"{type(error).__name__}: {error}")
"""


@pytest.fixture
def run(tmp_path):
    """See `programs.run`."""
    return partial(programs.run, tmp_path)


def test_a_program_shows_its_own_output_and_its_predictors_and_nothing_of_rays(run, ray_head):
    out, err = run(PREDICT, ray_head.address)
    lines = out.splitlines()
    assert "300.0" in lines
    assert all(
        line.startswith(("(w0 pid=", "(w1 pid=")) and line.endswith(") building") for line in lines if line != "300.0"
    )
    assert err == ""


def test_what_predictors_print_is_shown_line_by_line(run, ray_head):
    """Ray itself would hold back lines that look alike, and count them."""
    out, err = run(
        """
        import io, sys
        import numpy as np
        from cluster import Pool, RayBackend
        from tests.waiting import alive, until

        class Talks:
            def __call__(self, batch):
                for _ in range(3):
                    print("this is said three times")
                return {"y": batch["data"]}

        sys.stdout = io.StringIO()
        with Pool(Talks, replicas=1, backend=RayBackend(sys.argv[1])) as pool:
            pool.predict(np.ones(3))
            until(lambda: sys.stdout.getvalue().count("\\n") == 3)
        print(sys.stdout.getvalue(), file=sys.__stdout__, end="")
        """,
        ray_head.address,
    )
    assert [line.partition(") ")[2] for line in out.splitlines()] == ["this is said three times"] * 3
    assert all(line.startswith("(w0 pid=") for line in out.splitlines())
    assert err == ""


def test_a_cluster_is_started_where_there_is_none_and_nothing_is_left_of_it(run, tmp_path):
    temporary = tmp_path / "t"
    temporary.mkdir()
    # No token in this home: the cluster makes one, and the driver finds it.
    out, err = run(PREDICT, "local", TMPDIR=str(temporary), RAY_AUTH_TOKEN=None)
    assert "300.0" in out
    assert err == ""
    assert (tmp_path / ".ray" / "auth_token").is_file()
    assert not list(temporary.iterdir())
    until(lambda: not programs.started_with(str(temporary)))


def test_no_cluster_at_the_address(run):
    out, err = run(PREDICT, "127.0.0.1:1")
    assert out.startswith(
        "BackendFailed: no Ray cluster answers at 127.0.0.1:1; start one there with `ray start --head`"
    )
    assert err == ""


def test_no_cluster_where_the_environment_says(run):
    out, _ = run(PREDICT, RAY_ADDRESS="127.0.0.1:1")
    assert "(from RAY_ADDRESS); start one there" in out


def test_another_token_and_none(run, ray_head):
    out, err = run(PREDICT, ray_head.address, RAY_AUTH_TOKEN=secrets.token_hex(32))
    assert out.startswith("BackendFailed: the Ray cluster at ")
    assert "does not accept our token; ours is read from RAY_AUTH_TOKEN" in out
    assert err == ""
    out, err = run(PREDICT, ray_head.address, RAY_AUTH_TOKEN=None)
    assert "asks for a token, and there is none here; ours is read from" in out
    assert err == ""
    out, err = run(PREDICT, ray_head.address, RAY_AUTH_MODE="disabled")
    assert "asks for a token, and RAY_AUTH_MODE=disabled is set here" in out
    assert err == ""


def test_a_token_in_a_file(run, ray_head, tmp_path):
    (tmp_path / "token").write_text(os.environ["RAY_AUTH_TOKEN"])
    out, err = run(PREDICT, ray_head.address, RAY_AUTH_TOKEN=None, RAY_AUTH_TOKEN_PATH=str(tmp_path / "token"))
    assert "300.0" in out
    assert err == ""


def test_a_cluster_of_another_version(run, ray_head):
    """What a head of another version says of itself, said by this one."""
    out, _ = run(
        """
        import json, sys
        import ray
        from ray._private import ray_constants
        from ray.experimental.internal_kv import _internal_kv_get, _internal_kv_put
        from ray._common.usage import usage_constants
        from cluster import BackendFailed, Pool, RayBackend
        from cluster.ray import reach

        key, namespace = usage_constants.CLUSTER_METADATA_KEY, ray_constants.KV_NAMESPACE_CLUSTER
        with reach.let_in(sys.argv[1]):
            ray.init(sys.argv[1], logging_level="ERROR")
            true = _internal_kv_get(key, namespace=namespace)
            other = json.dumps({**json.loads(true), "ray_version": "2.12.0", "python_version": "3.9.1"}).encode()
            _internal_kv_put(key, other, overwrite=True, namespace=namespace)
            ray.shutdown()
        try:
            Pool("tests.predictors:Double", backend=RayBackend(sys.argv[1])).wait_ready()
        except BackendFailed as error:
            print(error)
        finally:
            with reach.let_in(sys.argv[1]):
                client = ray._raylet.GcsClient(address=sys.argv[1])
                client.internal_kv_put(key, true, True, namespace)
        """,
        ray_head.address,
    )
    assert "runs Ray 2.12.0 on Python 3.9.1, and this process Ray " in out
    assert "pip install 'ray==2.12.0'" in out


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ray://127.0.0.1:10001", "UsageError: a driver joins a Ray cluster at host:port"),
        ("nonsense", "UsageError: the address of a Ray cluster is host:port, got 'nonsense'"),
        ("dashboard", "is not where a Ray head takes drivers"),
    ],
)
def test_addresses_that_are_not_a_heads(run, ray_head, address, message):
    if address == "dashboard":
        address = ray_head.dashboard.removeprefix("http://")
    out, _ = run(PREDICT, address)
    assert message in out


def test_something_that_never_answers(monkeypatch):
    monkeypatch.setattr(reach, "_ANSWER_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert not reach.answers("{}:{}".format(*silent.getsockname()))


def test_a_head_that_cannot_start_says_why(run, tmp_path):
    program = PREDICT.replace("run(sys", "import cluster.ray.local as l; l.sys.executable = '/bin/false'; run(sys")
    out, _ = run(program, "local")
    assert "BackendFailed: a local Ray cluster could not be started: Ray does not say why" in out


def test_ray_is_imported_only_when_used(run):
    out, _ = run(
        """
        import sys
        import numpy as np
        from cluster import Pool
        from tests.predictors import Double
        with Pool(Double, replicas=1) as pool:
            pool.predict({"x": np.ones(3)})
        print("ray" in sys.modules)
        """
    )
    assert out == "False\n"
