"""Frames: what goes in comes out, and nothing that a stranger sends does more than raise WireError."""

from __future__ import annotations

import contextlib
import math
import tracemalloc
from collections import OrderedDict
from dataclasses import dataclass

import hypothesis.extra.numpy as hnp
import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor
from tensor import wire
from tensor.wire import PRELUDE_BYTES, WireError, WireTypeError, frame_size, pack, unpack

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64, 128)),
    hnp.complex_number_dtypes(endianness="?", sizes=(64, 128)),
    hnp.datetime64_dtypes(endianness="?"),
    hnp.timedelta64_dtypes(endianness="?"),
    hnp.unicode_string_dtypes(endianness="?", min_len=1),
    hnp.byte_string_dtypes(min_len=1),
)
SHAPES = hnp.array_shapes(min_dims=0, min_side=0, max_side=5)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=())),  # lone surrogates too
    st.binary(),
)
ARRAYS = hnp.arrays(DTYPES, SHAPES)
OBJECT_ARRAYS = hnp.arrays(object, SHAPES, elements=st.one_of(st.none(), st.text(), st.binary()), fill=st.none())
KEYS = st.one_of(st.text(), st.integers(), st.binary(), st.booleans(), st.none(), st.tuples(st.text(), st.integers()))
VALUES = st.recursive(
    st.one_of(SCALARS, ARRAYS, OBJECT_ARRAYS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4).map(OrderedDict),
    ),
    max_leaves=12,
)


def round_trip(value: object) -> object:
    return unpack(b"".join(pack(value)))


def assert_same(actual: object, expected: object) -> None:
    """Equal in type and value, all the way down; NaN equals NaN, and -0.0 is not 0.0."""
    assert type(actual) is type(expected)
    match expected:
        case dict():
            assert list(actual) == list(expected)
            for key in expected:
                assert_same(actual[key], expected[key])
        case list() | tuple():
            assert len(actual) == len(expected)
            for left, right in zip(actual, expected, strict=True):
                assert_same(left, right)
        case np.ndarray() if expected.dtype == object:
            assert actual.shape == expected.shape
            assert_same(actual.ravel().tolist(), expected.ravel().tolist())
        case np.ndarray():
            assert actual.dtype == expected.dtype.newbyteorder("<")
            np.testing.assert_array_equal(actual, expected)
        case float():
            assert math.copysign(1, actual) == math.copysign(1, expected)
            assert actual == expected or (math.isnan(actual) and math.isnan(expected))
        case _:
            assert actual == expected


@given(VALUES)
def test_any_value_comes_back_equal_in_type_and_value(value):
    assert_same(round_trip(value), value)


@given(hnp.arrays(DTYPES, hnp.array_shapes(min_side=0, max_side=6)), st.data())
def test_views_of_any_layout_arrive_contiguous(array, data):
    index = data.draw(hnp.basic_indices(array.shape, allow_ellipsis=False))
    view = np.asarray(array[index]).T
    arrived = round_trip(view)
    assert_same(arrived, view)
    assert arrived.flags.c_contiguous


@pytest.mark.parametrize(
    "scalar",
    [
        np.float16(1.5), np.float32("nan"), np.float64(-0.0), np.longdouble(0.1), np.complex64(1 + 2j), np.bool_(True),
        np.int8(-3), np.uint64(2**64 - 1), np.datetime64("2024-02-29"), np.timedelta64(3, "ms"),
        np.str_("é"), np.str_(""), np.bytes_(b"\0x"),
    ],
    ids=lambda scalar: f"{scalar.dtype}-{scalar}",
)  # fmt: skip
def test_numpy_scalars_keep_their_type(scalar):
    arrived = round_trip([scalar])[0]
    assert type(arrived) is type(scalar)
    assert arrived.dtype == scalar.dtype
    np.testing.assert_array_equal(arrived, scalar)


def test_the_shape_of_a_tensor_travels():
    assert_same(round_trip({"shape": tensor.zeros(2, 3).shape}), {"shape": tensor.Size([2, 3])})


def test_object_arrays_may_hold_whatever_travels():
    rows = np.empty(3, dtype=object)
    rows[:] = [np.arange(3), {"a": [1, 2]}, (1, "x")]
    assert_same(round_trip({"rows": rows}), {"rows": rows})


def test_large_contiguous_arrays_are_not_copied_when_packed():
    array = np.zeros((512, 512), np.float32)
    array.flags.writeable = False
    buffers = pack({"small": np.arange(3), "large": array, "after": np.arange(3)})
    assert [np.shares_memory(array, np.frombuffer(buffer, np.uint8)) for buffer in buffers] == [False, True, False]


def test_many_small_arrays_make_few_buffers():
    assert len(pack([np.arange(4)] * 500)) == 1


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 5_000])
def test_arrays_are_read_only_aligned_views_on_the_frame(size):
    frame = np.zeros(1 << 17, np.uint8)
    frame = frame[-frame.ctypes.data % 64 :]
    payload = b"".join(pack({"first": np.ones(size, np.int8), "second": np.ones(9, np.float64)}))
    frame[: len(payload)] = np.frombuffer(payload, np.uint8)
    for array in unpack(frame[: len(payload)]).values():
        assert not array.flags.writeable
        assert array.ctypes.data % 64 == 0
        assert array.size == 0 or np.shares_memory(array, frame)


def test_frames_of_any_content_can_be_laid_end_to_end_and_stay_aligned():
    for value in (None, "x" * 100, np.zeros(7, np.uint8), np.zeros(1 << 16, np.uint8)):
        assert sum(buffer.nbytes for buffer in pack(value)) % 64 == 0


def test_a_stream_reader_learns_the_size_of_a_frame_from_its_first_bytes():
    frames = b"".join(pack([1, 2])) + b"".join(pack(np.arange(10)))
    first = frame_size(frames[:PRELUDE_BYTES])
    assert unpack(frames[:first]) == [1, 2]
    assert_same(unpack(frames[first : first + frame_size(frames[first:])]), np.arange(10))


def test_a_stream_reader_can_refuse_a_frame_before_making_room_for_it():
    start = b"".join(pack(np.zeros(10_000)))[:PRELUDE_BYTES]
    with pytest.raises(WireError, match=r"the frame has \d+ bytes, the limit is 1000"):
        frame_size(start, limit_bytes=1000)


# --- What cannot travel -----------------------------------------------------------------------------------------------


class Local:
    pass


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Local(), "Local cannot travel.*register"),
        ({"a": [{1, 2}]}, "builtins.set cannot travel"),
        (np.ma.array([1.0], mask=[True]), "MaskedArray cannot travel"),
        (np.zeros(2, "i4,f4"), "dtype .* cannot travel"),
        (np.array([Local()], dtype=object), "Local cannot travel"),
        (np.void(b"x"), "numpy.void cannot travel"),
    ],
    ids=["class", "nested", "masked", "record", "object", "void"],
)
def test_what_cannot_travel_is_named(value, message):
    with pytest.raises(WireTypeError, match=message) as caught:
        pack(value)
    assert isinstance(caught.value, TypeError)


def test_a_cycle_is_refused():
    cycle: list[object] = []
    cycle.append(cycle)
    with pytest.raises(WireTypeError, match="refers to itself"):
        pack(cycle)


def test_subclasses_are_refused_rather_than_changed_into_their_bases():
    class Row(dict):
        pass

    with pytest.raises(WireTypeError, match="Row cannot travel"):
        pack(Row(a=1))


# --- Types of other layers --------------------------------------------------------------------------------------------


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(wire, "_CODECS", dict(wire._CODECS))
    monkeypatch.setattr(wire, "_CODEC_OF", dict(wire._CODEC_OF))


def test_a_registered_type_travels_with_its_arrays(registry):
    class Ragged:
        def __init__(self, values, offsets):
            self.values, self.offsets = values, offsets

    wire.register(
        Ragged, name="test.Ragged", encode=lambda r: [r.values, r.offsets], decode=lambda parts: Ragged(*parts)
    )
    values = np.arange(100_000)
    buffers = pack(Ragged(values, np.array([0, 100_000])))
    assert any(np.shares_memory(values, np.frombuffer(buffer, np.uint8)) for buffer in buffers)
    arrived = unpack(b"".join(buffers))
    assert isinstance(arrived, Ragged)
    np.testing.assert_array_equal(arrived.values, values)


@dataclass(frozen=True)
class Done:
    shard: int
    columns: dict[str, np.ndarray]

    def __post_init__(self):
        if self.shard < 0:
            raise ValueError(f"shard {self.shard} is negative")


def test_a_dataclass_is_a_message(registry):
    wire.message("test.Done")(Done)
    arrived = round_trip([Done(3, {"x": np.arange(2)})])[0]
    assert type(arrived) is Done
    assert arrived.shard == 3
    np.testing.assert_array_equal(arrived.columns["x"], [0, 1])


@pytest.mark.parametrize("payload", [{"shard": -1, "columns": {}}, {"shard": 1}, {"stray": 1}, [1, 2], None])
def test_a_message_that_does_not_validate_is_a_wire_error(registry, payload):
    wire.message("test.Done")(Done)
    with pytest.raises(WireError, match=r"'test\.Done' cannot be rebuilt"):
        unpack(frame_of(tagged("test.Done", payload)))


def test_an_unregistered_name_is_a_wire_error():
    with pytest.raises(WireError, match=r"'test\.Nobody', which this process has not registered"):
        unpack(frame_of(tagged("test.Nobody", [])))


def test_a_type_or_a_name_is_registered_once(registry):
    wire.message("test.Done")(Done)
    with pytest.raises(ValueError, match="registered already"):
        wire.message("test.Again")(Done)
    with pytest.raises(ValueError, match="registered already"):
        wire.register(Local, name="test.Done", encode=vars, decode=vars)


# --- Hostile frames ---------------------------------------------------------------------------------------------------


def tagged(name: str, payload: object) -> dict:
    return {msgpack.ExtType(1, name.encode()): payload}


def frame_of(header: object, segments: bytes = b"", *, raw: bytes | None = None) -> bytes:
    """A frame with a header that `pack` would not write."""
    body = msgpack.packb(header, strict_types=True) if raw is None else raw
    head = wire._aligned(PRELUDE_BYTES + len(body))
    size = head + wire._aligned(len(segments))
    frame = wire._PRELUDE.pack(wire._MAGIC, wire._VERSION, len(body), size) + body
    return (frame.ljust(head, b"\0") + segments).ljust(size, b"\0")


def test_the_helper_makes_frames_that_are_read():
    array = unpack(frame_of(tagged("array", ["<f4", [2], 0]), b"\0\0\x80\x3f" * 2))
    np.testing.assert_array_equal(array, np.ones(2, np.float32))


@given(VALUES, st.data())
def test_a_frame_cut_anywhere_is_refused(value, data):
    frame = b"".join(pack(value))
    with pytest.raises(WireError):
        unpack(frame[: data.draw(st.integers(0, len(frame) - 1))])


@given(VALUES, st.data())
def test_a_frame_with_changed_bytes_is_read_or_refused(value, data):
    frame = bytearray(b"".join(pack(value)))
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(WireError):
        unpack(frame)


@given(st.binary(max_size=200))
def test_noise_as_a_header_is_read_or_refused(noise):
    with contextlib.suppress(WireError):
        unpack(frame_of(None, raw=noise))


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (["<f4", [17], 0], "past the frame"),
        (["<f4", [2**62, 2**62], 0], "past the frame"),
        (["<f4", [1], 64], "past the frame"),
        (["<f4", [1], 1], "describes no array"),
        (["<f4", [1], -64], "describes no array"),
        (["<f4", [-1], 0], "is no shape"),
        (["<f4", [1.0], 0], "is no shape"),
        (["<f4", [True], 0], "is no shape"),
        (["<f4", [0, 2**63], 0], "damaged"),
        (["<f4", [1] * 65, 0], "damaged"),
        (["|O", [1], 0], "no dtype that travels"),
        (["<f4,<f4", [1], 0], "no dtype that travels"),
        (["<i3", [1], 0], "damaged"),
        (["<U9999999999", [1], 0], "damaged"),
        (["<f4", [1]], "describes no array"),
        ("<f4", "describes no array"),
        (None, "describes no array"),
    ],
    ids=repr,
)
def test_an_array_that_does_not_fit_the_frame_is_refused(payload, message):
    with pytest.raises(WireError, match=message):
        unpack(frame_of(tagged("array", payload), b"\0" * 8)[:])


@pytest.mark.parametrize(
    "header",
    [
        tagged("objects", [[2], ["a"]]),
        tagged("objects", [[-1], ["a"]]),
        tagged("objects", [[0, 2**63], []]),
        tagged("objects", 3),
        tagged("int", None),
        tagged("int", "digits"),
        tagged("tuple", 3),
        tagged("scalar", ["<f8", b"1234"]),
        tagged("scalar", ["|O", b"12345678"]),
        tagged("scalar", ["<f8", b"\0" * 16]),
        [msgpack.ExtType(1, b"tuple")],
        {msgpack.ExtType(1, b"tuple"): [1], "and": 2},
        {"a": msgpack.ExtType(1, b"tuple")},
        msgpack.ExtType(1, b"\xff"),
        msgpack.ExtType(2, b"x"),
        {msgpack.ExtType(1, b"tuple"): [msgpack.ExtType(1, b"array")]},
    ],
    ids=repr,
)
def test_a_header_with_nonsense_in_a_type_is_refused(header):
    with pytest.raises(WireError):
        unpack(frame_of(header))


def test_an_unhashable_key_is_refused():
    with pytest.raises(WireError, match="damaged"):
        unpack(frame_of(None, raw=b"\x81\x90\x01"))


def test_deep_nesting_is_refused():
    with pytest.raises(WireError, match="StackError"):
        unpack(frame_of(None, raw=b"\x91" * 100_000 + b"\xc0"))


@pytest.mark.parametrize("depth", [900, 1000, 1020])
def test_a_description_too_deep_to_print_is_refused(depth):
    deep: object = 0
    for _ in range(depth):
        deep = [deep]
    for name in ("array", "objects", "tensor", "test.Nobody"):
        with pytest.raises(WireError):
            unpack(frame_of(tagged(name, deep)))


def test_keys_too_deep_to_hash_are_refused_or_read():
    deep: object = ()
    for _ in range(500):
        deep = (deep,)
    with contextlib.suppress(WireError):
        unpack(b"".join(pack({deep: 1})))


def test_lengths_that_the_frame_cannot_hold_set_no_memory_aside():
    list_of_4e9 = b"\xdd\xff\xff\xff\xff"
    tracemalloc.start()
    try:
        for raw in (list_of_4e9, b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff"):
            with pytest.raises(WireError):
                unpack(frame_of(None, raw=raw))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: b"", "cut off"),
        (lambda frame: b"GET / HTTP/1.1\r\n".ljust(len(frame)), "another protocol"),
        (lambda frame: frame.replace(b"\r\n", b"\n").ljust(len(frame), b"\0"), "another protocol"),
        (lambda frame: frame[:8] + b"\x09" + frame[9:], "version 9"),
        (lambda frame: frame[:16] + b"\xff" * 8 + frame[24:], "cannot hold"),
        (lambda frame: frame + b"\0" * 64, "exactly one whole frame"),
        (lambda frame: frame[:-64], "exactly one whole frame"),
    ],
    ids=["empty", "http", "line-ends", "version", "header-size", "trailing", "truncated"],
)
def test_a_damaged_prelude_says_what_is_wrong(change, message):
    frame = b"".join(pack(np.arange(100)))
    with pytest.raises(WireError, match=message):
        unpack(change(frame))


def test_the_errors_are_in_the_tree_of_tensor():
    assert issubclass(WireError, tensor.errors.TensorError)
    assert issubclass(WireError, ValueError)
