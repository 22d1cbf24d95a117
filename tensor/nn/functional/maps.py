"""Linear maps and lookups."""

from __future__ import annotations

import math

import numpy as np

from tensor.dispatch import apply
from tensor.dtypes import Array
from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError, UnsupportedError
from tensor.ops.contractions import einsum
from tensor.ops.counting import bincount, searchsorted
from tensor.ops.places import rows as positions
from tensor.ops.places import summed
from tensor.registry import op
from tensor.scalars import check_numbers
from tensor.sequences import arange
from tensor.tensors import Tensor


def _linear(input: Array, weight: Array, bias: Array | None) -> Array:
    if not input.dtype == weight.dtype == (weight if bias is None else bias).dtype:
        raise DtypeError(
            f"linear: expected input, weight and bias of one dtype, got {input.dtype}, {weight.dtype}"
            f"{'' if bias is None else f' and {bias.dtype}'}: convert the input or the module with .to(dtype)"
        )
    if input.ndim == 0 or weight.ndim != 2 or input.shape[-1] != weight.shape[1]:
        raise ShapeError(
            f"linear: an input of shape {list(input.shape)} does not fit a weight of shape {list(weight.shape)}: "
            "the last size of both must be equal"
        )
    # One large product: NumPy would make a small one for each of the leading dimensions.
    out = input.reshape(math.prod(input.shape[:-1]), input.shape[-1]) @ weight.T
    if bias is not None:
        out += bias
    return out.reshape(*input.shape[:-1], weight.shape[0])


def _linear_vjp_weight(g: Array, input: Array) -> Array:
    rows = math.prod(g.shape[:-1])
    return g.reshape(rows, g.shape[-1]).T @ input.reshape(rows, input.shape[-1])


LINEAR = op("linear", _linear, input=lambda g, weight: g @ weight, weight=_linear_vjp_weight, bias=lambda g: g)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `input @ weight.T + bias`.

    Args:
        input: (..., in_features).
        weight: (out_features, in_features).
        bias: (out_features,).

    Returns:
        (..., out_features).

    Raises:
        ShapeError: the shapes do not fit.
        DtypeError: the dtypes differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
    """
    out: Tensor = apply(LINEAR, input, weight, bias)
    return out


def _embedding(input: Array, weight: Array, *, padding_idx: int | None, by_frequency: bool) -> Array:
    if input.dtype.kind not in "iu":
        raise DtypeError(f"embedding: expected integers to look up, got {input.dtype}")
    if weight.ndim != 2:
        raise ShapeError(f"embedding: 'weight' must be 2-D, got shape {list(weight.shape)}")
    if input.size and (input.min() < 0 or input.max() >= len(weight)):
        raise DimensionError(
            f"embedding: index out of range: got {input.min()} to {input.max()}, the table has {len(weight)} rows"
        )
    return np.take(weight, input, 0)


def _embedding_vjp_weight(
    g: Array, input: Array, shape: tuple[int, ...], padding_idx: int | None, by_frequency: bool
) -> Array:
    rows = input.reshape(-1)
    g = g.reshape(len(rows), shape[1])
    if by_frequency and len(rows):
        g = g / np.bincount(rows)[rows][:, None].astype(g.dtype)
    gradient = summed(shape, positions(shape, rows, 0), g)
    if padding_idx is not None:
        gradient[padding_idx] = 0
    return gradient


EMBEDDING = op("embedding", _embedding, weight=_embedding_vjp_weight)


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Look up rows of a table.

    Args:
        input: (...), integers, numbers of rows.
        weight: (rows, size).
        padding_idx: a row that gets no gradient.
        max_norm: not supported.
        norm_type: of `max_norm`.
        scale_grad_by_freq: whether a row's gradient is divided by how often it was looked up.
        sparse: not supported.

    Returns:
        (..., size).

    Raises:
        DimensionError: a number is not that of a row.
        DtypeError: the numbers are not integers.
        ValueError: `padding_idx` is not in the table.
        UnsupportedError: `max_norm`, which would write into the table, or `sparse`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
    """
    check_numbers("embedding", {"max_norm": max_norm, "norm_type": norm_type})
    if max_norm is not None:
        raise UnsupportedError("embedding: max_norm writes into the table as it is read; bound the rows under no_grad")
    if sparse:
        raise UnsupportedError("embedding: there are no sparse gradients; leave sparse out")
    row = check_padding_idx(padding_idx, weight.shape[0])
    out: Tensor = apply(EMBEDDING, input, weight, padding_idx=row, by_frequency=scale_grad_by_freq)
    return out


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Look up rows of a table, and make one of each bag of them.

    Args:
        input: (bags, length), or (numbers,) with `offsets`.
        weight: (rows, size).
        offsets: where each bag starts, (bags,).
        max_norm: not supported.
        norm_type: of `max_norm`.
        scale_grad_by_freq: whether a row's gradient is divided by how often it was looked up.
        mode: `sum`, `mean` or `max`.
        sparse: not supported.
        per_sample_weights: of each number, the input's shape; for `sum`.
        include_last_offset: whether `offsets` ends with the end of the last bag.
        padding_idx: a row that does not count.

    Returns:
        (bags, size); zeros for empty bags.

    Raises:
        ArgumentError: there is no such mode, or it takes no weights, or the offsets do not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
    """
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f"mode has to be one of sum, mean or max, got {mode}")
    if per_sample_weights is not None and mode != "sum":
        raise ArgumentError(f"embedding_bag: per_sample_weights are for the mode sum only, got mode='{mode}'")
    if (input.ndim == 1) == (offsets is None):
        raise ArgumentError("embedding_bag: offsets belong to an input of 1 dimension, and only to that")
    rows = embedding(input.reshape(-1), weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    if offsets is None:
        bags = input.shape[0]
        bag = arange(bags).unsqueeze(1).expand(input.shape).reshape(-1)
    else:
        starts = offsets[:-1] if include_last_offset else offsets
        bags = starts.shape[0]
        if not (bags and int(starts[0]) == 0):
            raise ArgumentError("embedding_bag: offsets[0] has to be 0, i.e., the first sequence starts at position 0")
        bag = searchsorted(starts, arange(input.shape[0]), right=True) - 1
    if padding_idx is not None:
        counted = (input.reshape(-1) != check_padding_idx(padding_idx, weight.shape[0])).nonzero().squeeze(1)
        rows, bag = rows.index_select(0, counted), bag.index_select(0, counted)
    made = rows.new_zeros(bags, weight.shape[1])
    if mode == "max":
        places = bag.unsqueeze(1).expand(rows.shape)
        return made.scatter_reduce(0, places, rows, "amax", include_self=False)
    if per_sample_weights is not None:
        weights = per_sample_weights.reshape(-1)
        rows = rows * (weights if padding_idx is None else weights.index_select(0, counted)).unsqueeze(1)
    total = made.index_add(0, bag, rows)
    if mode == "sum":
        return total
    counts = bincount(bag, minlength=bags).clamp(min=1).to(rows.dtype)
    return total / counts.unsqueeze(1)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return `input1 @ weight[k] @ input2` for each k, and add the bias.

    Args:
        input1: (..., in1_features).
        input2: (..., in2_features).
        weight: (out_features, in1_features, in2_features).
        bias: (out_features,).

    Returns:
        (..., out_features).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
    """
    out = einsum("...i,kij,...j->...k", input1, weight, input2)
    return out if bias is None else out + bias


def check_padding_idx(padding_idx: int | None, rows: int) -> int | None:
    """Return the number of a table's padding row, counted from the front.

    Raises:
        ValueError: the table has no such row.
    """
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise ValueError(f"padding_idx must be within num_embeddings, {rows}, got {padding_idx}")
    return padding_idx % rows
