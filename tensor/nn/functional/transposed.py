"""Transposed convolutions: what a convolution's gradient for its input computes, as a function of its own."""

from __future__ import annotations

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, ShapeError
from tensor.nn.functional.columns import convolve, convolve_vjp_input, convolve_vjp_weight
from tensor.nn.functional.convolutions import bias_vjp, check_call, check_dtypes, check_steps
from tensor.nn.functional.windows import Sizes, Windows, per_dim
from tensor.registry import op
from tensor.tensors import Tensor


def _conv_transpose(
    input: Array, weight: Array, bias: Array | None, *, windows: Windows, groups: int, sizes: tuple[int, ...]
) -> Array:
    check_dtypes(input, weight, bias)
    out = convolve_vjp_input(input, weight, (input.shape[0], weight.shape[1] * groups, *sizes), windows, groups)
    if bias is not None:
        out += bias.reshape(-1, *[1] * len(sizes))
    return out


CONV_TRANSPOSE = op(
    "conv_transpose",
    _conv_transpose,
    input=lambda g, weight, windows, groups: convolve(g, weight, None, windows, groups),
    weight=lambda g, input, shape, windows, groups: convolve_vjp_weight(input, g, shape, windows, groups),
    bias=bias_vjp,
)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """Lay weights, times each element of the input, over the last dimension of the result, and sum them up.

    Args:
        input: (N, C, L), or (C, L).
        weight: (C, O / groups, k).
        bias: (O,).
        stride: from one place to the next.
        padding: how much to cut off on either side.
        output_padding: how much more of the end to keep.
        groups: into how many groups, each with weights of its own, the channels fall.
        dilation: from one element of a window to the next.

    Returns:
        (N, O, L'), or (O, L'), where L' = (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1.

    Raises:
        ShapeError: the shapes do not fit, or nothing would be left.
        ArgumentError: an argument is out of its range.
        DtypeError: the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """Lay weights, times each element of the input, over the last two dimensions of the result, and sum them up.

    Args:
        input: (N, C, H, W), or (C, H, W).
        weight: (C, O / groups, kH, kW).
        bias: (O,).
        stride: from one place to the next.
        padding: how much to cut off on either side.
        output_padding: how much more of the end to keep.
        groups: into how many groups, each with weights of its own, the channels fall.
        dilation: from one element of a window to the next.

    Returns:
        (N, O, H', W'), or (O, H', W'); sizes as for `conv_transpose1d`.

    Raises:
        ShapeError: the shapes do not fit, or nothing would be left.
        ArgumentError: an argument is out of its range.
        DtypeError: the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Tensor:
    """Lay weights, times each element of the input, over the last three dimensions of the result, and sum them up.

    Args:
        input: (N, C, D, H, W), or (C, D, H, W).
        weight: (C, O / groups, kD, kH, kW).
        bias: (O,).
        stride: from one place to the next.
        padding: how much to cut off on either side.
        output_padding: how much more of the end to keep.
        groups: into how many groups, each with weights of its own, the channels fall.
        dilation: from one element of a window to the next.

    Returns:
        (N, O, D', H', W'), or (O, D', H', W'); sizes as for `conv_transpose1d`.

    Raises:
        ShapeError: the shapes do not fit, or nothing would be left.
        ArgumentError: an argument is out of its range.
        DtypeError: the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html
    """
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _transposed(
    name: str,
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Sizes,
    output_padding: Sizes,
    groups: int,
    dilation: Sizes,
) -> Tensor:
    shape, kernel = input._data.shape, weight._data.shape[2:]
    check_call(name, dims, input, weight, groups)
    steps, spacing = per_dim(name, "stride", stride, dims), per_dim(name, "dilation", dilation, dims)
    check_steps(steps, spacing)
    pads, more = per_dim(name, "padding", padding, dims), per_dim(name, "output_padding", output_padding, dims)
    if min(pads) < 0:
        raise ArgumentError(f"{name}: negative padding is not supported, got {list(pads)}")
    if min(more) < 0:
        raise ArgumentError(f"{name}: negative output_padding is not supported, got {list(more)}")
    if any(extra >= max(s, d) for extra, s, d in zip(more, steps, spacing, strict=True)):
        raise ArgumentError(
            f"output padding must be smaller than either stride or dilation, but got output_padding={list(more)}, "
            f"stride={list(steps)} and dilation={list(spacing)}"
        )
    channels, wanted = shape[-1 - dims], weight._data.shape[0]
    if channels != wanted:
        raise ShapeError(
            f"Given transposed=1, weight of size {list(weight._data.shape)}, expected input{list(shape)} to have "
            f"{wanted} channels, but got {channels} channels instead"
        )
    outputs = weight._data.shape[1] * groups
    if bias is not None and bias._data.shape != (outputs,):
        raise ShapeError(
            f"Given transposed=1, weight of size {list(weight._data.shape)}, expected bias to be 1-dimensional with "
            f"{outputs} elements, but got bias of size {list(bias._data.shape)} instead"
        )
    if 0 in shape[-dims:]:
        raise ShapeError(f"{name}: only zero batch or zero channel inputs are supported, got input shape {list(shape)}")
    # Cut off so much less behind: exactly the input's places are left, however much output_padding is.
    behind = tuple([p - extra for p, extra in zip(pads, more, strict=True)])
    windows = Windows(kernel, steps, spacing, pads, behind)
    sizes = tuple(
        [
            (size - 1) * s - 2 * p + reach + extra
            for size, s, p, reach, extra in zip(shape[-dims:], steps, pads, windows.extent, more, strict=True)
        ]
    )
    if min(sizes) < 1:
        given, got = (" x ".join(map(str, each)) for each in (shape[-dims:], sizes))
        raise ShapeError(
            f"Given input size per channel: ({given}). Calculated output size per channel: ({got}). "
            "Output size is too small"
        )
    if len(shape) == dims + 1:
        one = input.unsqueeze(0)
        return apply(CONV_TRANSPOSE, one, weight, bias, windows=windows, groups=groups, sizes=sizes).squeeze(0)
    return apply(CONV_TRANSPOSE, input, weight, bias, windows=windows, groups=groups, sizes=sizes)
