"""User code on its way to a worker: by name where that works, by value where it does not."""

from __future__ import annotations

import pickle
import sys
import types

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


def test_the_source_digest_is_that_of_the_code(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    digests = []
    for text in ("class P: a = 1\n", "class P: a = 2\n", "class P: a = 2\n"):
        (tmp_path / "changing.py").write_text(text)
        sys.modules.pop("changing", None)
        digests.append(CodeRef("changing:P").source_digest())
    del sys.modules["changing"]
    assert digests[0] != digests[1] == digests[2]
