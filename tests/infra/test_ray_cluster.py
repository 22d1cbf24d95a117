"""The file for `ray up`, checked by Ray itself."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import PurePosixPath

import pytest

from tests.infra.files import INFRA, documents, parse_ray_start

PATH = INFRA / "ray-cluster" / "cluster.yaml"


@pytest.fixture(scope="module")
def config():
    (found,) = documents(PATH)
    return found


@pytest.fixture(scope="module")
def environment(config):
    options = [option.removeprefix("--env=") for option in config["docker"]["run_options"] if "--env=" in option]
    return dict(option.split("=", 1) for option in options)


def test_ray_accepts_it(config):
    program = (
        "import json, sys\n"
        "from ray.autoscaler._private.util import prepare_config, validate_config\n"
        "prepared = prepare_config(json.load(sys.stdin))\n"
        "validate_config(prepared)\n"
        "print(json.dumps(prepared))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(config), capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stderr
    prepared = json.loads(done.stdout)
    (node_type,) = prepared["available_node_types"].values()
    assert node_type["min_workers"] == prepared["max_workers"] == len(config["provider"]["worker_ips"]) == 2


def test_ray_accepts_the_commands_that_start_it(config):
    starts = [
        shlex.split(command)[2:]
        for role in ("head", "worker")
        for command in config[f"{role}_start_ray_commands"]
        if command.startswith("ray start")
    ]
    head, worker = parse_ray_start(starts)
    assert head["head"]
    assert head["dashboard_host"] == "127.0.0.1"
    assert head["autoscaling_config"] == "~/ray_bootstrap_config.yaml"
    assert worker["address"] == f"$RAY_HEAD_IP:{head['port']}"


def test_the_token_reaches_the_containers(config, environment):
    assert environment["RAY_AUTH_MODE"] == "token"
    token = PurePosixPath(environment["RAY_AUTH_TOKEN_PATH"])
    assert config["file_mounts"][str(token.parent)] == "~/.ray"  # where `ray get-auth-token --generate` writes
    assert token.name == "auth_token"


def test_the_containers_have_an_init_shared_memory_and_the_storage(config):
    options = config["docker"]["run_options"]
    assert {"--init", "--volume=/data:/data"} <= set(options)
    assert any(option.startswith("--shm-size=") for option in options)
