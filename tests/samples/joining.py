"""Samples of `tensor.ops.joining`."""

from __future__ import annotations

from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw


@samples("cat", kinds="fib")
def cat(draw: Draw) -> Sample:
    shape = draw.shape(1)
    dim = draw.dim(len(shape))
    arrays = []
    for _ in range(draw.integer(1, 3)):
        one = list(shape)
        one[dim] = draw.side()
        arrays.append(draw.array(*one))
    return Sample(lambda t, *given: (t.cat(given, dim), t.concat(given, dim=dim)), arrays)


@samples("cat", kinds="fib", gradcheck=False)
def cat_of_two_dtypes(draw: Draw) -> Sample:
    shape = draw.shape(1, 2)
    other = draw.array(*shape).astype(draw.choice(["float32", "float64", "int64", "uint8", "bool"]))
    return Sample(lambda t, a, b: t.cat((a, b)), [draw.array(*shape), other])


@samples("cat", gradcheck=False)
def cat_with_an_empty_vector(draw: Draw) -> Sample:
    shape = draw.shape(1, 3)
    empty = draw.array(0).astype(draw.choice(["float32", "float64"]))
    dim = draw.dim(len(shape))
    return Sample(lambda t, a, b: t.cat([b, a, b, a], dim), [draw.array(*shape), empty])


@samples("cat", gradcheck=False)
def cat_of_what_does_not_fit(draw: Draw) -> Sample:
    dim = draw.integer(0, 1)
    arrays = [draw.array(*[max(side, 1) for side in draw.shape(1, 3)]) for _ in range(2)]
    return Sample(lambda t, a, b: t.cat([a, b], dim), arrays)


@samples("cat", kinds="fi")
def stacks_as_numpy(draw: Draw) -> Sample:
    shape = draw.shape(0, 3)
    name = draw.choice(["hstack", "vstack", "dstack", "column_stack", "row_stack"])
    return Sample(lambda t, a, b: getattr(t, name)([a, b]), [draw.array(*shape), draw.array(*shape)])


@samples("stack", kinds="fib")
def stack(draw: Draw) -> Sample:
    shape = draw.shape(0, 3)
    dim = draw.dim(len(shape) + 1)
    arrays = [draw.array(*shape) for _ in range(draw.integer(1, 3))]
    return Sample(lambda t, *given: t.stack(given, dim), arrays)


@samples("stack", kinds="fib", gradcheck=False)
def stack_of_two_dtypes(draw: Draw) -> Sample:
    shape = draw.shape(0, 2)
    other = draw.array(*shape).astype(draw.choice(["float32", "float64", "int64", "uint8", "bool"]))
    return Sample(lambda t, a, b: t.stack((a, b)), [draw.array(*shape), other])


@samples("repeat", kinds="fib")
def repeat(draw: Draw) -> Sample:
    shape = draw.shape(0, 3)
    times = tuple(draw.integer(0, 2) for _ in range(len(shape) + draw.integer(0, 2)))
    return Sample(lambda t, a: (a.repeat(times), a.repeat(*times)) if times else a.repeat(()), [draw.array(*shape)])


@samples("repeat", kinds="fi", tolerance=half(4))  # torch sums gradients in half precision
def tile(draw: Draw) -> Sample:
    times = tuple(draw.integer(0, 2) for _ in range(draw.integer(0, 4)))
    return Sample(lambda t, a: t.tile(a, times), [draw.array(*draw.shape(0, 3))])


@samples("expand", kinds="fib")
def meshgrid(draw: Draw) -> Sample:
    arrays = [draw.array(*draw.shape(0, 1)) for _ in range(draw.integer(1, 3))]
    indexing = draw.choice(["ij", "xy"])
    return Sample(lambda t, *given: t.meshgrid(*given, indexing=indexing), arrays)


@samples("stack", kinds="fi")
def cartesian_prod(draw: Draw) -> Sample:
    return Sample(
        lambda t, *given: t.cartesian_prod(*given), [draw.array(draw.side()) for _ in range(draw.integer(1, 3))]
    )


@samples("cat", kinds="fi")
def block_diag(draw: Draw) -> Sample:
    # Not empty: torch's gradients are of the wrong rows there.
    arrays = [draw.array(*[max(side, 1) for side in draw.shape(0, 2)]) for _ in range(draw.integer(1, 3))]
    return Sample(lambda t, *given: t.block_diag(*given), arrays)


REFUSED = [
    lambda t, a: t.cat([]),
    lambda t, a: t.cat(a[0, 0]),
    lambda t, a: t.cat([a[0, 0], a[0, 0]]),
    lambda t, a: t.cat([a, 1.0]),
    lambda t, a: t.stack([a, a[0]]),
    lambda t, a: t.stack([a, a], 3),
    lambda t, a: t.hstack([]),
    lambda t, a: a.repeat(2),
    lambda t, a: a.repeat(2, -1),
    lambda t, a: t.tile(a, (-1,)),
    lambda t, a: t.meshgrid(a),
    lambda t, a: t.meshgrid(a[0], a[0].long(), indexing="ij"),
    lambda t, a: t.meshgrid(a[0], indexing="yx"),
    lambda t, a: t.cartesian_prod(a),
    lambda t, a: t.block_diag(a[None]),
]


@samples("cat", "refused joining", gradcheck=False)
def refused(draw: Draw) -> Sample:
    return Sample(draw.choice(REFUSED), [draw.array(2, 3)])
