"""Convolutions over one, two and three dimensions."""

from __future__ import annotations

from tensor import dtypes
from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.nn.functional.columns import convolve, convolve_vjp_input, convolve_vjp_weight
from tensor.nn.functional.windows import Sizes, Windows, per_dim
from tensor.registry import op
from tensor.tensors import Tensor


def bias_vjp(g: Array) -> Array:
    """Return the sum of a gradient over all but the channels."""
    gradient: Array = g.sum((0, *range(2, g.ndim)))
    return gradient


def check_dtypes(input: Array, weight: Array, bias: Array | None) -> None:
    """Raise DtypeError unless all are of one dtype, with which one can compute."""
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and each.dtype != input.dtype:
            raise DtypeError(
                f"Input type ({dtypes.of(input.dtype)}) and {name} type ({dtypes.of(each.dtype)}) should be the same: "
                "convert the input or the module with .to(dtype)"
            )
    if input.dtype.kind == "b":
        raise DtypeError("convolution: not implemented for bool; convert the input with .float()")


def _convolution(input: Array, weight: Array, bias: Array | None, *, windows: Windows, groups: int) -> Array:
    check_dtypes(input, weight, bias)
    return convolve(input, weight, bias, windows, groups)


CONVOLUTION = op(
    "convolution",
    _convolution,
    input=lambda g, weight, shape, windows, groups: convolve_vjp_input(g, weight, shape, windows, groups),
    weight=lambda g, input, shape, windows, groups: convolve_vjp_weight(g, input, shape, windows, groups),
    bias=bias_vjp,
)


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Slide weights over the last dimension, and sum up their products with the input.

    Args:
        input: (N, C, L), or (C, L).
        weight: (O, C / groups, k).
        bias: (O,).
        stride: from one place to the next.
        padding: zeros on either side; `valid` for none, `same` for as many as keep the size.
        dilation: from one element of a window to the next.
        groups: into how many groups, each with weights of its own, the channels fall.

    Returns:
        (N, O, L'), or (O, L'), where L' = floor((L + 2 padding - dilation (k - 1) - 1) / stride) + 1.

    Raises:
        ShapeError: the shapes do not fit, or no window fits into the input.
        ArgumentError: an argument is out of its range.
        DtypeError: the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Slide weights over the last two dimensions, and sum up their products with the input.

    Args:
        input: (N, C, H, W), or (C, H, W).
        weight: (O, C / groups, kH, kW).
        bias: (O,).
        stride: from one place to the next.
        padding: zeros on either side; `valid` for none, `same` for as many as keep the sizes.
        dilation: from one element of a window to the next.
        groups: into how many groups, each with weights of its own, the channels fall.

    Returns:
        (N, O, H', W'), or (O, H', W'); sizes as for `conv1d`.

    Raises:
        ShapeError: the shapes do not fit, or no window fits into the input.
        ArgumentError: an argument is out of its range.
        DtypeError: the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
    """
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Tensor:
    """Slide weights over the last three dimensions, and sum up their products with the input.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W).
        weight: (O, C / groups, kD, kH, kW).
        bias: (O,).
        stride: from one place to the next.
        padding: zeros on either side; `valid` for none, `same` for as many as keep the sizes.
        dilation: from one element of a window to the next.
        groups: into how many groups, each with weights of its own, the channels fall.

    Returns:
        (N, O, D', H', W'), or (O, D', H', W'); sizes as for `conv1d`.

    Raises:
        ShapeError: the shapes do not fit, or no window fits into the input.
        ArgumentError: an argument is out of its range.
        DtypeError: the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html
    """
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _conv(
    name: str,
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
) -> Tensor:
    shape, kernel = input._data.shape, weight._data.shape[2:]
    check_call(name, dims, input, weight, groups)
    steps, spacing = per_dim(name, "stride", stride, dims), per_dim(name, "dilation", dilation, dims)
    check_steps(steps, spacing)
    low, high = _pads(name, padding, kernel, steps, spacing)
    channels, wanted = shape[-1 - dims], weight._data.shape[1] * groups
    if channels != wanted:
        raise ShapeError(
            f"Given groups={groups}, weight of size {list(weight._data.shape)}, expected input{list(shape)} to have "
            f"{wanted} channels, but got {channels} channels instead"
        )
    outputs = weight._data.shape[0]
    if bias is not None and bias._data.shape != (outputs,):
        raise ShapeError(
            f"Given weight of size {list(weight._data.shape)}, expected bias to be 1-dimensional with {outputs} "
            f"elements, but got bias of size {list(bias._data.shape)} instead"
        )
    windows = Windows(kernel, steps, spacing, low, high)
    if min(windows.places(shape[-dims:])) < 1:
        sizes = [a + size + b for a, size, b in zip(low, shape[-dims:], high, strict=True)]
        raise ShapeError(
            f"Calculated padded input size per channel: ({_times(sizes)}). Kernel size: ({_times(windows.extent)}). "
            "Kernel size can't be greater than actual input size"
        )
    if len(shape) == dims + 1:
        return apply(CONVOLUTION, input.unsqueeze(0), weight, bias, windows=windows, groups=groups).squeeze(0)
    return apply(CONVOLUTION, input, weight, bias, windows=windows, groups=groups)


def _times(sizes: object) -> str:
    return " x ".join(map(str, sizes))  # type: ignore[call-overload]


def check_call(name: str, dims: int, input: Tensor, weight: Tensor, groups: int) -> None:
    """Raise unless input, weight and groups of a convolution, transposed or not, fit its number of dimensions.

    Raises:
        ShapeError: One has another number of dimensions, or the groups do not divide the weight.
        ArgumentError: There are no groups.
    """
    shape = input._data.shape
    if len(shape) not in (dims + 1, dims + 2):
        raise ShapeError(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of size: "
            f"{list(shape)}"
        )
    sizes = weight._data.shape
    if len(sizes) != dims + 2:
        raise ShapeError(f"{name}: expected a weight of {dims + 2} dimensions, but got weight of size {list(sizes)}")
    if not isinstance(groups, int):
        raise DtypeError(f"{name}(): argument 'groups' must be int, not {type(groups).__name__}")
    if groups <= 0:
        raise ArgumentError(f"{name}: non-positive groups is not supported, got {groups}")
    if sizes[0] < groups:
        raise ShapeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{list(sizes)} instead"
        )
    if sizes[0] % groups:
        raise ShapeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of "
            f"size {list(sizes)} instead"
        )
    if 0 in sizes[2:]:
        raise ShapeError(f"{name}: kernel size should be greater than zero, but got weight of size {list(sizes)}")


def check_steps(stride: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    """Raise ArgumentError unless a convolution's stride and dilation are positive."""
    if min(stride) <= 0:
        raise ArgumentError(f"non-positive stride is not supported, got {list(stride)}")
    if min(dilation) <= 0:
        raise ArgumentError(f"dilation should be greater than zero, but got {list(dilation)}")


def _pads(
    name: str, padding: Sizes | str, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return how many zeros go in front and behind, for each dimension."""
    if not isinstance(padding, str):
        sides = per_dim(name, "padding", padding, len(kernel))
        if min(sides) < 0:
            raise ArgumentError(f"{name}: negative padding is not supported, got {list(sides)}")
        return sides, sides
    if padding == "valid":
        return (0,) * len(kernel), (0,) * len(kernel)
    if padding != "same":
        raise ArgumentError(f"Invalid padding string: {padding!r}; there are 'valid' and 'same'")
    if max(stride) > 1:
        raise ArgumentError("padding='same' is not supported for strided convolutions")
    totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    return tuple([total // 2 for total in totals]), tuple([total - total // 2 for total in totals])
