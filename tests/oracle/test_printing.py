"""What is printed is what torch prints, but for the library's name."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

import tensor as T  # noqa: E402
from tests.oracle.comparing import to_torch  # noqa: E402

pytestmark = pytest.mark.oracle

FLOATS = {"float16": np.float16, "float32": np.float32, "float64": np.float64, "bfloat16": T.bfloat16.numpy_dtype}
INTEGERS = ["uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64"]
# "tensor.float64" is one letter longer than "torch.float64", which may move it to the next line.
NOTE = re.compile(r",\n +(?=size=|dtype=|grad_fn=|requires_grad=)")


def same(ours: Any, theirs: Any) -> None:
    mine, yours = (NOTE.sub(", ", text) for text in (repr(ours).replace("=tensor.", "=torch."), repr(theirs)))
    assert mine == yours
    if "dtype" not in yours:
        assert repr(ours) == repr(theirs)


def both(array: Any, **options: Any) -> tuple[Any, Any]:
    return T.tensor(array, **options), to_torch(array, **options)


@pytest.fixture(autouse=True)
def as_before():
    yield
    for library in (T, torch):
        library.set_printoptions(profile="default")


shapes = st.lists(st.integers(0, 5), max_size=4).map(tuple)
large_shapes = st.sampled_from(
    [(1001,), (7, 200), (1500, 1), (1, 1500), (12, 10, 11), (3, 2, 4, 60), (2, 0, 9), (40, 40)]
)


@st.composite
def floats(draw: Any) -> np.ndarray:
    """Floats of mixed sizes, with infinities, nan and zeros among them."""
    shape = draw(st.one_of(shapes, large_shapes))
    dtype = FLOATS[draw(st.sampled_from(sorted(FLOATS)))]
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = math.prod(shape)
    kind = draw(st.sampled_from(["normal", "whole", "mixed", "tiny", "huge", "near a thousand"]))
    values = random.normal(size=size)
    if kind == "whole":
        values = np.round(values * 10 ** draw(st.integers(0, 5)))
    elif kind == "mixed":
        values = values * 10.0 ** random.integers(-6, 7, size)
    elif kind == "tiny":
        values = values * 10.0 ** -draw(st.integers(2, 30))
    elif kind == "huge":
        values = values * 10.0 ** draw(st.integers(3, 30))
    elif kind == "near a thousand":
        values = random.uniform(0.1, 110, size)
    for special in draw(st.lists(st.sampled_from([0.0, -0.0, math.inf, -math.inf, math.nan]), max_size=4)):
        if size:
            values[random.integers(size)] = special
    with np.errstate(all="ignore"):
        return values.astype(dtype).reshape(shape)


@settings(max_examples=400, deadline=None)
@given(array=floats(), requires_grad=st.booleans())
def test_floats(array, requires_grad):
    same(*both(array, requires_grad=requires_grad))


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_integers_and_booleans(data):
    shape = data.draw(st.one_of(shapes, large_shapes))
    dtype = data.draw(st.sampled_from([*INTEGERS, "bool"]))
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    if dtype == "bool":
        array = random.random(shape) > 0.5
    else:
        info = np.iinfo(dtype)
        largest = min(info.max, 10 ** data.draw(st.integers(0, 18)))
        array = random.integers(max(info.min, -largest), largest, shape, dtype, endpoint=True)
    same(*both(array))


@settings(max_examples=150, deadline=None)
@given(
    array=floats(),
    precision=st.none() | st.integers(0, 8),
    threshold=st.none() | st.sampled_from([0, 5, 100, math.inf]),
    edgeitems=st.none() | st.integers(1, 4),
    linewidth=st.none() | st.sampled_from([10, 40, 80, 200]),
    profile=st.sampled_from([None, "default", "short", "full"]),
    sci_mode=st.none() | st.booleans(),
)
def test_options(array, **options):
    for library in (T, torch):
        library.set_printoptions(profile="default")
        library.set_printoptions(**options)
    same(*both(array))


@pytest.mark.parametrize("shape", [(9,), (3, 3), (2, 2, 3)])
@pytest.mark.parametrize("threshold", [0, 100])
def test_no_edges(shape, threshold):
    for library in (T, torch):
        library.set_printoptions(edgeitems=0, threshold=threshold)
    same(*both(np.arange(math.prod(shape), dtype=np.float32).reshape(shape)))


CASES = {
    "scalar": lambda t: t.tensor(1.5),
    "whole scalar": lambda t: t.tensor(3.0),
    "integer scalar": lambda t: t.tensor(-3),
    "boolean scalar": lambda t: t.tensor(True),
    "empty": lambda t: t.tensor([]),
    "empty integers": lambda t: t.zeros(0, dtype=t.int64),
    "empty with a shape": lambda t: t.zeros(0, 3),
    "negative zero": lambda t: t.tensor([-0.0, 1.0]),
    "only nan": lambda t: t.tensor([math.nan, math.inf, -math.inf]),
    "nan among whole": lambda t: t.tensor([math.nan, 1.0, -100.0]),
    "transposed": lambda t: t.arange(6).reshape(2, 3).T,
    "expanded": lambda t: t.tensor([1.0, 2.0]).expand(3, 2),
    "a node": lambda t: t.ones(2, requires_grad=True) * 2,
    "a sum": lambda t: t.ones(2, requires_grad=True).sum(),
    "an exp": lambda t: t.ones(2, 2, requires_grad=True).exp(),
    "a tanh": lambda t: t.ones(2, 2, requires_grad=True).tanh(),
    "a mean": lambda t: t.ones(2, requires_grad=True).mean(),
    "a node at the end of a long line": lambda t: t.ones(13, requires_grad=True) / 3,
    "requires_grad on the next line": lambda t: t.full((9,), 1 / 3, requires_grad=True),
    "a parameter": lambda t: t.nn.Parameter(t.ones(2)),
    "a detached one": lambda t: (t.ones(2, requires_grad=True) * 2).detach(),
    "1000 elements": lambda t: t.arange(1000),
    "1001 elements": lambda t: t.arange(1001),
    "large scalar": lambda t: t.tensor(1e10),
    "half": lambda t: t.tensor([0.1, 65504.0], dtype=t.float16),
    "a list of them": lambda t: [t.ones(2), t.zeros(1)],
    "size": lambda t: t.ones(2, 3).shape[0],
}


@pytest.mark.parametrize("make", CASES.values(), ids=CASES)
def test_cases(make):
    same(make(T), make(torch))


def test_the_default_dtype_is_not_shown():
    for library in (T, torch):
        library.set_default_dtype(library.float64)
    try:
        same(*both(np.ones(2)))
        same(*both(np.ones(2, np.float32)))
    finally:
        for library in (T, torch):
            library.set_default_dtype(library.float32)


def test_strings_and_formats():
    for make in (lambda t: t.tensor(1.5), lambda t: t.ones(2)):
        assert str(make(T)) == str(make(torch))
        assert f"{make(T)}" == f"{make(torch)}"
    assert f"{T.tensor(1.23456):.2f}" == f"{torch.tensor(1.23456):.2f}"
    for library in (T, torch):
        with pytest.raises(TypeError, match=r"unsupported format string passed to Tensor\.__format__"):
            f"{library.ones(2):.2f}"
