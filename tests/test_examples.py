"""The examples run, and the README shows the one that it says it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(150)  # whole programs, some twice, on machines that may be busy

ROOT = Path(__file__).parents[1]
INFERENCE_MODE = sorted((ROOT / "examples" / "inference_mode").glob("*.py"))


def run(script, *arguments, cwd):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, script, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=55
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readme_shows_the_quickstart():
    (shown,) = re.findall(
        r"<!-- examples/quickstart.py.*?-->\n```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    assert shown in (ROOT / "examples" / "quickstart.py").read_text()


def test_the_readmes_trainer(tmp_path):
    (shown,) = re.findall(r"```python\n([^`]*?class Train:.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    script = tmp_path / "train.py"
    script.write_text(
        "import numpy as np\n"
        "x = np.random.default_rng(0).standard_normal((256, 2), dtype=np.float32)\n"
        "y = x.sum(axis=1, keepdims=True)\n"
        f"{shown}\nprint(np.round(weights['weight'], 2).tolist())\n"
    )
    assert run(script, cwd=tmp_path) == "[[1.0, 1.0]]\n"


def test_the_quickstart(tmp_path):
    first, second, third = run(ROOT / "examples" / "quickstart.py", cwd=tmp_path).splitlines()
    assert first == "first batch: (256, 16)"
    assert second == "10,000 rows, 32 shards, equal to the gathered ones: True"
    assert third.startswith("InferenceTensorError: ")
    run(ROOT / "examples" / "quickstart.py", cwd=tmp_path)  # again, on the folder that is there


@pytest.mark.parametrize("backend", ["local", "inline"])
def test_the_digits(tmp_path, backend):
    out = run(ROOT / "examples" / "digits" / "demo.py", "--out", tmp_path / "out", "--backend", backend, cwd=tmp_path)
    (accuracy,) = re.findall(r"accuracy ([\d.]+)%", out)
    assert float(accuracy) >= 97
    assert "InferenceTensorError" in out
    assert (tmp_path / "out" / "confusion.png").read_bytes().startswith(b"\x89PNG")
    assert len(re.findall(r"w\d: [\d.]+ MiB of private memory", out)) == (2 if backend == "local" else 0)


@pytest.mark.parametrize("script", INFERENCE_MODE, ids=lambda script: script.stem)
def test_inference_mode(tmp_path, script):
    out = run(script, cwd=tmp_path)
    expected = {
        "averaged_weights": "averaged weights inference-only: False",
        "cached_embeddings": "moved: 42\ntrained against the cache: InferenceTensorError",
        "evaluate": "epoch 30: held-out accuracy 9",
        "frozen_features": "copies let out: 1\nextractor untouched: True",
        "generator_of_batches": "loop body inside: False | it trained: True",
        "no_grad_or_inference_mode": "trained on inference_mode's: InferenceTensorError",
        "one_forward_two_branches": "inference-only: True",
        "one_prediction": "inference-only: True",
        "request_handler": "gradients flowed beside them: True",
    }
    assert expected[script.stem] in out


def test_the_guide_to_inference_mode_leads_to_every_example_and_to_nothing_that_is_not_there():
    guide = ROOT / "docs" / "inference_mode.md"
    links = {(guide.parent / link).resolve() for link in re.findall(r"\]\(([^)#]+)", guide.read_text())}
    assert all(link.exists() for link in links)
    assert set(INFERENCE_MODE) <= links
