"""Attention of several heads, with the projections before and after it."""

from __future__ import annotations

import math
import warnings

from tensor.dtypes import dtype
from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.factories import zeros
from tensor.nn.functional.attention import scaled_dot_product_attention
from tensor.nn.functional.dropout import dropout
from tensor.nn.functional.maps import linear
from tensor.ops.joining import cat
from tensor.ops.logits import softmax
from tensor.ops.padding import pad
from tensor.scalars import check_numbers
from tensor.tensors import Tensor


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Project queries, keys and values, attend with several heads, and project what they give.

    Args:
        query: (queries, batch, embed), or (queries, embed).
        key: (keys, batch, any), or (keys, any).
        value: (keys, batch, any), or (keys, any).
        embed_dim_to_check: the size that queries must have.
        num_heads: how many heads; they divide that size.
        in_proj_weight: for queries, keys and values, one below the other: (3 embed, embed).
        in_proj_bias: (3 embed,).
        bias_k: one more key, (1, 1, embed).
        bias_v: its value, (1, 1, embed).
        add_zero_attn: whether to add a key and a value of zeros.
        dropout_p: the probability that a weight is set to 0 in training.
        out_proj_weight: (embed, embed).
        out_proj_bias: (embed,).
        training: whether weights are dropped.
        key_padding_mask: (batch, keys) or (keys,): true hides a key, or floats that are added to the products.
        need_weights: whether to return the weights, which takes memory for all of them.
        attn_mask: (queries, keys) or (batch * num_heads, queries, keys): true hides, or floats that are added.
        use_separate_proj_weight: whether there are separate weights in place of `in_proj_weight`.
        q_proj_weight: (embed, embed).
        k_proj_weight: (embed, size of a key).
        v_proj_weight: (embed, size of a value).
        static_k: keys projected already, (batch * num_heads, keys, embed / num_heads).
        static_v: values projected already, of the same shape.
        average_attn_weights: whether the weights are averaged over the heads.
        is_causal: says that `attn_mask` hides all later keys.

    Returns:
        What attention gives, in the shape of `query`; and the weights, (batch, queries, keys), with num_heads as second
        dimension where they are not averaged, without batch where there is none; or `None`.

    Raises:
        ShapeError: the shapes do not fit.
        ArgumentError: arguments contradict each other.

    Source: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """
    check_numbers(
        "multi_head_attention_forward",
        {"embed_dim_to_check": embed_dim_to_check, "num_heads": num_heads, "dropout_p": dropout_p},
    )
    batched = _check_dimensions(query, key, value, key_padding_mask, attn_mask)
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    queries, batch, embed = query.shape
    if embed != embed_dim_to_check:
        raise ShapeError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {embed}")
    if embed % num_heads:
        raise ShapeError(f"embed_dim {embed} not divisible by num_heads {num_heads}")
    if is_causal and attn_mask is None:
        raise ArgumentError("Need attn_mask if specifying the is_causal hint: one that hides all later keys")
    other = None if attn_mask is None else attn_mask.dtype
    key_padding_mask = _canonical_mask(key_padding_mask, "key_padding_mask", other, "attn_mask", query.dtype)
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        is_causal = False
        attn_mask = _canonical_mask(attn_mask, "attn_mask", None, "", query.dtype, check_other=False)
    if use_separate_proj_weight:
        q, k, v = _projected_separately(query, key, value, (q_proj_weight, k_proj_weight, v_proj_weight), in_proj_bias)
    else:
        q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias)
    attn_mask = _of_three_dimensions(attn_mask, batch * num_heads, queries, key.shape[0])
    more = 0
    if bias_k is not None and bias_v is not None:
        if static_k is not None or static_v is not None:
            raise ArgumentError("bias cannot be added to static key and value")
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
        more += 1
    elif bias_k is not None or bias_v is not None:
        raise ArgumentError("bias_k and bias_v belong together, got one of them")

    heads, size = batch * num_heads, embed // num_heads
    q = q.reshape(queries, heads, size).transpose(0, 1)
    k = _by_head("static_k", static_k, k, heads, size)
    v = _by_head("static_v", static_v, v, heads, size)
    if add_zero_attn:
        nothing = zeros(heads, 1, size, dtype=k.dtype)
        k, v = cat([k, nothing], 1), cat([v, nothing], 1)
        more += 1
    if more:  # what was added is never hidden
        attn_mask = None if attn_mask is None else pad(attn_mask, (0, more))
        key_padding_mask = None if key_padding_mask is None else pad(key_padding_mask, (0, more))
    keys = k.shape[1]
    mask = _merged(attn_mask, key_padding_mask, batch, num_heads, keys)
    probability = dropout_p if training else 0.0
    q, k, v = (each.reshape(batch, num_heads, each.shape[1], size) for each in (q, k, v))
    weights = None
    if need_weights:
        scores = (q * math.sqrt(1 / size)) @ k.transpose(-2, -1)
        weights = softmax(scores if mask is None else scores + mask, -1)
        if probability:
            weights = dropout(weights, probability)
        mixed = weights @ v
    else:
        mixed = scaled_dot_product_attention(q, k, v, mask, probability, is_causal)
    out = linear(mixed.permute(2, 0, 1, 3).reshape(queries, batch, embed), out_proj_weight, out_proj_bias)
    if weights is not None and average_attn_weights:
        weights = weights.mean(1)
    if not batched:
        return out.squeeze(1), None if weights is None else weights.squeeze(0)
    return out, weights


def _check_dimensions(
    query: Tensor, key: Tensor, value: Tensor, key_padding_mask: Tensor | None, attn_mask: Tensor | None
) -> bool:
    """Whether there is a batch."""
    if query.ndim not in (2, 3) or not query.ndim == key.ndim == value.ndim:
        raise ShapeError(
            "query should be unbatched 2D or batched 3D, and key and value alike, but received "
            f"{query.ndim}D, {key.ndim}D and {value.ndim}D"
        )
    if key.shape[:-1] != value.shape[:-1]:
        raise ShapeError(f"key's sequence and batch dims {key.shape[:-1]} do not match value's {value.shape[:-1]}")
    if key_padding_mask is not None and key_padding_mask.ndim != query.ndim - 1:
        raise ShapeError(
            f"expected key_padding_mask to be None or {query.ndim - 1}-D but found {key_padding_mask.ndim}-D tensor"
        )
    if attn_mask is not None and attn_mask.ndim not in (2, 3):
        raise ShapeError(f"expected attn_mask to be None, 2-D or 3-D but found {attn_mask.ndim}-D tensor instead")
    return query.ndim == 3


def _canonical_mask(
    mask: Tensor | None,
    mask_name: str,
    other_type: dtype | None,
    other_name: str,
    target_type: dtype,
    check_other: bool = True,
) -> Tensor | None:
    """Return a mask as what is added to the products of queries and keys.

    Args:
        mask: true hides; floats, and None, stay as they are.
        mask_name: what messages call it.
        other_type: the dtype of the other mask, which should be the same.
        other_name: what messages call that.
        target_type: the dtype of the products.
        check_other: whether to warn where the dtypes differ.

    Raises:
        DtypeError: the mask is of integers.
    """
    if mask is None:
        return None
    if not mask.is_floating_point() and mask._data.dtype.kind != "b":
        raise DtypeError(f"only bool and floating types of {mask_name} are supported, got {mask.dtype}")
    if check_other and other_type is not None and mask.dtype != other_type:
        warnings.warn(
            f"Support for mismatched {mask_name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=3,
        )
    if mask.is_floating_point():
        return mask
    return zeros(mask.shape, dtype=target_type).masked_fill(mask, -math.inf)


def _of_three_dimensions(mask: Tensor | None, heads: int, queries: int, keys: int) -> Tensor | None:
    if mask is None:
        return None
    expected = (queries, keys) if mask.ndim == 2 else (heads, queries, keys)
    if mask.shape != expected:
        raise ShapeError(
            f"The shape of the {mask.ndim}D attn_mask is {tuple(mask.shape)}, but should be {tuple(expected)}."
        )
    return mask.unsqueeze(0) if mask.ndim == 2 else mask


def _merged(mask: Tensor | None, padding: Tensor | None, batch: int, num_heads: int, keys: int) -> Tensor | None:
    """Both masks as one: (batch, num_heads, queries, keys), or what broadcasts to that."""
    if mask is not None:
        mask = mask if mask.shape[0] == 1 else mask.reshape(batch, num_heads, mask.shape[1], keys)
    if padding is None:
        return mask
    if padding.shape != (batch, keys):
        raise ShapeError(f"expected key_padding_mask of shape {(batch, keys)}, got {tuple(padding.shape)}")
    padding = padding.reshape(batch, 1, 1, keys)
    return padding if mask is None else mask + padding


def _by_head(name: str, given: Tensor | None, projected: Tensor, heads: int, size: int) -> Tensor:
    """Keys or values, (heads, keys, size), unless they are given like this."""
    if given is None:
        return projected.reshape(projected.shape[0], heads, size).transpose(0, 1)
    if given.ndim != 3 or given.shape[0] != heads or given.shape[2] != size:
        raise ShapeError(f"expecting {name} of shape ({heads}, keys, {size}), but got {tuple(given.shape)}")
    return given


def _projected(
    query: Tensor, key: Tensor, value: Tensor, weight: Tensor | None, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    if weight is None:
        raise ArgumentError("use_separate_proj_weight is False but in_proj_weight is None")
    if key.shape != value.shape:
        raise ShapeError(f"key shape {tuple(key.shape)} does not match value shape {tuple(value.shape)}")
    if query is key is value:  # one product for all
        q, k, v = linear(query, weight, bias).chunk(3, -1)
        return q, k, v
    wq, wk, wv = weight.chunk(3)
    bq, bk, bv = (None, None, None) if bias is None else bias.chunk(3)
    return linear(query, wq, bq), linear(key, wk, bk), linear(value, wv, bv)


def _projected_separately(
    query: Tensor, key: Tensor, value: Tensor, weights: tuple[Tensor | None, ...], bias: Tensor | None
) -> tuple[Tensor, ...]:
    biases = (None, None, None) if bias is None else bias.chunk(3)
    made = []
    for name, each, weight, shift in zip("qkv", (query, key, value), weights, biases, strict=True):
        if weight is None:
            raise ArgumentError(f"use_separate_proj_weight is True but {name}_proj_weight is None")
        if weight.shape != (query.shape[-1], each.shape[-1]):
            raise ShapeError(
                f"expecting {name}_proj_weight of shape {(query.shape[-1], each.shape[-1])}, got {tuple(weight.shape)}"
            )
        made.append(linear(each, weight, shift))
    return tuple(made)
