"""Samples of `tensor.ops.slicing`."""

from __future__ import annotations

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


@samples("getitem", kinds="fib")
def narrow(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    dim = draw.dim(array.ndim)
    size = array.shape[dim]
    start = draw.integer(-size, size)
    length = draw.integer(0, size - start % (size or 1)) if start < size else 0
    return Sample(lambda t, a: t.narrow(a, dim, start, length), [array])


@samples("getitem")
def narrow_copy(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    length = draw.integer(0, array.shape[0])
    return Sample(lambda t, a: t.narrow_copy(a, 0, 0, length), [array])


@samples("getitem", kinds="fib")
def select(draw: Draw) -> Sample:
    array = draw.array(*[max(side, 1) for side in draw.shape(1)])
    dim = draw.dim(array.ndim)
    index = draw.integer(-array.shape[dim], array.shape[dim] - 1)
    return Sample(lambda t, a: t.select(a, dim, index), [array])


@samples("getitem")
def split(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    dim, size = draw.dim(array.ndim), draw.integer(1, 5)
    return Sample(lambda t, a: t.split(a, size, dim), [array])


@samples("getitem")
def split_with_sizes(draw: Draw) -> Sample:
    sizes = [draw.integer(0, 2) for _ in range(draw.integer(1, 3))]
    array = draw.array(sum(sizes), *draw.shape(0, 2))
    return Sample(lambda t, a: (*t.split(a, sizes), *t.split_with_sizes(a, sizes, 0)), [array])


@samples("getitem")
def chunk(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    dim, chunks = draw.dim(array.ndim), draw.integer(1, 5)
    return Sample(lambda t, a: t.chunk(a, chunks, dim), [array])


@samples("getitem")
def tensor_split(draw: Draw) -> Sample:
    array = draw.array(*draw.shape(1))
    dim = draw.dim(array.ndim)
    where = draw.choice([draw.integer(1, 5), [draw.integer(-3, 5) for _ in range(draw.integer(0, 3))]])
    return Sample(lambda t, a: t.tensor_split(a, where, dim=dim), [array])


@samples("getitem")
def splits_as_numpy(draw: Draw) -> Sample:
    array = draw.array(2, 2, 2)
    name = draw.choice(["hsplit", "vsplit", "dsplit"])
    where = draw.choice([1, 2, [1], [1, 2]])
    return Sample(lambda t, a: getattr(t, name)(a, where), [array])


@samples("getitem")
def unbind(draw: Draw) -> Sample:
    array = draw.array(*[max(side, 1) for side in draw.shape(1)])
    dim = draw.dim(array.ndim)
    return Sample(lambda t, a: t.unbind(a, dim), [array])


@samples("unfold", kinds="fib")
def unfold(draw: Draw) -> Sample:
    array = draw.array(*draw.shape())
    dim, step = draw.dim(array.ndim), draw.integer(1, 3)
    size = draw.integer(0, array.shape[dim] if array.ndim else 1)
    return Sample(lambda t, a: a.unfold(dim, size, step), [array])


@samples("as_strided", kinds="fi")
def as_strided(draw: Draw) -> Sample:
    size = (draw.side(), draw.side())
    stride = (draw.integer(0, 3), draw.integer(0, 3))
    offset = draw.choice([None, 0, 1])
    return Sample(lambda t, a: t.as_strided(a.contiguous(), size, stride, offset), [draw.array(6, draw.integer(1, 4))])


# A gradient goes to what the view can see of the memory, as in torch.
@samples("as_strided", gradcheck=False)
def as_strided_of_a_view(draw: Draw) -> Sample:
    size = (draw.side(), 2)
    stride = (draw.integer(0, 3), draw.integer(0, 2))
    offset = draw.choice([None, 0, 2])
    return Sample(lambda t, a: t.as_strided(a.clone().t()[1:], size, stride, offset), [draw.array(6, 3)])


REFUSED = [
    lambda t, a: a.narrow(0, -3, 1),
    lambda t, a: a.narrow(0, 3, 0),
    lambda t, a: a.narrow(0, 0, -1),
    lambda t, a: a.narrow(0, 1, 2),
    lambda t, a: a[0, 0].narrow(0, 0, 1),
    lambda t, a: a.select(0, 2),
    lambda t, a: a.select(0, -3),
    lambda t, a: a[0, 0].select(0, 0),
    lambda t, a: a.split(0),
    lambda t, a: a.split(-1),
    lambda t, a: a.split([1, 2]),
    lambda t, a: a.split([-1, 3]),
    lambda t, a: a[0, 0].split(1),
    lambda t, a: a.chunk(0),
    lambda t, a: a.tensor_split(0),
    lambda t, a: a[0, 0].tensor_split(1),
    lambda t, a: a.hsplit(2),
    lambda t, a: a[0, 0].hsplit(1),
    lambda t, a: a[0].vsplit(1),
    lambda t, a: a.dsplit(1),
    lambda t, a: a[0, 0].unbind(),
    lambda t, a: a.unfold(0, 3, 1),
    lambda t, a: a.unfold(0, 1, 0),
    lambda t, a: a.unfold(0, -1, 1),
    lambda t, a: a.as_strided((2, 3), (3,)),
    lambda t, a: a.as_strided((2, 3), (-3, 1)),
    lambda t, a: a.as_strided((7,), (1,)),
    lambda t, a: a.as_strided((1,), (1,), 6),
]


@samples("getitem", "refused slicing", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3)])
