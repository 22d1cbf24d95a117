"""The image: what it is built from, what it pins, and the wheel that it installs, built for real."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.infra.files import INFRA, ROOT, locked

CONTAINER = INFRA / "container"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = {"tensor", "workers", "cluster"}


def instructions():
    """(instruction, value) of each line of the Containerfile."""
    parser = DockerfileParser(fileobj=io.BytesIO((CONTAINER / "Containerfile").read_bytes()))
    return [(line["instruction"], line["value"]) for line in parser.structure if line["instruction"] != "COMMENT"]


def stages():
    """The instructions from each FROM to the next."""
    found = []
    for instruction, value in instructions():
        if instruction == "FROM":
            found.append([])
        if found:
            found[-1].append((instruction, value))
    return found


def of(kind, lines):
    return [value for instruction, value in lines if instruction == kind]


def arguments():
    return dict(value.split("=", 1) for value in of("ARG", instructions()))


def commands(lines):
    return [command.strip() for value in of("RUN", lines) for command in value.split("&&")]


def copied():
    """What comes from the repository, relative to its root."""
    sources = []
    for value in of("COPY", instructions()):
        if not value.startswith("--from="):
            *given, _target = shlex.split(value)
            sources += [source.rstrip("/") for source in given]
    return sources


def test_it_has_only_instructions_that_there_are():
    known = {"ARG", "FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "CMD"}
    assert {instruction for instruction, _ in instructions()} <= known


def test_all_stages_start_from_one_image_pinned_by_its_full_version():
    assert [value.split()[0] for stage in stages() for value in of("FROM", stage)] == ["${PYTHON}"] * 2
    match = re.fullmatch(r"python:(\d+\.\d+)\.\d+-slim-[a-z]+", arguments()["PYTHON"])
    assert match
    assert f"--python-version {match[1]} " in (CONTAINER / "lock.sh").read_text()


def test_all_that_is_copied_exists_and_nothing_else_is_sent_to_the_engine():
    assert [source for source in copied() if not (ROOT / source).exists()] == []
    lines = (CONTAINER / "Containerfile.dockerignore").read_text().splitlines()
    first, *rest = [line for line in lines if not line.startswith("#")]
    assert first == "*"
    assert {line.removeprefix("!") for line in rest if line.startswith("!")} == set(copied())
    assert [line for line in rest if not line.startswith("!")] == ["**/__pycache__"]


def test_it_ends_as_a_user_who_is_not_root_by_number():
    *_, user = of("USER", stages()[-1])
    uid, gid = user.replace("${UID}", arguments()["UID"]).split(":")
    assert int(uid) > 0 < int(gid)


def test_no_packages_but_pinned_ones_and_no_caches():
    everything = commands(instructions())
    pip = [command for command in everything if " pip install" in command]
    assert len(pip) == 3
    assert all("--require-hashes --only-binary=:all:" in command or "--no-index" in command for command in pip)
    assert "PIP_NO_CACHE_DIR=1" in of("ENV", stages()[0])[0]
    final = commands(stages()[-1])
    assert [command for command in final if "pip" in command] == []
    assert "rm -rf /var/lib/apt/lists/*" in final[final.index("apt-get update") :]


def test_it_asks_for_a_token_and_carries_no_secret():
    (environment,) = of("ENV", stages()[-1])
    assert "RAY_AUTH_MODE=token" in environment.split()
    named = [pair.split("=")[0] for value in of("ENV", instructions()) for pair in shlex.split(value)] + [*arguments()]
    assert [name for name in named if re.search("TOKEN|SECRET|PASSWORD|CREDENTIAL", name)] == []
    assert [source for source in copied() if re.search("token|secret|\\.env|\\.ssh", source)] == []


@pytest.mark.parametrize(
    ("lock", "needed"),
    [
        ("requirements.txt", PROJECT["project"]["dependencies"]),
        ("build-requirements.txt", PROJECT["build-system"]["requires"]),
    ],
)
def test_a_lock_covers_what_the_project_asks_for(lock, needed):
    text = (CONTAINER / lock).read_text()
    assert "lock.sh" in text.splitlines()[0]
    assert "://" not in text
    pinned = locked(CONTAINER / lock)
    for requirement in map(Requirement, needed):
        version = pinned.get(canonicalize_name(requirement.name))
        assert version, f"{requirement} is not in {lock}; run infra/container/lock.sh"
        assert requirement.specifier.contains(version), f"{lock} has {version}, not {requirement}; run lock.sh"


def test_the_image_has_ray_with_its_job_api():
    assert {"ray", "aiohttp"} <= locked(CONTAINER / "requirements.txt").keys()  # aiohttp comes with ray[default]


@pytest.mark.parametrize("script", ["container/lock.sh", "slurm/shoal.sbatch"])
def test_scripts_pass_bash_and_shellcheck(script):
    for checker in (["bash", "-n"], [Path(sys.executable).with_name("shellcheck"), "--shell=bash", "--norc"]):
        done = subprocess.run([*checker, INFRA / script], capture_output=True, text=True, timeout=150)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built by the Containerfile's command from the files that it copies."""
    context = tmp_path_factory.mktemp("context")
    for source in copied():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, context / source, ignore=shutil.ignore_patterns("__pycache__"))
        elif "/" not in source:  # the locks go elsewhere
            shutil.copy(ROOT / source, context)
    (command,) = (command for command in commands(stages()[0]) if " pip wheel " in command)
    python, *rest = shlex.split(command)
    assert python == "python"
    made = tmp_path_factory.mktemp("wheels")
    rest = [f"--wheel-dir={made}" if word.startswith("--wheel-dir=") else word for word in rest]
    done = subprocess.run([sys.executable, *rest], cwd=context, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = made.iterdir()
    return path


def test_the_wheel_has_the_three_packages_with_their_types_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0] for name in names} == PACKAGES | {f"shoal-{PROJECT['project']['version']}.dist-info"}
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    modules = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert modules <= names


def test_the_installed_wheel_answers(wheel, tmp_path):
    target = tmp_path / "target"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", target, wheel]
    done = subprocess.run(install, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout + done.stderr
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(target)}
    for command, answer in (
        ([target / "bin" / "shoal", "--version"], f"shoal {PROJECT['project']['version']}"),
        ([sys.executable, "-c", "import cluster.cli; print(cluster.cli.__file__)"], target / "cluster/cli/__init__.py"),
    ):
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=150)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{answer}\n", "")
