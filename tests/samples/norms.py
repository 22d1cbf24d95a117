"""Samples of `tensor.nn.functional.norms` and `batch_norms`."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.samples.declaring import Sample, samples
from tests.samples.drawing import Draw


def _affine(draw: Draw, *shape: int, count: int = 2) -> list[np.ndarray]:
    """Weight and bias, or the first of them, or neither."""
    return [draw.array(*shape) for _ in range(draw.integer(0, count))]


def _input(draw: Draw, *shape: int) -> np.ndarray:
    """Values that are well apart, and whose mean is not zero."""
    return draw.apart(*shape, low=-2, high=3.5)


# Of few elements, or of nearly equal ones, the variance is next to nothing, and so are the gradients' correct digits.


def _batch(draw: Draw, dims: int) -> tuple[int, ...]:
    """(N, C, ...), where only N is ever 0; every channel has several values over the batch."""
    batch = draw.side() and draw.side() + (1 if dims else 5)
    return (batch, draw.integer(1, 4), *(draw.integer(4, 5) if at == 0 else draw.integer(1, 3) for at in range(dims)))


@samples("layer_norm")
def layer_norm(draw: Draw) -> Sample:
    sizes = tuple(draw.integer(4, 6) for _ in range(draw.integer(1, 2)))
    arrays = [_input(draw, *draw.shape(0, 2), *sizes), *_affine(draw, *sizes)]
    eps = draw.choice([1e-5, 1e-2])
    return Sample(lambda t, x, w=None, b=None: t.nn.functional.layer_norm(x, sizes, w, b, eps), arrays)


@samples("rms_norm")
def rms_norm(draw: Draw) -> Sample:
    sizes = tuple(draw.integer(3, 6) for _ in range(draw.integer(1, 2)))
    lead = [max(1, side) for side in draw.shape(0, 2)]  # torch fails for none
    arrays = [_input(draw, *lead, *sizes), *_affine(draw, *sizes, count=1)]
    eps = draw.choice([None, 1e-2])
    return Sample(lambda t, x, w=None: t.nn.functional.rms_norm(x, sizes, w, eps), arrays)


@samples("group_norm")
def group_norm(draw: Draw) -> Sample:
    shape = _batch(draw, draw.integer(1, 2))
    groups = draw.choice([each for each in range(1, shape[1] + 1) if shape[1] % each == 0])
    arrays = [_input(draw, *shape), *_affine(draw, shape[1])]
    eps = draw.choice([1e-5, 1e-2])
    return Sample(lambda t, x, w=None, b=None: t.nn.functional.group_norm(x, groups, w, b, eps), arrays)


@samples("local_response_norm")
def local_response_norm(draw: Draw) -> Sample:
    array = draw.array(*_batch(draw, draw.integer(1, 2)))
    size, alpha, beta, k = (
        draw.integer(1, 6),
        draw.choice([1e-4, 0.5]),
        draw.choice([0.75, 1.0]),
        draw.choice([1.0, 2.0]),
    )
    return Sample(lambda t, x: t.nn.functional.local_response_norm(x, size, alpha, beta, k), [array])


def _running(draw: Draw, name: str, low: int, *, training: bool, tracked: bool) -> Sample:
    """Normalisation with running statistics, which are returned too where they are updated; without in training."""
    shape = _batch(draw, draw.integer(low, 2))
    if name == "instance_norm":
        shape = (max(1, shape[0]), *shape[1:])  # torch fails for no examples
    statistics = [draw.random.uniform(-1, 1, shape[1]), draw.random.uniform(0.5, 2, shape[1])]
    momentum, eps = draw.choice([0.1, 0.5, 1.0]), draw.choice([1e-5, 1e-2])
    dtype = draw.dtype.name

    def fn(t: Any, x: Any, w: Any = None, b: Any = None) -> Any:
        mean, var = [t.tensor(each).to(getattr(t, dtype)) if tracked else None for each in statistics]
        out = getattr(t.nn.functional, name)(x, mean, var, w, b, training, momentum, eps)
        return (out, mean, var) if tracked and training else out

    return Sample(fn, [_input(draw, *shape), *_affine(draw, shape[1])])


@samples("batch_norm")
def batch_norm(draw: Draw) -> Sample:
    return _running(draw, "batch_norm", 0, training=True, tracked=False)


# The statistics that are returned have no gradient, so finite differences are none of theirs.
@samples("batch_norm", "batch_norm with running statistics", gradcheck=False)
def batch_norm_tracked(draw: Draw) -> Sample:
    return _running(draw, "batch_norm", 0, training=True, tracked=True)


@samples("batch_norm_eval")
def batch_norm_eval(draw: Draw) -> Sample:
    return _running(draw, "batch_norm", 0, training=False, tracked=True)


@samples("instance_norm")
def instance_norm(draw: Draw) -> Sample:
    return _running(draw, "instance_norm", 1, training=True, tracked=False)


@samples("instance_norm", "instance_norm with running statistics", gradcheck=False)  # as for batch_norm
def instance_norm_tracked(draw: Draw) -> Sample:
    return _running(draw, "instance_norm", 1, training=True, tracked=True)


@samples("batch_norm_eval", "instance_norm of running statistics")
def instance_norm_eval(draw: Draw) -> Sample:
    return _running(draw, "instance_norm", 1, training=False, tracked=True)


@samples("batch_norm", "batch_norm at the top level")
def batch_norm_at_the_top(draw: Draw) -> Sample:
    shape = (draw.integer(1, 3), *_batch(draw, draw.integer(1, 2))[1:])
    x, w, b = _input(draw, *shape), draw.array(shape[1]), draw.array(shape[1])
    name = draw.choice(["batch_norm", "instance_norm"])
    return Sample(lambda t, x, w, b: getattr(t, name)(x, w, b, None, None, True, 0.1, 1e-3, False), [x, w, b])
