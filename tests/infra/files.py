"""The files under infra/, read strictly, and the command lines in them, parsed by the commands that they are for."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import typer
import yaml

from cluster.cli import app

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
PAGES = sorted(INFRA.rglob("README.md"))


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key that is given twice is an error, as Kubernetes and Compose have it."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = {key for key in keys if keys.count(key) > 1}
        assert not twice, f"{node.start_mark}: given twice: {twice}"
        return super().construct_mapping(node, deep=deep)


def documents(path: Path) -> list[dict[str, Any]]:
    """All documents of a YAML file."""
    return list(yaml.load_all(path.read_text(encoding="utf-8"), _StrictLoader))


def locked(path: Path) -> dict[str, str]:
    """What a lock file pins: names and versions; every line must pin one package, by hash."""
    pinned = {}
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if line and not line.startswith("#"):
            match = re.fullmatch(r"([a-z0-9-]+)==(\S+)(?:\s+--hash=sha256:[0-9a-f]{64})+\s*", line)
            assert match, f"{path.name}: not pinned by version and hash: {line[:80]}"
            pinned[match[1]] = match[2]
    return pinned


def shell_lines(page: Path) -> list[str]:
    """What a page shows of shell: the lines of its indented blocks, and whole commands of shoal within its text."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    blocks = [line.strip() for line in text.splitlines() if re.match(r" {4,}\S", line)]
    return [*blocks, *re.findall(r"`((?:shoal [a-z]+|sbatch) [^`]+)`", text)]


def shoal_commands(text: str) -> list[list[str]]:
    """The arguments of every `shoal …` in a line of shell, also those that another command is given to run."""
    found = []
    words = shlex.split(text.replace("(", " ( ").replace(")", " ) "), comments=True)
    for at, word in enumerate(words):
        if word == "shoal" and re.fullmatch("[a-z]+", "".join(words[at + 1 : at + 2])):  # not a thing of that name
            found.append([*_until_the_command_ends(words[at + 1 :])])
        elif word == "shoal.sbatch":  # hands them on
            found.append(["run", *_until_the_command_ends(words[at + 1 :])])
        elif word.startswith("shoal "):
            found += shoal_commands(word)
    return found


def _until_the_command_ends(words: Sequence[str]) -> list[str]:
    end = next((at for at, word in enumerate(words) if word in {"|", "||", "&&", ";", "&", ")"}), len(words))
    return list(words[:end])


def parse_shoal(arguments: Sequence[str]) -> dict[str, Any]:
    """Parse a command line as `shoal` does, without running it.

    Raises:
        Exception: The command has no such option, or lacks an argument.
    """
    group = typer.main.get_command(app)
    with group.make_context("shoal", list(arguments), resilient_parsing=False) as context:
        name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
        return dict(command.make_context(name, rest, parent=context).params)


def parse_ray_start(lines: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Parse arguments of `ray start` as Ray does, without running it; in another process, since Ray is heavy.

    Raises:
        AssertionError: Ray refuses a line.
    """
    program = (
        "import json, sys\n"
        "from ray.scripts.scripts import start\n"
        "print(json.dumps([start.make_context('start', line).params for line in json.load(sys.stdin)], default=str))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(list(lines)), capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))
