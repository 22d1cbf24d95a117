"""BERT over packed sequences: the texts of a batch lie end to end, and no token is padding.

Written as for PyTorch, with the names of Hugging Face's `BertModel`, so its safetensors files load as they are. Layers
that look at one token at a time run on all tokens of the batch at once; attention runs once for each run of equally
long texts, so sort a batch by length.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import tensor as torch
from tensor import nn
from tensor.nn import functional as F


@dataclass(frozen=True, kw_only=True)
class BertConfig:
    """The numbers of a `config.json` that the model is built from."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_attention_heads: int
    num_hidden_layers: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float
    hidden_dropout_prob: float
    attention_probs_dropout_prob: float

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> BertConfig:
        """Pick them out of the whole file."""
        if (activation := config.get("hidden_act", "gelu")) != "gelu":
            raise ValueError(f"this BERT computes with gelu, the config asks for {activation!r}")
        return cls(**{field.name: config[field.name] for field in fields(cls)})


def equal_runs(lengths: Sequence[int]) -> Iterator[tuple[slice, int, int]]:
    """Where neighbours of equal length lie among the tokens: (tokens, how many texts, length of each)."""
    start = 0
    for length, run in itertools.groupby(lengths):
        count = sum(1 for _ in run)
        yield slice(start, start + count * length), count, length
        start += count * length


class BertEmbeddings(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=0)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.register_buffer("position_ids", torch.arange(config.max_position_embeddings).unsqueeze(0))

    def forward(self, token_ids: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        positions = torch.cat([self.position_ids[0, :length] for length in lengths])
        hidden = self.word_embeddings(token_ids) + self.position_embeddings(positions)
        hidden = hidden + self.token_type_embeddings.weight[0]  # one text a row: all tokens are of the first segment
        return self.dropout(self.LayerNorm(hidden))


class BertSelfAttention(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.heads = config.num_attention_heads
        self.dropout = config.attention_probs_dropout_prob
        self.query = nn.Linear(config.hidden_size, config.hidden_size)
        self.key = nn.Linear(config.hidden_size, config.hidden_size)
        self.value = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, hidden: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        packed = self.query(hidden), self.key(hidden), self.value(hidden)
        mixed = []
        for tokens, count, length in equal_runs(lengths):
            query, key, value = (
                part[tokens].view(count, length, self.heads, -1).transpose(1, 2) for part in packed
            )  # (texts, heads, length, size of a head)
            context = F.scaled_dot_product_attention(query, key, value, dropout_p=self.dropout if self.training else 0)
            mixed.append(context.transpose(1, 2).reshape(count * length, -1))
        return torch.cat(mixed)


class BertSelfOutput(nn.Module):
    """A projection, added to what the block began with."""

    def __init__(self, config: BertConfig, features: int) -> None:
        super().__init__()
        self.dense = nn.Linear(features, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, hidden: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        return self.LayerNorm(self.dropout(self.dense(hidden)) + residual)


class BertAttention(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.self = BertSelfAttention(config)
        self.output = BertSelfOutput(config, config.hidden_size)

    def forward(self, hidden: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        return self.output(self.self(hidden, lengths), hidden)


class BertIntermediate(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return F.gelu(self.dense(hidden))


class BertLayer(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = BertAttention(config)
        self.intermediate = BertIntermediate(config)
        self.output = BertSelfOutput(config, config.intermediate_size)

    def forward(self, hidden: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        attended = self.attention(hidden, lengths)
        return self.output(self.intermediate(attended), attended)


class BertEncoder(nn.Module):
    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList([BertLayer(config) for _ in range(config.num_hidden_layers)])

    def forward(self, hidden: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        for layer in self.layer:
            hidden = layer(hidden, lengths)
        return hidden


class BertPooler(nn.Module):
    """A view of a text's first token. Sentence embeddings do without it, but the weights file has it."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, first: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.dense(first))


class BertModel(nn.Module):
    """A vector for each token.

    Takes `token_ids`, integers of shape (tokens,), the texts laid end to end, and `lengths`, how many tokens each text
    has; returns (tokens, hidden_size).
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.embeddings = BertEmbeddings(config)
        self.encoder = BertEncoder(config)
        self.pooler = BertPooler(config)

    def forward(self, token_ids: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        return self.encoder(self.embeddings(token_ids, lengths), lengths)


def mean_of_each(hidden: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
    """The mean over the tokens of each text: (tokens, size) to (texts, size)."""
    return torch.cat(
        [hidden[tokens].view(count, length, -1).mean(dim=1) for tokens, count, length in equal_runs(lengths)]
    )
