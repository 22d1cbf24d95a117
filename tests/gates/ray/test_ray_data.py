"""Ray Data on both sides of shoal, as a user's script has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.gates.ray.samples import ROWS
from tests.ray_head import ROOT

pytestmark = pytest.mark.gate


def test_datasets_are_sources_and_predictors_run_in_map_batches(tmp_path):
    script = Path(__file__).with_name("data_run.py")
    done = subprocess.run(
        [sys.executable, script, tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "map_batches": {"sums": [5.0], "rows": 100, "marks": ["ray.data:tests.predictors:Line"]},
        "source": {
            "rows": ROWS,
            "resumed": [ROWS, True],
            "types": {"n": "Tensor", "image": "Tensor", "text": "ndarray", "tokens": "Ragged"},
            "same": True,
        },
    }
