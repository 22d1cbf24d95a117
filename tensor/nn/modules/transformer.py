"""Transformers: attention and feed-forward layers, stacked to encoders and decoders."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from tensor.devices import DeviceLike
from tensor.dtypes import DtypeLike
from tensor.errors import ArgumentError, ShapeError
from tensor.factories import full
from tensor.modes import is_grad_enabled
from tensor.nn import functional as F
from tensor.nn import init
from tensor.nn.modules.activation import GELU, ReLU
from tensor.nn.modules.container import ModuleList
from tensor.nn.modules.dropout import Dropout
from tensor.nn.modules.linear import Linear
from tensor.nn.modules.module import Module
from tensor.nn.modules.multihead_attention import MultiheadAttention
from tensor.nn.modules.normalization import LayerNorm
from tensor.tensors import Tensor

Activation = str | Callable[[Tensor], Tensor]


def _get_activation_fn(activation: str) -> Callable[[Tensor], Tensor]:
    if activation not in ("relu", "gelu"):
        raise ArgumentError(f"activation should be relu/gelu, not {activation}")
    return F.relu if activation == "relu" else F.gelu


def _is_causal(mask: Tensor | None, said: bool | None) -> bool:
    """Whether a mask hides all later keys and nothing else: as it is said, or else as it is found."""
    if said is not None or mask is None:
        return bool(said)
    if mask.ndim != 2 or mask.shape[0] != mask.shape[1]:
        return False
    later = np.triu(np.ones(mask.shape, np.bool_), 1)
    causal = later if mask._data.dtype.kind == "b" else np.where(later, -np.inf, 0)
    return bool((mask._data == causal).all())


class _Layer(Module):
    """What the layers of encoders and decoders share; arguments as theirs."""

    _to_memory: bool  # whether there is a second attention, to what an encoder gave

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        for name in ("self_attn", "multihead_attn") if self._to_memory else ("self_attn",):
            attention = MultiheadAttention(
                d_model, nhead, dropout=dropout, bias=bias, batch_first=batch_first, device=device, dtype=dtype
            )
            self.add_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias=bias, device=device, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias=bias, device=device, dtype=dtype)
        self.norm_first = norm_first
        blocks = range(1, 4 if self._to_memory else 3)
        for block in blocks:
            norm = LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)
            self.add_module(f"norm{block}", norm)
        for block in blocks:
            self.add_module(f"dropout{block}", Dropout(dropout))
        self.activation = _get_activation_fn(activation) if isinstance(activation, str) else activation

    def _add(self, norm: Module, x: Tensor, block: Callable[[Tensor], Tensor]) -> Tensor:
        """Add to `x` what a block computes of it, and normalise before or after."""
        out: Tensor = x + block(norm(x)) if self.norm_first else norm(x + block(x))
        return out

    # The blocks have PyTorch's names, by which subclasses call and replace them.

    def _sa_block(
        self, x: Tensor, attn_mask: Tensor | None, key_padding_mask: Tensor | None, is_causal: bool = False
    ) -> Tensor:
        out: Tensor = self.dropout1(_attended(self.self_attn, x, x, attn_mask, key_padding_mask, is_causal))
        return out

    def _ff_block(self, x: Tensor) -> Tensor:
        last = self.dropout3 if self._to_memory else self.dropout2
        out: Tensor = last(self.linear2(self.dropout(self.activation(self.linear1(x)))))
        return out


def _attended(
    attention: Module, x: Tensor, memory: Tensor, mask: Tensor | None, padding: Tensor | None, is_causal: bool
) -> Tensor:
    out: Tensor = attention(
        x, memory, memory, attn_mask=mask, key_padding_mask=padding, need_weights=False, is_causal=is_causal
    )[0]
    return out


class TransformerEncoderLayer(_Layer):
    """Attention of a sequence to itself, and a feed-forward network, each added to what it gets.

    There is one way to compute it, in training and in evaluation; PyTorch's other one gives the same but for rounding.

    Args:
        d_model: size of inputs and outputs.
        nhead: how many heads; they divide that size.
        dim_feedforward: size within the feed-forward network.
        dropout: the probability that an element is set to 0 in training.
        activation: `relu`, `gelu`, a function or a module.
        layer_norm_eps: added to the variance in normalisation.
        batch_first: whether the batch is the first dimension.
        norm_first: whether to normalise before attention and network, not after the sums.
        bias: whether projections and normalisation have biases.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: the heads do not divide the size, or there is no such activation.

    Source: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
    """

    _to_memory = False

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """Pass a sequence through the layer.

        Args:
            src: (time, batch, d_model), (batch, time, d_model) if `batch_first`, or (time, d_model).
            src_mask: (time, time) or (batch * nhead, time, time): true hides, or floats that are added.
            src_key_padding_mask: (batch, time) or (time,): true hides, or floats that are added.
            is_causal: says that `src_mask` hides all later elements.

        Returns:
            The same shape.

        Raises:
            ArgumentError: arguments contradict each other.
            ShapeError: the shapes do not fit.
        """

        def attend(x: Tensor) -> Tensor:
            return self._sa_block(x, src_mask, src_key_padding_mask, is_causal=is_causal)

        return self._add(self.norm2, self._add(self.norm1, src, attend), self._ff_block)


class TransformerDecoderLayer(_Layer):
    """Attention of a sequence to itself, attention to another, and a feed-forward network, each added to what it gets.

    A copy of a layer whose activation is a module computes `relu` in its place, and so do the layers of a
    `TransformerDecoder`. So it is in PyTorch 2.13, and trained weights have got used to it; functions are copied.

    Args:
        d_model: size of inputs and outputs.
        nhead: how many heads; they divide that size.
        dim_feedforward: size within the feed-forward network.
        dropout: the probability that an element is set to 0 in training.
        activation: `relu`, `gelu`, a function or a module.
        layer_norm_eps: added to the variance in normalisation.
        batch_first: whether the batch is the first dimension.
        norm_first: whether to normalise before attentions and network, not after the sums.
        bias: whether projections and normalisation have biases.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: the heads do not divide the size, or there is no such activation.

    Source: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
    """

    _to_memory = True

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Pass a sequence through the layer.

        Args:
            tgt: (time, batch, d_model), (batch, time, d_model) if `batch_first`, or (time, d_model).
            memory: what an encoder gave, in the same form, of any time.
            tgt_mask: (time, time) or (batch * nhead, time, time): true hides, or floats that are added.
            memory_mask: the same for `memory`, as last dimension.
            tgt_key_padding_mask: (batch, time) or (time,): true hides, or floats that are added.
            memory_key_padding_mask: the same for `memory`.
            tgt_is_causal: says that `tgt_mask` hides all later elements.
            memory_is_causal: says that `memory_mask` does.

        Returns:
            The shape of `tgt`.

        Raises:
            ArgumentError: arguments contradict each other.
            ShapeError: the shapes do not fit.
        """

        def attend(x: Tensor) -> Tensor:
            return self._sa_block(x, tgt_mask, tgt_key_padding_mask, tgt_is_causal)

        def attend_to_memory(x: Tensor) -> Tensor:
            return self._mha_block(x, memory, memory_mask, memory_key_padding_mask, memory_is_causal)

        x = self._add(self.norm2, self._add(self.norm1, tgt, attend), attend_to_memory)
        return self._add(self.norm3, x, self._ff_block)

    def _mha_block(
        self,
        x: Tensor,
        mem: Tensor,
        attn_mask: Tensor | None,
        key_padding_mask: Tensor | None,
        is_causal: bool = False,
    ) -> Tensor:
        out: Tensor = self.dropout2(_attended(self.multihead_attn, x, mem, attn_mask, key_padding_mask, is_causal))
        return out

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__.setdefault("activation", F.relu)  # see the class


class TransformerEncoder(Module):
    """Layers one after the other, copies of one.

    PyTorch leaves padding out of the computation where it can, with nested tensors, and then returns zeros in its
    place (before `norm`): in evaluation without gradients, of layers that are `batch_first` with biases, an even number
    of heads, `relu` or `gelu`, and without `norm_first`, where `src_key_padding_mask` hides only the ends of sequences
    and there is no `mask`. There are zeros here under the same conditions; none without `enable_nested_tensor`.

    Args:
        encoder_layer: the layer to copy.
        num_layers: how many layers.
        norm: what the output goes through.
        enable_nested_tensor: see above.
        mask_check: accepted; PyTorch can do without looking at which elements the mask hides.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _get_clones(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.use_nested_tensor = enable_nested_tensor and _has_other_way(encoder_layer)
        self.mask_check = mask_check

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """Pass a sequence through all layers.

        Args:
            src: (time, batch, d_model), (batch, time, d_model) if the layers are `batch_first`, or (time, d_model).
            mask: (time, time) or (batch * nhead, time, time): true hides, or floats that are added.
            src_key_padding_mask: (batch, time) or (time,): true hides, or floats that are added.
            is_causal: whether `mask` hides all later elements and nothing else; `None` to find out.

        Returns:
            The same shape.

        Raises:
            ArgumentError: arguments contradict each other.
            ShapeError: the shapes do not fit.
        """
        is_causal = _is_causal(mask, is_causal)
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=mask, is_causal=is_causal, src_key_padding_mask=src_key_padding_mask)
        if src_key_padding_mask is not None and mask is None and self._leaves_padding_out(src, src_key_padding_mask):
            output = output.masked_fill((src_key_padding_mask != 0).unsqueeze(-1), 0)
        return output if self.norm is None else self.norm(output)

    def _leaves_padding_out(self, src: Tensor, padding: Tensor) -> bool:
        if not self.use_nested_tensor or src.ndim != 3:
            return False
        first = self.layers[0]
        if first.training or (is_grad_enabled() and (src.requires_grad or _is_trained(first))):
            return False
        hidden = padding._data != 0
        return bool((hidden[:, 1:] >= hidden[:, :-1]).all())


class TransformerDecoder(Module):
    """Layers one after the other, copies of one.

    Args:
        decoder_layer: the layer to copy.
        num_layers: how many layers.
        norm: what the output goes through.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _get_clones(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Pass a sequence through all layers.

        Args:
            tgt: (time, batch, d_model), (batch, time, d_model) if the layers are `batch_first`, or (time, d_model).
            memory: what an encoder gave, in the same form, of any time.
            tgt_mask: (time, time) or (batch * nhead, time, time): true hides, or floats that are added.
            memory_mask: the same for `memory`, as last dimension.
            tgt_key_padding_mask: (batch, time) or (time,): true hides, or floats that are added.
            memory_key_padding_mask: the same for `memory`.
            tgt_is_causal: whether `tgt_mask` hides all later elements and nothing else; `None` to find out.
            memory_is_causal: whether `memory_mask` does.

        Returns:
            The shape of `tgt`.

        Raises:
            ArgumentError: arguments contradict each other.
            ShapeError: the shapes do not fit.
        """
        tgt_is_causal = _is_causal(tgt_mask, tgt_is_causal)
        output = tgt
        for layer in self.layers:
            output = layer(
                output,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=tgt_is_causal,
                memory_is_causal=memory_is_causal,
            )
        return output if self.norm is None else self.norm(output)


class Transformer(Module):
    """An encoder, and a decoder that attends to what it gives.

    Args:
        d_model: size of inputs and outputs.
        nhead: how many heads; they divide that size.
        num_encoder_layers: how many layers in the encoder.
        num_decoder_layers: how many in the decoder.
        dim_feedforward: size within the feed-forward networks.
        dropout: the probability that an element is set to 0 in training.
        activation: `relu`, `gelu`, a function or a module.
        custom_encoder: an encoder in place of the usual one.
        custom_decoder: a decoder in place of the usual one.
        layer_norm_eps: added to the variance in normalisation.
        batch_first: whether the batch is the first dimension.
        norm_first: whether to normalise before attentions and networks, not after the sums.
        bias: whether projections and normalisation have biases.
        device: the CPU.
        dtype: of the parameters.

    Raises:
        ArgumentError: the heads do not divide the size, or there is no such activation.

    Source: Vaswani et al., 2017, https://arxiv.org/abs/1706.03762;
    https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        layer: tuple[Any, ...] = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps)
        layer += (batch_first, norm_first, bias, device, dtype)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps=layer_norm_eps, bias=bias, device=device, dtype=dtype)

        self.encoder = custom_encoder
        if custom_encoder is None:
            self.encoder = TransformerEncoder(TransformerEncoderLayer(*layer), num_encoder_layers, norm())
        self.decoder = custom_decoder
        if custom_decoder is None:
            self.decoder = TransformerDecoder(TransformerDecoderLayer(*layer), num_decoder_layers, norm())
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Encode one sequence, and decode another beside it.

        Args:
            src: what is encoded: (time, batch, d_model), (batch, time, d_model) if `batch_first`, or (time, d_model).
            tgt: what is decoded, in the same form, of any time.
            src_mask: (time, time) or (batch * nhead, time, time): true hides, or floats that are added.
            tgt_mask: the same for `tgt`.
            memory_mask: the same for what is encoded, seen from `tgt`.
            src_key_padding_mask: (batch, time) or (time,): true hides, or floats that are added.
            tgt_key_padding_mask: the same for `tgt`.
            memory_key_padding_mask: the same for what is encoded, seen from `tgt`.
            src_is_causal: whether `src_mask` hides all later elements and nothing else; `None` to find out.
            tgt_is_causal: whether `tgt_mask` does.
            memory_is_causal: whether `memory_mask` does.

        Returns:
            The shape of `tgt`.

        Raises:
            ArgumentError: arguments contradict each other.
            ShapeError: the shapes do not fit.
        """
        batch = 0 if self.batch_first else 1
        if src.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise ShapeError(
                f"the batch number of src and tgt must be equal, got shapes {tuple(src.shape)} and {tuple(tgt.shape)}"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise ShapeError(
                f"the feature number of src and tgt must be equal to d_model, {self.d_model}, got shapes "
                f"{tuple(src.shape)} and {tuple(tgt.shape)}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        out: Tensor = self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )
        return out

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: DeviceLike = None, dtype: DtypeLike | None = None) -> Tensor:
        """Return a mask that hides all later elements: (sz, sz), 0 or minus infinity."""
        return full((sz, sz), float("-inf"), device=device, dtype=dtype).triu(1)

    def _reset_parameters(self) -> None:
        """Draw new initial values for all matrices."""
        for parameter in self.parameters():
            if parameter.dim() > 1:
                init.xavier_uniform_(parameter)


def _get_clones(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


def _has_other_way(layer: Module) -> bool:
    """Whether PyTorch can compute a layer without its padding."""
    if not isinstance(layer, TransformerEncoderLayer) or layer.norm_first:
        return False
    attention, activation = layer.self_attn, layer.activation
    known = activation is F.relu or activation is F.gelu or isinstance(activation, ReLU | GELU)
    usual = attention.batch_first and attention._qkv_same_embed_dim and attention.in_proj_bias is not None
    return bool(known and usual and attention.num_heads % 2 == 0 and layer.norm1.eps == layer.norm2.eps)


def _is_trained(layer: Module) -> bool:
    return any(parameter.requires_grad for parameter in layer.parameters())
