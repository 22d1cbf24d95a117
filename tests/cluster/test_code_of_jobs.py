"""A job goes on with the code that it was started with, in all files of it, wherever they lie."""

from __future__ import annotations

import importlib
import re
import sys

import numpy as np
import pytest

from cluster import JobFolderError, Pool

ROWS = {"x": np.arange(600.0)}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a predictor, "own_predictor:P", that imports "own_model"."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "own_predictor.py").write_text(
        "import own_model\nclass P:\n    def __call__(self, batch): return {'y': batch['x'] * own_model.SCALE}\n"
    )
    (folder / "own_model.py").write_text("SCALE = 2\n")
    monkeypatch.syspath_prepend(folder)
    yield folder
    forget()


def forget():
    for name in ("own_predictor", "own_model"):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()


def run(out, **more):
    forget()
    with Pool("own_predictor:P", replicas=1, backend="inline", **more) as pool:
        return pool.run(ROWS, out)


def test_a_change_of_an_imported_file_is_refused_by_name(project, tmp_path):
    run(tmp_path / "out")
    (project / "own_model.py").write_text("SCALE = 3\n")
    with pytest.raises(JobFolderError, match="holds another job") as caught:
        run(tmp_path / "out")
    assert re.search(r"code\.own_model was '\w{12}…' and is now '\w{12}…'", str(caught.value))
    assert "own_predictor was" not in str(caught.value)
    version = re.search(r"pass version='(\w{64})'", str(caught.value)).group(1)
    assert run(tmp_path / "out", version=version).resumed_shards == 3


def test_a_moved_folder_goes_on(project, tmp_path, monkeypatch):
    run(tmp_path / "out")
    project.rename(tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    assert run(tmp_path / "out").resumed_shards == 3


def test_with_a_version_the_files_do_not_count(project, tmp_path):
    run(tmp_path / "out", version="1")
    (project / "own_model.py").write_text("SCALE = 3\n")
    assert run(tmp_path / "out", version="1").resumed_shards == 3
    with pytest.raises(JobFolderError, match="version was '1' and is now '2'"):
        run(tmp_path / "out", version="2")
