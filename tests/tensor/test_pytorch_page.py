"""docs/pytorch.md: what it says is accepted runs, what it says is refused is refused, and its code runs."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

import tensor

PAGE = (Path(__file__).parents[2] / "docs" / "pytorch.md").read_text()


def _calls(section: str) -> list[str]:
    """The calls in the first column of a section's table."""
    rows = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0].splitlines()
    cells = [row.split(" | ")[0] for row in rows if row.startswith("| `")]
    return [call for cell in cells for call in re.findall(r"`([^`]+)`", cell)]


def _names() -> dict[str, Any]:
    from tensor.utils.data import DataLoader, TensorDataset

    x = tensor.ones(2, 2)
    return {
        "torch": tensor,
        "x": x,
        "x4": tensor.ones(1, 2, 3, 3),
        "model": tensor.nn.Linear(2, 2),
        "data": TensorDataset(x),
        "DataLoader": DataLoader,
    }


@pytest.mark.parametrize("call", _calls("Accepted"))
def test_what_is_accepted_runs(call):
    mode = tensor.get_float32_matmul_precision(), tensor.get_num_threads()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "User provided device_type|GradScaler is enabled")
        eval(call, _names())
    tensor.set_float32_matmul_precision(mode[0])
    tensor.set_num_threads(mode[1])
    tensor.use_deterministic_algorithms(False)


@pytest.mark.parametrize("call", _calls("Refused"))
def test_what_is_refused_says_so(call):
    names = _names()
    with pytest.raises((tensor.TensorError, AttributeError, TypeError)) as raised:
        eval(call, names)
    assert len(str(raised.value)) > 20


def test_the_code_runs():
    for code in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(code, {})


def test_both_tables_were_found():
    assert len(_calls("Accepted")) > 30
    assert len(_calls("Refused")) > 20
