"""The digest of a class that no file holds: stable between runs, and another one for other code."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from workers.fingerprint import fingerprint_of

CODE = textwrap.dedent(
    """
    import dataclasses, functools, math
    import numpy as np
    SCALE = 2
    TABLE = {"a": [1, 2], "b": {"x", "y", "z"}}
    LOOKUP = np.arange(3)
    def helper(x, *, by=3):
        return recursive(x * SCALE + by)
    def recursive(x):
        return recursive(x - 1) if x > 9 else x
    class Base:
        unit = "m"
    @dataclasses.dataclass
    class Settings:
        size: int = 3
    class P(Base):
        settings = Settings()
        def __init__(self, *, depth=1):
            self.depth = depth
        @property
        def deep(self):
            return self.depth in {"one", "two", "three"}
        @staticmethod
        def fixed(x):
            return math.floor(x)
        @functools.cached_property
        def slow(self):
            return [(lambda y: y + number)(1) for number in range(3)]
        def __call__(self, batch):
            return {"y": helper(batch["x"]), "t": TABLE, "l": LOOKUP[:1], "m": Settings(size=4)}
    """
)


def digest_on_stdin(code, seed="0"):
    done = subprocess.run(
        [sys.executable, "-"],
        input=code + "\nfrom workers.fingerprint import fingerprint_of\nprint(fingerprint_of(P)[0])\n",
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": seed},
    )
    return done.stdout


def digest_here(code):
    namespace = {"__name__": "conjured"}
    exec(compile(code, "<somewhere>", "exec", dont_inherit=True), namespace)
    return fingerprint_of(namespace["P"])[0]


def test_it_is_the_same_in_another_process():
    assert digest_on_stdin(CODE, seed="1") == digest_on_stdin(CODE, seed="2")


def test_it_is_the_same_on_other_lines():
    assert digest_here(CODE) == digest_here("\n\n# a comment" + CODE.replace("class P", "\n\nclass P"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SCALE = 2", "SCALE = 3"),
        ('"b": {"x", "y"', '"b": {"q", "y"'),
        ("arange(3)", "arange(4)"),
        ("by=3", "by=4"),
        ("x > 9", "x > 8"),
        ('unit = "m"', 'unit = "mm"'),
        ("size: int = 3", "size: int = 5"),
        ("depth=1", "depth=2"),
        ('"three"', '"four"'),
        ("math.floor", "math.ceil"),
        ("y + number", "y - number"),
        ("size=4", "size=5"),
    ],
)
def test_it_is_another_one_for_other_code(before, after):
    assert before in CODE
    assert digest_here(CODE) != digest_here(CODE.replace(before, after))


def test_a_name_that_is_only_an_attribute_does_not_count():
    assert digest_here(CODE) == digest_here(CODE + "depth = 9\nunused = 3\n")


def test_it_tells_which_modules_the_class_uses_or_imports():
    code = (
        "import xml.dom, os.path as place\nfrom json import decoder\nfrom queue import Queue\nimport csv\n"
        "class P(Queue):\n"
        "    def __call__(self, batch):\n        import glob\n        from email import message\n"
        "        return [decoder for _ in batch], lambda: xml.dom.Node\n"
    )
    namespace = {"__name__": "conjured"}
    exec(code, namespace)
    _, modules = fingerprint_of(namespace["P"])
    assert modules == {"email", "email.message", "glob", "json.decoder", "queue", "xml", "xml.dom"}


def test_a_job_of_a_class_from_stdin_goes_on(tmp_path):
    code = (
        "import numpy as np\nfrom cluster import Pool\n"
        "class P:\n    def __call__(self, batch):\n        return {'y': batch['x'] * 2}\n"
        f"with Pool(P, backend='inline') as pool:\n"
        f"    print(pool.run({{'x': np.arange(9)}}, {str(tmp_path / 'out')!r}).resumed_shards)\n"
    )
    for resumed in ("0\n", "1\n"):
        done = subprocess.run(
            [sys.executable, "-"],
            input=code,
            capture_output=True,
            text=True,
            timeout=50,
            cwd=Path(__file__).parents[2],
        )
        assert done.stdout == resumed, done.stderr
