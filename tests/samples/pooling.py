"""Samples of `tensor.nn.functional.pooling`, `max_pooling` and `adaptive_pooling`."""

from __future__ import annotations

from typing import Any

from tests.samples.convolutions import listed, per_dim
from tests.samples.declaring import Sample, half, samples
from tests.samples.drawing import Draw


def _shape(draw: Draw, dims: int, low: int = 1) -> tuple[int, ...]:
    """Of one example, or several, now and then none."""
    batch = () if draw.integer(0, 3) == 0 else (draw.side(),)
    return (*batch, draw.integer(1, 2), *(draw.integer(low, low + 4) for _ in range(dims)))


def _windows(draw: Draw, dims: int, *, dilation: bool) -> dict[str, Any]:
    """Arguments that fit inputs of at least as many elements as a dilated window may reach over: 5."""
    options: dict[str, Any] = {"kernel_size": per_dim(draw, dims, 1, 3), "ceil_mode": draw.flag()}
    kernel = listed(options["kernel_size"], dims)
    if draw.flag():
        options["stride"] = per_dim(draw, dims, 1, 3)
    if draw.flag():
        options["padding"] = tuple(draw.integer(0, k // 2) for k in kernel)
    if dilation and draw.flag():
        options["dilation"] = per_dim(draw, dims, 1, 2)
    return options


def _avg_pool(draw: Draw, dims: int) -> Sample:
    options = _windows(draw, dims, dilation=False) | {"count_include_pad": draw.flag()}
    if dims > 1 and draw.flag():
        options["divisor_override"] = draw.choice([1, 5, -2])
    array = draw.array(*_shape(draw, dims, 3))
    return Sample(lambda t, x: getattr(t.nn.functional, f"avg_pool{dims}d")(x, **options), [array])


@samples("avg_pool", "avg_pool1d")
def avg_pool1d(draw: Draw) -> Sample:
    return _avg_pool(draw, 1)


@samples("avg_pool", "avg_pool2d")
def avg_pool2d(draw: Draw) -> Sample:
    return _avg_pool(draw, 2)


@samples("avg_pool", "avg_pool3d")
def avg_pool3d(draw: Draw) -> Sample:
    return _avg_pool(draw, 3)


@samples("avg_pool", "lp_pool2d", tolerance=20)  # powers and a root follow each other
def lp_pool2d(draw: Draw) -> Sample:
    array = draw.array(*_shape(draw, 2, 3), low=0.5)
    p, kernel, ceil_mode = draw.choice([1, 2, 3, 1.5]), per_dim(draw, 2, 1, 3), draw.flag()
    return Sample(lambda t, x: t.nn.functional.lp_pool2d(x, p, kernel, ceil_mode=ceil_mode), [array])


@samples("avg_pool", "lp_pool1d", tolerance=20)  # powers and a root follow each other
def lp_pool1d(draw: Draw) -> Sample:
    array = draw.array(*_shape(draw, 1, 3), low=0.5)
    stride = draw.integer(1, 3)
    return Sample(lambda t, x: t.nn.functional.lp_pool1d(x, 2.0, 3, stride), [array])


@samples("avg_pool", "lp_pool3d", tolerance=20)  # powers and a root follow each other
def lp_pool3d(draw: Draw) -> Sample:
    array = draw.array(*_shape(draw, 3, 2), low=0.5)
    return Sample(lambda t, x: t.nn.functional.lp_pool3d(x, 3, 2), [array])


def _max_pool(draw: Draw, dims: int, *, indices: bool) -> Sample:
    options = _windows(draw, dims, dilation=True) | {"return_indices": indices}
    array = draw.apart(*_shape(draw, dims, 5 if dims < 3 else 4))
    return Sample(lambda t, x: getattr(t.nn.functional, f"max_pool{dims}d")(x, **options), [array])


@samples("max_pool", "max_pool1d")
def max_pool1d(draw: Draw) -> Sample:
    return _max_pool(draw, 1, indices=False)


@samples("max_pool", "max_pool2d", kinds="fi")
def max_pool2d(draw: Draw) -> Sample:
    return _max_pool(draw, 2, indices=False)


@samples("max_pool", "max_pool3d")
def max_pool3d(draw: Draw) -> Sample:
    return _max_pool(draw, 3, indices=False)


@samples("max_pool", "max_pool2d with ties", gradcheck=False)
def max_pool2d_with_ties(draw: Draw) -> Sample:
    array = draw.array(*_shape(draw, 2, 5)).round()
    options = _windows(draw, 2, dilation=True) | {"return_indices": draw.flag()}
    return Sample(lambda t, x: t.nn.functional.max_pool2d(x, **options), [array])


@samples("max_pool_with_indices", "max_pool1d with indices")
def max_pool1d_with_indices(draw: Draw) -> Sample:
    return _max_pool(draw, 1, indices=True)


@samples("max_pool_with_indices", "max_pool2d with indices", kinds="fi")
def max_pool2d_with_indices(draw: Draw) -> Sample:
    return _max_pool(draw, 2, indices=True)


@samples("max_pool_with_indices", "max_pool3d with indices")
def max_pool3d_with_indices(draw: Draw) -> Sample:
    return _max_pool(draw, 3, indices=True)


@samples("max_unpool")
def max_unpool(draw: Draw) -> Sample:
    dims = draw.integer(1, 3)
    shape = _shape(draw, dims)
    kernel = draw.integer(2, 3)
    sizes = [side * kernel for side in shape[-dims:]]
    count, plane = 1, 1
    for side, size in zip(shape[-dims:], sizes, strict=True):
        count, plane = count * side, plane * size
    places = draw.random.permutation(plane)[:count].reshape(shape[-dims:])
    given = draw.choice([None, sizes])
    indices = places + draw.integers(*shape, low=0, high=1)
    return Sample(
        lambda t, x, at: getattr(t.nn.functional, f"max_unpool{dims}d")(x, at, kernel, output_size=given),
        [draw.array(*shape), indices],
    )


def _output_size(draw: Draw, dims: int) -> Any:
    if draw.flag():
        return draw.integer(1, 6)
    return tuple(draw.choice([None, 1, 2, 3, 7]) for _ in range(dims)) if dims > 1 else (draw.integer(1, 6),)


def _adaptive(draw: Draw, name: str, dims: int, **options: Any) -> Sample:
    size = _output_size(draw, dims)
    array = draw.apart(*_shape(draw, dims))
    return Sample(lambda t, x: getattr(t.nn.functional, f"{name}{dims}d")(x, size, **options), [array])


@samples("adaptive_avg_pool", "adaptive_avg_pool1d")
def adaptive_avg_pool1d(draw: Draw) -> Sample:
    return _adaptive(draw, "adaptive_avg_pool", 1)


@samples("adaptive_avg_pool", "adaptive_avg_pool2d")
def adaptive_avg_pool2d(draw: Draw) -> Sample:
    return _adaptive(draw, "adaptive_avg_pool", 2)


@samples("adaptive_avg_pool", "adaptive_avg_pool3d", tolerance=half(8))  # torch adds up in half precision
def adaptive_avg_pool3d(draw: Draw) -> Sample:
    return _adaptive(draw, "adaptive_avg_pool", 3)


@samples("adaptive_max_pool", "adaptive_max_pool1d")
def adaptive_max_pool1d(draw: Draw) -> Sample:
    return _adaptive(draw, "adaptive_max_pool", 1, return_indices=draw.flag())


@samples("adaptive_max_pool", "adaptive_max_pool2d")
def adaptive_max_pool2d(draw: Draw) -> Sample:
    return _adaptive(draw, "adaptive_max_pool", 2, return_indices=draw.flag())


@samples("adaptive_max_pool", "adaptive_max_pool3d")
def adaptive_max_pool3d(draw: Draw) -> Sample:
    return _adaptive(draw, "adaptive_max_pool", 3, return_indices=draw.flag())
