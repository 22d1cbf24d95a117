"""Samples of `tensor.ops.shapes`."""

from __future__ import annotations

import math

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("view", kinds="fib")
def view(draw: Draw) -> Sample:
    shape = draw.shape(1)
    size = draw.choice([(-1,), (*shape[1:], shape[0]), (1, *shape), (-1, shape[0])])
    return Sample(lambda t, a: a.contiguous().view(size), [draw.array(*shape)])


@samples("view", kinds="fib")
def reshape(draw: Draw) -> Sample:
    shape = draw.shape(2)
    size = draw.choice([(-1,), (*shape[1:], shape[0]), (1, *shape), (-1, shape[-1])])
    return Sample(lambda t, a: t.reshape(a.transpose(0, -1), size), [draw.array(*shape)])


@samples("view", gradcheck=False)
def view_of_transposed(draw: Draw) -> Sample:
    return Sample(lambda t, a: a.transpose(0, 1).view(-1), [draw.array(*draw.shape(2))])


@samples("view")
def view_and_reshape_as(draw: Draw) -> Sample:
    shape = draw.shape(1)
    other = draw.array(math.prod(shape))
    return Sample(lambda t, a, b: (a.contiguous().view_as(b), a.reshape_as(b)), [draw.array(*shape), other])


@samples("view")
def flatten(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    start, end = sorted([draw.integer(0, max(array.ndim - 1, 0)) for _ in range(2)])
    end -= draw.choice([0, max(array.ndim, 1)])
    return Sample(lambda t, a: (t.flatten(a, start, end), t.ravel(a)), [array])


@samples("view")
def unflatten(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    dim = draw.dim(len(shape))
    split = (draw.side(), draw.side())
    whole = list(shape)
    whole[dim] = math.prod(split)
    sizes = draw.choice([split, (split[0], -1), (-1, split[1]), (*split, 1)]) if all(split) else split
    return Sample(lambda t, a: t.unflatten(a, dim, sizes), [draw.array(*whole)])


def _thin(draw: Draw, low: int = 0) -> tuple[int, ...]:
    """A shape with sizes of 1 in it."""
    return tuple(1 if draw.flag() else side for side in draw.shape(low))


@samples("view")
def squeeze(draw: Draw) -> Sample:
    shape = _thin(draw)
    dim = draw.choice([None, draw.dim(len(shape)), draw.dims(len(shape)), ()])
    return Sample(lambda t, a: t.squeeze(a) if dim is None else t.squeeze(a, dim), [draw.array(*shape)])


@samples("view")
def unsqueeze(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim = draw.dim(array.ndim + 1)
    return Sample(lambda t, a: t.unsqueeze(a, dim), [array])


@samples("view", kinds="fib")
def atleast(draw: Draw) -> Sample:
    return Sample(
        lambda t, a, b: (t.atleast_1d(a), t.atleast_2d(a), t.atleast_3d(a), t.atleast_1d((a, b)), t.atleast_3d(a, b)),
        [draw.array(*draw.shape()), draw.array(*draw.shape())],
    )


@samples("view_dtype", kinds="fi")
def view_dtype(draw: Draw) -> Sample:
    shape = (max(draw.side(), 1), 4)
    other = {1: "int8", 2: "int16", 4: "int32", 8: "int64"}[draw.dtype.itemsize]
    name = draw.choice([other, "int8", "int16", "int64"])
    return Sample(lambda t, a: a.contiguous().view(getattr(t, name)), [draw.array(*shape)], gradients=False)


@samples("expand", kinds="fib")
def expand(draw: Draw) -> Sample:
    shape = _thin(draw)
    size = tuple(draw.side() if side == 1 else draw.choice([side, -1]) for side in shape)
    size = (*draw.shape(0, 2), *size)
    return Sample(lambda t, a: a.expand(size), [draw.array(*shape)])


@samples("expand", gradcheck=False)
def expand_to_what_does_not_fit(draw: Draw) -> Sample:
    size = draw.shape(1)
    return Sample(lambda t, a: a.expand(size), [draw.array(2, 3)])


@samples("expand")
def broadcast_tensors(draw: Draw) -> Sample:
    whole = draw.shape()
    arrays = [draw.array(*draw.broadcastable(whole)) for _ in range(3)]
    return Sample(
        lambda t, a, b, c: (*t.broadcast_tensors(a, b, c), t.broadcast_to(a, whole), a.expand_as(a + b)), arrays
    )


REFUSED = [
    lambda t, a: a.view(7),
    lambda t, a: a.view(-1, -1),
    lambda t, a: a.view(-2, 3),
    lambda t, a: a.view(4, -1),
    lambda t, a: a.reshape(0, -1),
    lambda t, a: a.flatten(1, 0),
    lambda t, a: a.unflatten(0, (2, 2)),
    lambda t, a: a.unflatten(0, (-1, 3)),
    lambda t, a: a.unflatten(0, ()),
    lambda t, a: a.squeeze(2),
    lambda t, a: a.squeeze((0, 0)),
    lambda t, a: a.unsqueeze(3),
    lambda t, a: a.expand(-1, 2, 3),
    lambda t, a: a.expand(3),
    lambda t, a: t.broadcast_tensors(a, a.t()),
    lambda t, a: t.broadcast_shapes((2, 3), (3, 2)),
    lambda t, a: a[0, 0].view(t.int8),
    lambda t, a: a.t().view(t.int8),
    lambda t, a: a[:, :1].contiguous().view(t.float64),
]


@samples("view", "refused shapes", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3)])
