"""Damaged and odd files: what we read, the safetensors library reads too, and says the same of it.

We refuse more than it does; each such reason is listed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from hypothesis import event, given, settings
from hypothesis import strategies as st

import tensor
from tensor.safetensors import load
from tensor.serialization import WeightsFileError

STRICTER = re.compile(
    r"its header gives a name twice"
    r"|here it can be BOOL"  # dtypes that tensors cannot have
    r"|which no array can have"  # NumPy's limits
    r"|it starts with|it is a pickle"  # a header that starts with a space, against the specification
)
EXAMPLES = 300  # a millisecond each
SIZES = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8, "U8": 1, "BOOL": 1}

odd_values = st.sampled_from([0, 1, 2, 3, 4, 8, -1, 2.0, "2", None, True, 2**63, 2**64, 1e2, [], {}])
odd_dtypes = st.sampled_from([*SIZES, "F64", "F8_E4M3", "C64", "F4", "f32", "", 3, None])
odd_shapes = st.sampled_from([[0, 2**62], [2**32, 2**32], [1] * 65, None, "x", [[1]], []]) | st.lists(odd_values)
odd_metadata = st.sampled_from([{"a": "b"}, {}, {"a": 1}, {"a": None}, None, "x", []])
odd_tails = st.sampled_from([b" ", b"\n\t\r ", b"x", b"\0", b"}", b"{}"])
odd_names = st.sampled_from([b"t1", b"\\ud800", b"\\ud83d\\ude00", b"\xff", b"\xc3\xa9", b"\\u0041", b"", b"\n"])


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Whole files with up to three things wrong with them."""
    fields: dict[str, Any] = {}
    end = 0
    for index in range(draw(st.integers(0, 3))):
        dtype, shape = draw(st.sampled_from([*SIZES])), draw(st.lists(st.integers(0, 3), max_size=3))
        size = int(np.prod(shape)) * SIZES[dtype]
        fields[f"t{index}"] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    data = bytes(value % 2 for value in range(end))
    raw_changes = []
    for change in draw(st.lists(st.sampled_from(range(9)), max_size=3)):
        entry = draw(st.sampled_from([value for name, value in fields.items() if name != "__metadata__"] or [{}]))
        match change:
            case 0:
                entry["dtype"] = draw(odd_dtypes)
            case 1:
                entry["shape"] = draw(odd_shapes)
            case 2:
                entry["data_offsets"] = [draw(odd_values), draw(odd_values)]
            case 3:
                entry.pop(draw(st.sampled_from(["dtype", "shape", "data_offsets", "more"])), None)
            case 4:
                entry["more"] = draw(odd_values)
            case 5:
                data = data[: draw(st.integers(0, len(data)))]
            case 6:
                data += bytes(draw(st.integers(1, 3)))
            case 7:
                fields["__metadata__"] = draw(odd_metadata)
            case 8:
                raw_changes.append(draw(st.sampled_from(["name", "tail", "head"])))
    raw = json.dumps(dict(draw(st.permutations([*fields.items()])))).encode()
    for part in raw_changes:
        match part:
            case "name":
                raw = raw.replace(b"t0", draw(odd_names), 1)
            case "tail":
                raw += draw(odd_tails)
            case "head":
                raw = b" " + raw
    return len(raw).to_bytes(8, "little") + raw + data


@st.composite
def with_changed_bytes(draw: st.DrawFn) -> bytes:
    """Whole files, mostly, cut off and with some bytes changed."""
    whole = bytearray(draw(files()))
    for _ in range(draw(st.integers(0, 3))):
        whole[draw(st.integers(0, len(whole) - 1))] = draw(st.integers(0, 255))
    return bytes(whole[: draw(st.integers(0, len(whole)))])


def check(data: bytes) -> None:
    try:
        theirs = dict(safetensors.deserialize(data))
    except safetensors.SafetensorError:
        theirs = None
    try:
        ours = load(data)
    except WeightsFileError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        event("refused")
        assert theirs is None or STRICTER.search(refused)
        return
    event("read")
    assert theirs is not None
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        assert list(value.shape) == theirs[name]["shape"]
        assert value.numpy().tobytes() == bytes(theirs[name]["data"])


@settings(max_examples=EXAMPLES)
@given(files())
def test_odd_headers(data):
    check(data)


@settings(max_examples=EXAMPLES)
@given(with_changed_bytes() | st.binary(max_size=40))
def test_changed_bytes(data):
    check(data)


@settings(max_examples=EXAMPLES)
@given(files())
def test_mapped_files(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzzed.safetensors"
    path.write_bytes(data)
    assert outcome(lambda: tensor.load(path)) == outcome(lambda: load(data))


def outcome(read: Callable[[], dict[str, tensor.Tensor]]) -> object:
    try:
        found = read()
    except WeightsFileError as error:
        return str(error).partition(": ")[2]
    return {name: value.numpy().tobytes() for name, value in found.items()}
