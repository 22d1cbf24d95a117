"""A user's error as data: it leads with their own line."""

from __future__ import annotations

import importlib
import json

from workers.failures import Step, failure_of


def raised(function):
    try:
        function()
    except BaseException as error:
        return failure_of(error, Step("user", "P.__call__"))
    raise AssertionError("it did not raise")


def test_the_users_line_is_the_innermost_that_is_theirs():
    failure = raised(lambda: json.loads("{"))
    assert failure.type == "json.decoder.JSONDecodeError"
    assert failure.line.startswith(__file__)
    assert "json.loads" in failure.source
    assert failure.where == "P.__call__"
    assert failure.traceback.startswith("Traceback")


def test_causes_are_told_too():
    def fails():
        try:
            1 / 0
        except ZeroDivisionError as error:
            raise RuntimeError("second") from error

    failure = raised(fails)
    assert "ZeroDivisionError" in failure.traceback
    assert failure.message == "second"


def test_an_error_that_cannot_be_shown_is_shown():
    class MuteError(Exception):
        def __str__(self):
            raise ValueError

    def fails():
        raise MuteError

    assert "could not be made: ValueError" in raised(fails).message


def test_long_messages_are_cut():
    def fails():
        raise ValueError("x" * 10**6)

    failure = raised(fails)
    assert len(failure.message) == 10_000
    assert len(failure.traceback) < 25_000
    assert failure.traceback.startswith("Traceback")


def test_a_syntax_error_leads_to_its_own_line(tmp_path, monkeypatch):
    (tmp_path / "half_written.py").write_text("x = 1\ny = (1,\n")
    monkeypatch.syspath_prepend(tmp_path)
    failure = raised(lambda: importlib.import_module("half_written"))
    assert (failure.line, failure.source) == (f"{tmp_path / 'half_written.py'}:2", "y = (1,")
    assert "<frozen" not in failure.traceback
