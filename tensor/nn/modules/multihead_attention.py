"""Attention of several heads."""

from __future__ import annotations

from typing import Any

from tensor.dtypes import DtypeLike
from tensor.errors import ArgumentError
from tensor.factories import empty
from tensor.nn import functional as F
from tensor.nn import init
from tensor.nn.modules.linear import NonDynamicallyQuantizableLinear
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.tensors import Tensor


class MultiheadAttention(Module):
    """Project queries, keys and values, attend with several heads, and project what they give.

    There is one way to compute it, in training and in evaluation. PyTorch has another for the latter, with the same
    results but for rounding; there `is_causal=True` without `attn_mask` is refused in training only, here always.

    Args:
        embed_dim: size of queries and outputs.
        num_heads: how many heads; they divide that size.
        dropout: the probability that a weight is set to 0 in training.
        bias: whether the projections have biases.
        add_bias_kv: whether there is a learnt key, with a value, beside those that are given.
        add_zero_attn: whether there is a key of zeros, with a value of zeros.
        kdim: size of keys; that of queries if left out.
        vdim: size of values; that of queries if left out.
        batch_first: whether the batch is the first dimension.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: a size is not positive, or the heads do not divide it.

    Source: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ArgumentError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads}"
            )
        if embed_dim % num_heads:
            raise ArgumentError(f"embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}")
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads

        def parameter(*shape: int) -> Parameter:
            return Parameter(empty(shape, device=device, dtype=dtype))

        if self._qkv_same_embed_dim:
            self.in_proj_weight = parameter(3 * embed_dim, embed_dim)
            for name in ("q_proj_weight", "k_proj_weight", "v_proj_weight"):
                self.register_parameter(name, None)
        else:
            self.q_proj_weight = parameter(embed_dim, embed_dim)
            self.k_proj_weight = parameter(embed_dim, self.kdim)
            self.v_proj_weight = parameter(embed_dim, self.vdim)
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", parameter(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        for name in ("bias_k", "bias_v"):
            self.register_parameter(name, parameter(1, 1, embed_dim) if add_bias_kv else None)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw new initial values; biases are zero."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for more in (self.bias_k, self.bias_v):
            if more is not None:
                init.xavier_normal_(more)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Attend.

        Args:
            query: (queries, batch, embed_dim), (batch, queries, embed_dim) if `batch_first`, or (queries, embed_dim).
            key: of the same form, of size kdim.
            value: of the same form, of size vdim.
            key_padding_mask: (batch, keys) or (keys,): true hides a key, or floats that are added to the products.
            need_weights: whether to return the weights, which takes time and memory for all of them.
            attn_mask: (queries, keys) or (batch * num_heads, queries, keys): true hides, or floats that are added.
            average_attn_weights: whether the weights are averaged over the heads.
            is_causal: says that `attn_mask` hides all later keys.

        Returns:
            What attention gives, in the form of the query; and the weights, (batch, queries, keys), with num_heads as
            second dimension where they are not averaged, without batch where there is none; or `None`.

        Raises:
            ArgumentError: arguments contradict each other.
            ShapeError: the shapes do not fit.
        """
        turned = self.batch_first and query.ndim == 3
        if turned:
            query, key, value = _turned(query, key, value)
        out, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return out.transpose(0, 1) if turned else out, weights


def _turned(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """All three with time and batch exchanged; what was one tensor stays one, so that it is projected once."""
    made: dict[int, Tensor] = {}
    for each in (query, key, value):
        made.setdefault(id(each), each.transpose(0, 1) if each.ndim >= 2 else each)
    return made[id(query)], made[id(key)], made[id(value)]
