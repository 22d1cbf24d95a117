"""GPT-2, written as for PyTorch, with the names and layouts of Hugging Face's files, and a cache of keys and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import tensor as torch
from tensor import nn
from tensor.nn import functional as F


@dataclass(frozen=True, kw_only=True)
class GPTConfig:
    """The sizes of a model; the defaults are GPT-2's, 124 million parameters."""

    vocab_size: int = 50257
    n_positions: int = 1024
    n_embd: int = 768
    n_layer: int = 12
    n_head: int = 12
    dropout: float = 0.1
    layer_norm_epsilon: float = 1e-5
    initializer_range: float = 0.02


class KeyValueCache:
    """The keys and values of all tokens so far, in all layers: what a next token attends to.

    Args:
        config: of the model.
        rows: how many texts go on at the same time; they are equally long.
        length: how many tokens each may have in the end.
    """

    def __init__(self, config: GPTConfig, *, rows: int, length: int) -> None:
        shape = (config.n_layer, rows, config.n_head, length, config.n_embd // config.n_head)
        self.keys, self.values = torch.empty(shape), torch.empty(shape)
        self.length = 0  # tokens that are in already

    def extend(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Append those of new tokens, (rows, heads, tokens, size); returns those of all tokens."""
        end = self.length + key.shape[2]
        self.keys[layer, :, :, self.length : end] = key
        self.values[layer, :, :, self.length : end] = value
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]


class Conv1D(nn.Module):
    """A linear layer whose weight lies the other way round: (inputs, outputs), as in the files of GPT-2."""

    def __init__(self, outputs: int, inputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs))
        nn.init.normal_(self.weight, std=0.02)
        nn.init.zeros_(self.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight + self.bias


class Attention(nn.Module):
    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.heads, self.dropout = layer, config.n_head, config.dropout
        self.c_attn = Conv1D(3 * config.n_embd, config.n_embd)
        self.c_proj = Conv1D(config.n_embd, config.n_embd)
        self.resid_dropout = nn.Dropout(config.dropout)

    def forward(self, x: torch.Tensor, cache: KeyValueCache | None) -> torch.Tensor:
        rows, tokens, size = x.shape
        query, key, value = (
            part.view(rows, tokens, self.heads, size // self.heads).transpose(1, 2)
            for part in self.c_attn(x).split(size, dim=2)
        )  # (rows, heads, tokens, size of a head)
        if cache is not None:
            key, value = cache.extend(self.layer, key, value)
        before = key.shape[2] - tokens
        # A token sees those before it: the triangle of `is_causal` if it starts at the first, all if it is alone.
        mask = None
        if before and tokens > 1:
            mask = torch.ones(tokens, before + tokens, dtype=torch.bool).tril(before)
        mixed = F.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=not before,
        )
        return self.resid_dropout(self.c_proj(mixed.transpose(1, 2).reshape(rows, tokens, size)))


class MLP(nn.Module):
    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.c_fc = Conv1D(4 * config.n_embd, config.n_embd)
        self.c_proj = Conv1D(config.n_embd, 4 * config.n_embd)
        self.act = nn.GELU(approximate="tanh")
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.dropout(self.c_proj(self.act(self.c_fc(x))))


class Block(nn.Module):
    def __init__(self, config: GPTConfig, layer: int) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.attn = Attention(config, layer)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        self.mlp = MLP(config)

    def forward(self, x: torch.Tensor, cache: KeyValueCache | None) -> torch.Tensor:
        x = x + self.attn(self.ln_1(x), cache)
        return x + self.mlp(self.ln_2(x))


class GPT2(nn.Module):
    """Logits of the next token at each place.

    Takes `token_ids` of shape (rows, tokens), and with a cache only those that are not in it yet; returns
    (rows, tokens, vocab_size), or with `only_last` (rows, 1, vocab_size).
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.drop = nn.Dropout(config.dropout)
        self.h = nn.ModuleList([Block(config, layer) for layer in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd, eps=config.layer_norm_epsilon)
        nn.init.normal_(self.wte.weight, std=config.initializer_range)
        nn.init.normal_(self.wpe.weight, std=config.initializer_range)

    def forward(
        self, token_ids: torch.Tensor, cache: KeyValueCache | None = None, *, only_last: bool = False
    ) -> torch.Tensor:
        start = 0 if cache is None else cache.length
        places = torch.arange(start, start + token_ids.shape[1])
        x = self.drop(self.wte(token_ids) + self.wpe(places))
        for block in self.h:
            x = block(x, cache)
        if cache is not None:
            cache.length += token_ids.shape[1]
        x = self.ln_f(x[:, -1:] if only_last else x)
        return F.linear(x, self.wte.weight)  # the table of tokens, read the other way


def from_hugging_face(weights: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename the tensors of a file of Hugging Face's for `GPT2`.

    Some files say `transformer.h.0…`, some `h.0…`; some hold the causal mask, and the output layer, which is `wte`.
    """
    renamed = {name.removeprefix("transformer."): value for name, value in weights.items()}
    not_learnt = (".attn.bias", ".attn.masked_bias", "lm_head.weight")
    return {name: value for name, value in renamed.items() if not name.endswith(not_learnt)}


def config_of(weights: Mapping[str, torch.Tensor], *, n_head: int | None = None) -> GPTConfig:
    """Read a model's sizes off its weights, all but the number of heads: by default their size is 64, as in GPT-2."""
    (vocab_size, n_embd), (n_positions, _) = weights["wte.weight"].shape, weights["wpe.weight"].shape
    layers = {name.split(".")[1] for name in weights if name.startswith("h.")}
    return GPTConfig(
        vocab_size=vocab_size,
        n_positions=n_positions,
        n_embd=n_embd,
        n_layer=len(layers),
        n_head=n_head or n_embd // 64,
    )


def parameters_in(weights: Mapping[str, torch.Tensor]) -> int:
    """How many numbers a model has learnt."""
    return sum(value.numel() for value in weights.values())
