"""The wire: nested Python values, arrays and tensors as one frame of bytes, with the inference mark.

    prelude    32 bytes   magic, version, size of the header, size of the frame
    header     msgpack    the value; in place of each array its dtype, shape and offset
    segments              the bytes of the arrays, each at a multiple of 64 from the frame's start

`pack` copies no large array and `unpack` copies none at all: arrays are read-only views on the received buffer. A
marked tensor arrives marked, whatever the receiver's mode. Nothing is pickled, so a frame cannot run code: it can name
only the types that this process has registered.

The header is plain msgpack (https://github.com/msgpack/msgpack/blob/master/spec.md). A type that msgpack lacks is a map
with one entry: its key an extension value that holds the type's wire name, its value made of simpler types.
"""

from __future__ import annotations

import dataclasses
import math
import re
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import msgpack
import numpy as np

from tensor.aliases import hand_out
from tensor.dtypes import Array, bfloat16
from tensor.errors import TensorError
from tensor.factories import from_numpy
from tensor.nn.deferred import DeferredParameter
from tensor.nn.parameter import Parameter
from tensor.origins import arrive, from_plain, to_plain
from tensor.sizes import Size
from tensor.tensors import Tensor

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

T = TypeVar("T")

ALIGNMENT_BYTES = 64
"""Segments start at multiples of this: a cache line, and the widest vector register."""

_MAGIC = b"\x89shoal\r\n"  # like PNG's: no text, and broken by a transport that rewrites line ends
_VERSION = 1
_PRELUDE = struct.Struct("<8sQQQ")  # magic, version, header bytes, frame bytes
_TAG_CODE = 1  # our only msgpack extension type: the wire name of a type
_SMALL_BYTES = 16 << 10  # below this, one copy costs less than one more entry for `sendmsg`
_BFLOAT16 = "bfloat16"
_DTYPE = re.compile(r"bfloat16|[<|](?:[biufc][1-9]\d?|[SU][1-9]\d{0,9}|[mM]8(?:\[\d{0,9}[a-zA-Z]{1,2}\])?)")
_SURROGATES = "surrogatepass"  # legal in str (odd paths, JSON's "\ud800"), so they travel

PRELUDE_BYTES = _PRELUDE.size
"""How much of a frame `frame_size` needs."""


class WireError(TensorError, ValueError):
    """A frame is truncated, damaged, or not one of ours."""


class WireTypeError(WireError, TypeError):
    """A value cannot travel: its type is not registered, or it is a recorded tensor."""


# --- Frames -----------------------------------------------------------------------------------------------------------


def pack(value: Any) -> list[memoryview]:
    """Encode a value as the buffers of one frame.

    Large contiguous arrays are not copied: the buffers are views on their memory, so send them before the arrays
    change. Other layouts and byte orders are copied to contiguous little-endian arrays first.

    Tensors keep their mark. An array has none: what `Tensor.numpy()` gave of a marked tensor arrives as any other copy
    does that was made in NumPy, outside the inference contract. Send the tensor.

    Args:
        value: None, bool, int of any size, float, str, bytes, list, tuple, dict, NumPy scalars, tensors, arrays of
            numbers, dates or fixed-width text, object arrays (of anything named here) and registered types; nested.
            A `bytearray` or `memoryview` arrives as bytes.

    Returns:
        Buffers for `socket.sendmsg` (at most about a thousand a call), `writer.writelines` or `b"".join`.

    Raises:
        WireTypeError: something in `value` cannot travel.
    """
    encoder = _Encoder()
    try:
        header = msgpack.packb(value, default=encoder.encode, strict_types=True, unicode_errors=_SURROGATES)
    except WireError:
        raise
    except (ValueError, OverflowError) as error:  # msgpack's limits of depth, which a cycle meets too, and of 4 GiB
        raise WireTypeError(f"the value is nested too deeply, refers to itself, or is too large: {error}") from error
    size_bytes = _aligned(PRELUDE_BYTES + len(header)) + encoder.size_bytes
    prelude = _PRELUDE.pack(_MAGIC, _VERSION, len(header), size_bytes)
    return list(_coalesced([memoryview(prelude + header), *encoder.segments]))


def unpack(frame: ReadableBuffer) -> Any:
    """Decode one whole frame.

    Args:
        frame: exactly the bytes of one frame. The arrays in the result are read-only views on it and keep it alive, so
            do not reuse a writable buffer. Arrays are 64-byte aligned when the buffer is.

    Returns:
        The value that was packed. A marked tensor is marked; any other is as if it had been made here: marked if the
        caller is inside `inference_mode`, else not.

    Raises:
        WireError: the frame is truncated, damaged, or holds a type that this process has not registered.
    """
    buffer = memoryview(frame).toreadonly().cast("B")
    size_bytes = frame_size(buffer)
    if buffer.nbytes != size_bytes:
        raise WireError(f"the buffer has {buffer.nbytes} bytes, its frame {size_bytes}: pass exactly one whole frame")
    header_end = PRELUDE_BYTES + _PRELUDE.unpack_from(buffer)[2]
    decoder = _Decoder(buffer[_aligned(header_end) :])
    try:
        value = msgpack.unpackb(
            buffer[PRELUDE_BYTES:header_end],
            strict_map_key=False,
            object_pairs_hook=decoder.decode_map,
            ext_hook=decoder.decode_tag,
            unicode_errors=_SURROGATES,
        )
    except WireError:
        raise
    except (ValueError, TypeError, OverflowError, RecursionError, MemoryError, msgpack.UnpackException) as error:
        raise WireError(f"the frame's header is damaged: {str(error) or type(error).__name__}") from error
    if decoder.open_tags:
        raise WireError("the frame's header is damaged: the name of a type stands where no value can follow it")
    return value


def frame_size(start: ReadableBuffer, *, limit_bytes: int | None = None) -> int:
    """Tell how many bytes a frame has, so that a stream reader knows what to read.

    Args:
        start: the frame's first `PRELUDE_BYTES` bytes, or more.
        limit_bytes: refuse a larger frame, before memory is set aside for it.

    Returns:
        The size of the whole frame, prelude included.

    Raises:
        WireError: these are not the first bytes of a frame that this version reads, or the frame is over the limit.
    """
    buffer = memoryview(start).cast("B")
    if buffer.nbytes < PRELUDE_BYTES:
        raise WireError(f"a frame starts with {PRELUDE_BYTES} bytes, got {buffer.nbytes}: it was cut off")
    magic, version, header_bytes, size_bytes = _PRELUDE.unpack_from(buffer)
    if magic != _MAGIC:
        raise WireError(
            f"expected a frame, which starts with {_MAGIC!r}, got {magic!r}: the sender speaks another protocol"
        )
    if version != _VERSION:
        raise WireError(f"the frame has version {version}, this process reads {_VERSION}: run one version of shoal")
    if size_bytes % ALIGNMENT_BYTES or _aligned(PRELUDE_BYTES + header_bytes) > size_bytes:
        raise WireError(f"a frame of {size_bytes} bytes cannot hold a header of {header_bytes}: it is damaged")
    if limit_bytes is not None and size_bytes > limit_bytes:
        raise WireError(f"the frame has {size_bytes} bytes, the limit is {limit_bytes}: send less at once")
    return int(size_bytes)


def _aligned(size_bytes: int) -> int:
    return size_bytes + -size_bytes % ALIGNMENT_BYTES


def _coalesced(pieces: Iterable[memoryview]) -> Iterator[memoryview]:
    """Pad each piece to the alignment, and join small neighbours."""
    small = bytearray()
    for piece in pieces:
        if piece.nbytes < _SMALL_BYTES:
            small += piece
        else:
            if small:
                yield memoryview(small)
            yield piece
            small = bytearray()
        small += bytes(-piece.nbytes % ALIGNMENT_BYTES)
    if small:
        yield memoryview(small)


# --- Types ------------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Codec:
    name: str
    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]
    tag: msgpack.ExtType


_CODECS: dict[str, _Codec] = {}
_CODEC_OF: dict[type, _Codec] = {}
_ARRAY = msgpack.ExtType(_TAG_CODE, b"array")  # not a codec: the only type that owns segments


def register(cls: type[T], *, name: str, encode: Callable[[T], Any], decode: Callable[[Any], T]) -> None:
    """Let instances of a class travel; both ends must register it. Subclasses are not included.

    Args:
        cls: the class.
        name: its name on the wire, such as `"workers.Ragged"`; changing it makes older frames unreadable.
        encode: makes a value of types that travel; arrays and tensors in it travel without a copy.
        decode: makes an instance of such a value. It meets whatever a stranger sent: what it raises becomes a
            `WireError`.

    Raises:
        ValueError: the class or the name is taken.
    """
    if cls in _CODEC_OF or name in _CODECS:
        raise ValueError(
            f"{cls.__qualname__} or the name {name!r} is registered already: a type has one name on the wire"
        )
    _CODEC_OF[cls] = _CODECS[name] = _Codec(name, encode, decode, msgpack.ExtType(_TAG_CODE, name.encode()))


def message(name: str) -> Callable[[type[T]], type[T]]:
    """Register a dataclass, field by field; its `__post_init__` validates what arrives.

        @message("workers.BatchDone")
        @dataclass(frozen=True, kw_only=True)
        class BatchDone: ...

    Args:
        name: the class's name on the wire.

    Returns:
        A class decorator.
    """

    def decorate(cls: type[T]) -> type[T]:
        fields = [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]  # raises if cls is none
        register(
            cls,
            name=name,
            encode=lambda instance: {field: getattr(instance, field) for field in fields},
            decode=lambda values: cls(**values),
        )
        return cls

    return decorate


class _Encoder:
    """msgpack's `default` hook: called for each value that msgpack itself does not know."""

    def __init__(self) -> None:
        self.segments: list[memoryview] = []
        self.size_bytes = 0

    def encode(self, value: Any) -> Any:
        cls = type(value)
        if cls in (np.ndarray, np.memmap) and value.dtype != object:
            return {_ARRAY: self._add_segment(value)}
        if (codec := _CODEC_OF.get(cls)) is None:
            raise WireTypeError(
                f"a {cls.__module__}.{cls.__qualname__} cannot travel: send Python values, arrays or tensors, or "
                "register the type with tensor.wire.register"
            )
        return {codec.tag: codec.encode(value)}

    def _add_segment(self, array: Array) -> list[Any]:
        dtype = array.dtype.newbyteorder("<")
        code = _code(dtype)
        if not _DTYPE.fullmatch(code):
            raise WireTypeError(f"an array of dtype {array.dtype} cannot travel: send its parts as plain arrays")
        flat = np.ascontiguousarray(array, dtype=dtype).reshape(-1).view(np.uint8)
        offset = self.size_bytes
        self.segments.append(flat.data.toreadonly())
        self.size_bytes += _aligned(flat.nbytes)
        return [code, list(array.shape), offset]


@dataclasses.dataclass(frozen=True)
class _Tag:
    name: str


class _Decoder:
    """msgpack's hooks for the way back."""

    def __init__(self, segments: memoryview) -> None:
        self.segments = segments
        self.open_tags = 0  # read, but not yet met as the one key of a map

    def decode_tag(self, code: int, name: bytes) -> _Tag:
        if code != _TAG_CODE:
            raise WireError(f"the frame's header is damaged: unknown msgpack extension type {code}")
        self.open_tags += 1
        return _Tag(name.decode())

    def decode_map(self, pairs: list[tuple[Any, Any]]) -> Any:
        if len(pairs) != 1 or not isinstance(pairs[0][0], _Tag):
            return dict(pairs)
        [(tag, payload)] = pairs
        self.open_tags -= 1
        if tag.name == "array":
            return self._view(payload)
        if (codec := _CODECS.get(tag.name)) is None:
            raise WireError(f"the frame holds a {tag.name!r}, which this process has not registered: import its module")
        try:
            return codec.decode(payload)
        except Exception as error:
            raise WireError(f"the frame's {tag.name!r} cannot be rebuilt: {error}") from error

    def _view(self, payload: Any) -> Array:
        match payload:
            case [str(code), [*shape], int(offset)] if offset >= 0 and offset % ALIGNMENT_BYTES == 0:
                dtype = _parse_dtype(code)
                end = offset + _count(shape) * dtype.itemsize
            case _:
                raise WireError(f"the frame's header is damaged: {payload!r:.200} describes no array")
        if end > self.segments.nbytes:
            raise WireError(
                f"the frame's header is damaged: an array ends at byte {end} of {self.segments.nbytes}, past the frame"
            )
        return np.ndarray(shape, dtype, self.segments, offset)


def _code(dtype: np.dtype[Any]) -> str:
    return _BFLOAT16 if dtype == bfloat16.numpy_dtype else dtype.str  # NumPy would call it two bytes of anything


def _parse_dtype(code: str) -> np.dtype[Any]:
    if code == _BFLOAT16:
        return bfloat16.numpy_dtype
    if not _DTYPE.fullmatch(code):  # NumPy would also parse records and objects
        raise WireError(f"the frame's header is damaged: {code!r:.50} is no dtype that travels")
    return np.dtype(code)


def _count(shape: list[Any]) -> int:
    if not all(type(length) is int and length >= 0 for length in shape):
        raise WireError(f"the frame's header is damaged: {shape!r:.200} is no shape")
    return math.prod(shape)


# --- The types that the wire knows from the start ---------------------------------------------------------------------


def _encode_int(value: int) -> bytes:  # one that does not fit msgpack's 64 bits
    return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


def _decode_int(payload: Any) -> int:
    return int.from_bytes(payload, "little", signed=True)


def _encode_objects(array: Array) -> list[Any]:
    return [list(array.shape), array.ravel().tolist()]


def _decode_objects(payload: Any) -> Array:
    shape, values = payload
    if _count(shape) != len(values):
        raise WireError(f"{len(values)} values do not fill the shape {shape!r:.200}")
    return np.fromiter(values, dtype=object, count=len(values)).reshape(shape)


def _encode_scalar(value: np.generic) -> list[Any]:
    dtype = value.dtype.newbyteorder("<")
    return [_code(dtype), value.astype(dtype).tobytes()]


def _decode_scalar(payload: Any) -> Any:
    code, data = payload
    [value] = np.frombuffer(data, dtype=_parse_dtype(code))
    return value


def _encode_tensor(tensor: Tensor) -> list[Any]:
    if not tensor.is_leaf:
        raise WireTypeError(
            f"a tensor that was recorded for backward (by {tensor.grad_fn}) cannot travel, since its graph cannot: "
            "send tensor.detach()"
        )
    # Handed out, since the frame's segments are over this very memory.
    return [hand_out(tensor), tensor.is_inference(), tensor.requires_grad, to_plain(tensor.origin)]


def _decode_tensor(payload: Any) -> Tensor:
    array, marked, requires_grad, origin = payload
    if not isinstance(array, np.ndarray):
        raise WireError(f"a tensor needs an array, got a {type(array).__name__}")
    if marked:
        return arrive(array, from_plain(origin))
    tensor = from_numpy(array)
    return tensor.requires_grad_() if requires_grad and not tensor.is_inference() else tensor


def _decode_parameter(payload: Any) -> Parameter:
    tensor = _decode_tensor(payload)
    return Parameter(tensor.detach(), requires_grad=tensor.requires_grad)


register(int, name="int", encode=_encode_int, decode=_decode_int)
register(tuple, name="tuple", encode=list, decode=tuple)
register(Size, name="size", encode=list, decode=Size)
register(OrderedDict, name="dict", encode=dict, decode=OrderedDict)
register(np.ndarray, name="objects", encode=_encode_objects, decode=_decode_objects)
register(np.str_, name="str", encode=str, decode=np.str_)
register(np.bytes_, name="bytes", encode=bytes, decode=np.bytes_)
register(np.float64, name="scalar", encode=_encode_scalar, decode=_decode_scalar)
for _cls in {*np.sctypeDict.values()} - {np.str_, np.bytes_, np.void, np.object_}:
    _CODEC_OF[_cls] = _CODECS["scalar"]  # one name on the wire for all
register(Tensor, name="tensor", encode=_encode_tensor, decode=_decode_tensor)
register(Parameter, name="parameter", encode=_encode_tensor, decode=_decode_parameter)
_CODEC_OF[DeferredParameter] = _CODECS["parameter"]
