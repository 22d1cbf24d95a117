"""The Compose file: its form by a schema, what it refers to, and the commands in it."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatch

import jsonschema
import pytest

from tests.infra.files import INFRA, documents, parse_ray_start

COMPOSE = INFRA / "compose"


@pytest.fixture(scope="module")
def compose():
    (found,) = documents(COMPOSE / "compose.yaml")
    return found


@pytest.fixture(scope="module")
def services(compose):
    return compose["services"]


def test_the_fields_are_composes(compose):
    schema = json.loads((INFRA.parent / "tests" / "infra" / "compose.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(compose, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**compose, "services": {"head": {**compose["services"]["head"], "port": []}}}, schema)


def test_a_head_and_two_workers(services):
    assert services.keys() == {"head", "worker"}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert services["worker"]["depends_on"] == {"head": {"condition": "service_healthy"}}
    assert "healthcheck" in services["head"]


def test_every_name_is_declared_and_every_declared_one_is_used(compose, services):
    used = {kind: set() for kind in ("volumes", "secrets")}
    for service in services.values():
        used["volumes"] |= {mount.split(":")[0] for mount in service["volumes"]}
        used["secrets"] |= set(service["secrets"])
        assert all(name in services for name in service.get("depends_on", {}))
    assert used == {kind: compose[kind].keys() for kind in used}


def test_only_loopback_is_published(services):
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:8265:8265"]


def test_the_image_is_built_from_the_containerfile(services):
    for service in services.values():
        build = service["build"]
        context = (COMPOSE / build["context"]).resolve()
        assert context == INFRA.parent
        assert context / build["dockerfile"] == INFRA / "container" / "Containerfile"
        arguments = re.findall(r"^ARG (\w+)", (context / build["dockerfile"]).read_text(), re.MULTILINE)
        assert build["args"].keys() <= set(arguments)


def test_variables_have_defaults_and_nobody_is_root(services):
    text = (COMPOSE / "compose.yaml").read_text()
    assert text.count("${") == len(re.findall(r"\$\{SHOAL_UID:-1000\}", text)) > 0
    for service in services.values():
        uid, gid = service["user"].replace("${SHOAL_UID:-1000}", "1000").split(":")
        assert int(uid) > 0 < int(gid)
        assert service["cap_drop"] == ["ALL"]


def test_the_token_is_a_secret_that_git_does_not_take(compose, services):
    for service in services.values():
        (secret,) = service["secrets"]
        assert service["environment"]["RAY_AUTH_MODE"] == "token"
        assert service["environment"]["RAY_AUTH_TOKEN_PATH"] == f"/run/secrets/{secret}"
        file = compose["secrets"][secret]["file"].removeprefix("./")
        assert any(fnmatch(file, pattern) for pattern in (COMPOSE / ".gitignore").read_text().split())


def test_ray_accepts_the_commands(services):
    assert [service["command"][:2] for service in services.values()] == [["ray", "start"]] * 2
    head, worker = parse_ray_start([service["command"][2:] for service in services.values()])
    assert head["head"]
    assert head["block"]
    assert head["num_cpus"] == 0
    assert worker["block"]
    assert worker["address"] == f"head:{head['port']}"
    assert worker["num_cpus"] == services["worker"]["cpus"]


def test_the_health_check_is_a_command_of_the_image(services):
    kind, program, *arguments = services["head"]["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "wget")
    assert program in (INFRA / "container" / "Containerfile").read_text().split()
    assert arguments[-1] == "http://127.0.0.1:8265/api/gcs_healthz"
    assert arguments[:-1] == ["--quiet", "--tries=1", "--timeout=5", "--output-document=-"]
