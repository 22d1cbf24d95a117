"""Every operation in the registry against torch, on inputs that Hypothesis draws."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")

from tests.oracle.comparing import compare
from tests.samples import SAMPLES, Declared, Draw
from tests.samples.drawing import FLOATS, INTEGERS

pytestmark = pytest.mark.oracle

COMPARED = [each for each in SAMPLES if each.oracle]
EXAMPLES = {"float32": 12, "float64": 6}


def _cases() -> list[tuple[Declared, str]]:
    dtypes = {"f": FLOATS, "i": INTEGERS, "b": ("bool",)}
    return [(each, dtype) for each in COMPARED for kind in each.kinds for dtype in dtypes[kind]]


@pytest.mark.parametrize(("declared", "dtype"), _cases(), ids=str)
def test_the_same_as_torch(declared: Declared, dtype: str) -> None:
    @settings(
        max_examples=EXAMPLES.get(dtype, 4),
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def agree(data: st.DataObject) -> None:
        # Every third example has empty tensors among its inputs.
        smallest = data.draw(st.sampled_from([1, 1, 0]))
        draw = Draw.hypothetical(data, dtype, min_side=smallest)
        compare(declared.make(draw), draw, family=declared.family, tolerance=declared.tolerance_of(dtype))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agree()
