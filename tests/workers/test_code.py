"""User code on its way to a worker: by name where that works, by value where it does not."""

from __future__ import annotations

import importlib
import pickle
import sys
import types
import zipfile
from pathlib import Path

import pytest

from tests import predictors
from workers import by_value
from workers.code import CodeRef
from workers.errors import PredictorError


def test_a_class_of_a_module_travels_by_name():
    code = CodeRef.of(predictors.Double)
    assert code == CodeRef("tests.predictors:Double")
    assert code.resolve() is predictors.Double


def test_a_class_in_a_function_travels_by_value():
    class Local:
        answer = 42

    code = CodeRef.of(Local)
    assert code.pickled is not None
    assert code.resolve().answer == 42


def test_code_by_value_keeps_the_name_of_its_file():
    def outer():
        return lambda: None

    again = pickle.loads(by_value.dumps(outer))
    assert again is not outer
    assert again.__code__.co_filename == __file__
    assert again().__code__.co_filename == __file__


def test_a_class_of_a_module_that_no_worker_finds_travels_by_value():
    module = types.ModuleType("conjured")
    exec("class Here:\n    answer = 42", module.__dict__)
    sys.modules["conjured"] = module
    try:
        code = CodeRef.of(module.Here)
    finally:
        del sys.modules["conjured"]
    assert code.resolve().answer == 42


@pytest.mark.parametrize("wrong", [predictors.Double(), lambda batch: batch, "predict:Classify"])
def test_only_classes_are_taken(wrong):
    with pytest.raises(TypeError, match="expected a class"):
        CodeRef.of(wrong)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tests.predictors", "expected 'module:ClassName'"),
        ("nowhere.at.all:X", "no module named 'nowhere.at.all'"),
        ("tests.nowhere:X", "no module named 'tests.nowhere'"),
        ("tests.predictors:Nobody", r"predictors\.py\) has no 'Nobody'"),
        ("tests.predictors:die", "expected a class"),
    ],
)
def test_names_that_lead_nowhere(name, message):
    with pytest.raises(PredictorError, match=message):
        CodeRef(name).resolve()


def test_a_module_that_lacks_a_dependency_says_so_itself(tmp_path, monkeypatch):
    (tmp_path / "needs_more.py").write_text("import not_installed_anywhere\nclass P: ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="not_installed_anywhere"):
        CodeRef("needs_more:P").resolve()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder of modules: call it with texts by path to change them, and get the digests of `main:P`."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)

    def forget():
        for name in set(sys.modules) - before:
            del sys.modules[name]

    def digests(changes=None, *, code=None):
        for name, text in (changes or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        forget()
        importlib.invalidate_caches()
        return (code or CodeRef("main:P")).digests()

    yield digests
    forget()


FILES = {
    "main.py": "import json, numpy, tensor, helper\nfrom model import net\nclass P(net.Net): ...\n",
    "model/__init__.py": "",
    "model/net.py": "from . import parts\nclass Net: ...\n",
    "model/parts.py": "def late():\n    from model.deep import layer\n    __import__('named')\n",
    "model/deep/layer.py": "",
    "model/unused.py": "",
    "helper.py": "import importlib\nfound = importlib.import_module('.'.join(['by', 'name']))\n",
    "by/name.py": "",
    "named.py": "def broken(:\n",
    "stranger.py": "",
}
NEEDED = {
    "main",
    "model",
    "model.net",
    "model.parts",
    "model.deep.layer",
    "helper",
    "by.name",
    "named",
}


def test_the_digests_are_those_of_the_users_files_that_the_class_needs(project):
    assert set(project(FILES)) == NEEDED


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_that_changes_changes_its_digest_and_no_other(project, name):
    before = project(FILES)
    after = project({name: FILES[name] + "# changed\n"})
    changed = {module for module in NEEDED if before[module] != after[module]}
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    assert changed == ({module} & NEEDED)


def test_the_digests_do_not_depend_on_what_else_was_imported(project):
    project(FILES)
    before = CodeRef("main:P").digests()
    importlib.import_module("model.unused")
    importlib.import_module("stranger")
    assert CodeRef("main:P").digests() == before


def test_a_folder_may_be_moved(project, tmp_path, monkeypatch):
    before = project(FILES)
    (tmp_path / "project").rename(tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    assert project() == before


def test_an_import_of_what_is_not_there_counts_for_nothing(project):
    broken = "try:\n    import nowhere.at.all\n    from . import up\nexcept ImportError: ...\nclass P: ...\n"
    assert set(project({"main.py": broken})) == {"main"}


def test_imports_in_a_circle(project):
    files = {"main.py": "import other\nclass P: ...\n", "other.py": "import main\n"}
    assert set(project(files)) == {"main", "other"}


def test_a_class_that_no_file_holds_counts_with_the_modules_that_it_uses(project):
    files = {"model/__init__.py": "", "model/net.py": "from model import parts\n", "model/parts.py": "a = 1\n"}
    project({**files, "main.py": "class P: ...\n"})
    importlib.import_module("model.net")
    namespace = {"__name__": "conjured"}
    exec("import model.net\nclass P:\n    def __call__(self, batch): return model.net.parts.a\n", namespace)
    code = CodeRef.of(namespace["P"])
    before = code.digests()
    assert set(before) == {"conjured:P", "model", "model.net", "model.parts"}
    (Path(sys.modules["model"].__file__).parent / "parts.py").write_text("a = 2\n")
    after = code.digests()
    assert {name for name in before if before[name] != after[name]} == {"model.parts"}


def test_modules_in_an_archive_count(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("zipped_main.py", "import zipped_helper\nclass P: ...\n")
        archive.writestr("zipped_helper.py", "")
    monkeypatch.syspath_prepend(tmp_path / "code.zip")
    digests = CodeRef("zipped_main:P").digests()
    del sys.modules["zipped_main"], sys.modules["zipped_helper"]
    assert set(digests) == {"zipped_main", "zipped_helper"}


def test_a_predictor_of_an_installed_package_counts_by_its_own_file():
    assert set(CodeRef("msgpack.fallback:Packer").digests()) == {"msgpack.fallback"}
