"""The pages under infra/: their links, the files that they name, and the commands that they show."""

from __future__ import annotations

import re

import pytest

from tests.infra.files import INFRA, PAGES, ROOT, documents, parse_shoal, shell_lines, shoal_commands

FOLDERS = sorted(path for path in INFRA.iterdir() if path.is_dir())


def name(path):
    return str(path.relative_to(INFRA))


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_each_folder_has_a_page_that_the_first_one_links_to(folder):
    assert (folder / "README.md").is_file()
    assert f"]({folder.name}/)" in (INFRA / "README.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere_and_files_that_are_named_exist(page):
    text = page.read_text()
    linked = re.findall(r"\]\(([^)#]+)\)", text)
    assert linked
    named = re.findall(r"(?<![\w/.-])(?:[\w-]+/)*(?:[\w-]+\.(?:yaml|sbatch|sh)|Containerfile)\b", text)
    missing = [file for file in {*linked, *named} if not ((page.parent / file).exists() or (ROOT / file).exists())]
    assert missing == []


@pytest.mark.parametrize("folder", FOLDERS, ids=name)
def test_each_file_is_named_on_its_page(folder):
    text = (folder / "README.md").read_text()
    files = {path.name for path in folder.iterdir() if not path.name.startswith(".")} - {"README.md", "Containerfile"}
    assert [file for file in files if file not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_shoal_commands_on_a_page_are_what_shoal_takes(page):
    for line in shell_lines(page):
        for command in shoal_commands(line):
            parse_shoal(command)


def test_the_pages_show_how_to_run_and_how_to_submit():
    shown = {command[0] for page in PAGES for line in shell_lines(page) for command in shoal_commands(line)}
    assert {"run", "submit"} <= shown


def test_a_wrong_command_would_be_seen():
    (command,) = shoal_commands("RAY_AUTH_MODE=token shoal run job.toml --no-such-option && true")
    with pytest.raises(Exception, match="--no-such-option"):
        parse_shoal(command)
    assert shoal_commands("ray exec c.yaml 'shoal run a.toml'") == [["run", "a.toml"]]


@pytest.mark.parametrize("path", sorted(INFRA.rglob("*.yaml")), ids=name)
def test_yaml_has_no_key_twice(path, tmp_path):
    assert all(isinstance(document, dict) for document in documents(path))
    (tmp_path / "twice.yaml").write_text("a: {b: 1, b: 2}")
    with pytest.raises(AssertionError, match="given twice"):
        documents(tmp_path / "twice.yaml")


@pytest.mark.parametrize("path", sorted(path for path in INFRA.rglob("*") if path.is_file()), ids=name)
def test_no_file_names_a_host_of_the_outside(path):
    assert re.findall(r"https?://(?!127\.0\.0\.1[:/])\S+", path.read_text()) == []
