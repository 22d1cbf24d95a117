"""Samples of `tensor.ops.indexing`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw


def _basic(draw: Draw, size: int) -> Any:
    """An integer or a slice for one dimension."""
    bounds = [draw.choice([None, draw.integer(-5, 5)]) for _ in range(2)]
    whole = slice(*bounds, draw.choice([None, 1, 2, 3]))
    return draw.choice([draw.integer(-size, size - 1), whole]) if size else whole


def _view_key(draw: Draw, shape: tuple[int, ...]) -> Any:
    parts: list[Any] = [_basic(draw, size) for size in shape[: draw.integer(0, len(shape))]]
    for _ in range(draw.integer(0, 2)):
        parts.insert(draw.integer(0, len(parts)), None)
    if draw.flag():
        parts.append(...)
    return parts[0] if len(parts) == 1 else tuple(parts)


@samples("getitem", kinds="fib")
def getitem(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    key = _view_key(draw, array.shape)
    return Sample(lambda t, a: a[key], [array])


@samples("getitem", gradcheck=False)
def getitem_that_may_be_out_of_range(draw: Draw) -> Sample:
    key = tuple(draw.integer(-5, 5) for _ in range(draw.integer(0, 4)))
    return Sample(lambda t, a: a[key], [draw.array(*draw.shape())])


def _mixed_key(draw: Draw, shape: tuple[int, ...]) -> tuple[list[Any], list[np.ndarray]]:
    """An index with integer tensors of one broadcast shape in it; what stands for the tensors is `...` in a list."""
    common = draw.shape(0, 2)
    parts: list[Any] = []
    arrays: list[np.ndarray] = []
    for size in shape[: draw.integer(1, len(shape)) if shape else 0]:
        if size and draw.integer(0, 2):
            parts.append([len(arrays)])
            dtype = draw.choice(["int64", "int32"])
            arrays.append(draw.integers(*draw.broadcastable(common), low=-size, high=size, dtype=dtype))
        else:
            parts.append(_basic(draw, size))
    if draw.flag():
        parts.insert(draw.integer(0, len(parts)), None)
    if draw.flag():
        parts.append(...)
    return parts, arrays


def _key(parts: list[Any], indices: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(indices[part[0]] if isinstance(part, list) else part for part in parts)


@samples("index", kinds="fib", tolerance=half(4))  # torch adds up in half precision
def index(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    parts, arrays = _mixed_key(draw, array.shape)
    return Sample(lambda t, a, *indices: a[_key(parts, indices)], [array, *arrays])


@samples("index", kinds="fib", tolerance=half(4))  # torch adds up in half precision
def index_by_one_vector(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    places = draw.integers(*draw.shape(1, 2), low=-1, high=1)
    return Sample(lambda t, a, at: (a[at], a[..., at], a[at, None]), [array, places])


@samples("index", kinds="fib")
def index_by_a_mask(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    before = draw.integer(0, array.ndim - 1)
    after = draw.integer(before + 1, array.ndim)
    mask = draw.mask(*array.shape[before:after])
    key = (slice(None),) * before
    return Sample(lambda t, a, m: (a[(*key, m)], a[(*key, m, None)]), [array, mask])


@samples("index")
def index_by_mask_and_vector(draw: Draw) -> Sample:
    rows, columns = draw.side(), draw.side()
    mask = draw.mask(rows)
    places = draw.integers(1, high=columns)
    return Sample(lambda t, a, m, at: (a[m, at], a[m, :, at]), [draw.array(rows, columns, columns), mask, places])


@samples("index")
def index_by_bytes(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    return Sample(lambda t, a, m: a[m], [array, draw.mask(*array.shape).astype(np.uint8)])


@samples("index")
def index_by_lists_and_booleans(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    key = draw.choice(
        [[], [0], ([[0, -1], [-1, 0]],), (slice(None), []), True, False, (..., [0]), (True, 0), ([], None)]
    )
    return Sample(lambda t, a: a[key], [array])


@samples("index", gradcheck=False)
def index_by_what_is_none(draw: Draw) -> Sample:
    dtype = draw.choice(["int16", "int8", "float32", "int64", "bool"])
    places = draw.integers(2, low=-1, high=4).astype(dtype)
    return Sample(lambda t, a, at: a[at], [draw.array(*[max(side, 1) for side in draw.shape(1)]), places])


def _written(a: Any, key: Any, value: Any) -> Any:
    copied = a.clone()
    copied[key] = value
    return copied


@samples("setitem", kinds="fib")
def setitem(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    key = _view_key(draw, array.shape)
    value = draw.array(*draw.broadcastable(array[key].shape))
    return Sample(
        lambda t, a, v: _written(a, key, v), [array, value], inplace=lambda t, a, v: (a.__setitem__(key, v), a)[1]
    )


@samples("setitem", kinds="fib", gradcheck=False)
def setitem_of_another_dtype(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    key = _view_key(draw, array.shape)
    value = draw.array(*array[key].shape).astype(draw.choice(["float64", "int64", "int8", "float32"]))
    return Sample(lambda t, a, v: _written(a, key, v), [array, value])


@samples("setitem", kinds="fib")
def setitem_number(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    parts, arrays = _mixed_key(draw, array.shape)
    number = draw.choice([0, 1, True, 2.5])
    return Sample(lambda t, a, *indices: _written(a, _key(parts, indices), number), [array, *arrays])


@samples("setitem", kinds="fib")
def setitem_by_tensors(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1, 3))
    rows = draw.random.permutation(array.shape[0])[: draw.integer(0, array.shape[0])]  # no place twice
    value = draw.array(*draw.broadcastable((len(rows), *array.shape[1:])))
    return Sample(lambda t, a, v, at: _written(a, at, v), [array, value, rows.astype(np.int64)])


@samples("setitem")
def setitem_beside_slices(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(2, 4))
    columns = draw.random.permutation(array.shape[1])[: draw.integer(0, array.shape[1])].astype(np.int64)
    first = _basic(draw, array.shape[0])
    key = (first if isinstance(first, slice) or array.shape[0] else slice(None), columns)
    value = draw.array(
        *draw.broadcastable(array[key[0]][..., :][:, columns].shape if isinstance(key[0], slice) else ())
    )
    return Sample(lambda t, a, v, at: _written(a, (key[0], at), v), [array, value, columns])


@samples("setitem", kinds="fib")
def setitem_by_mask(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    mask = draw.mask(*array.shape[: draw.integer(1, array.ndim)])
    value = draw.array(*draw.broadcastable((int(mask.sum()), *array.shape[mask.ndim :])))
    return Sample(lambda t, a, v, m: _written(a, m, v), [array, value, mask])


@samples("setitem", gradcheck=False)
def setitem_that_does_not_fit(draw: Draw) -> Sample:
    key = draw.choice([0, [0], [0, 0], slice(0, 2)])
    return Sample(lambda t, a, v: _written(a, key, v), [draw.array(*draw.shape(1)), draw.array(*draw.shape())])


@samples("index_put", kinds="fi", tolerance=half(4))  # torch adds up in half precision
def index_put(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(2))
    count = draw.side()
    rows = draw.integers(count, low=-array.shape[0], high=array.shape[0])
    columns = draw.integers(count, low=-array.shape[1], high=array.shape[1])
    value = draw.array(*draw.broadcastable((count, *array.shape[2:])))
    return Sample(
        lambda t, a, v, i, j: t.index_put(a, (i, j), v, accumulate=True),
        [array, value, rows, columns],
        inplace=lambda t, a, v, i, j: a.index_put_((i, j), v, True),
    )


@samples("index_put", tolerance=half(4))  # torch adds up in half precision
def index_put_of_rows(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    rows = draw.integers(draw.side(), high=array.shape[0])
    value = draw.array(*draw.broadcastable((len(rows), *array.shape[1:])))
    return Sample(lambda t, a, v, i: a.index_put((i,), v, True), [array, value, rows])


@samples("index_put", tolerance=half(4))  # torch adds up in half precision
def index_put_by_a_mask(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    mask = draw.mask(*array.shape)
    value = draw.array(*draw.choice([(), (1,), (int(mask.sum()),)]))
    return Sample(lambda t, a, v, m: (a.index_put((m,), v, True), a.index_put((m,), v)), [array, value, mask])
