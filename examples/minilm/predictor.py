"""Sentence embeddings: the predictor, and where its model comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from bert import BertConfig, BertModel, mean_of_each
from tokenizers import Tokenizer

import tensor
from tensor.nn import functional as F
from workers.columns import Columns
from workers.ragged import Ragged


def settings_of(folder: Path) -> dict[str, Any]:
    """What `Embed` needs besides the weights, from a model folder of sentence-transformers."""
    return {
        "config": json.loads((folder / "config.json").read_text()),
        "tokenizer": (folder / "tokenizer.json").read_text(),
        "max_tokens": json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"],
    }


class Embed:
    """A predictor: a vector of length 1 for each text; the more alike two texts, the larger their product.

    Args:
        weights: those of a `BertModel`.
        config: its `config.json`.
        tokenizer: its `tokenizer.json`, as text: it travels to the replicas, whose machines need no such file.
        max_tokens: where longer texts are cut off.
    """

    def __init__(
        self, weights: dict[str, tensor.Tensor], *, config: dict[str, Any], tokenizer: str, max_tokens: int
    ) -> None:
        self.model = BertModel(BertConfig.of(config))
        self.model.load_state_dict(weights)
        self.model.eval()
        self.tokenizer = Tokenizer.from_str(tokenizer)
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(max_tokens)

    def prepare(self, columns: Columns) -> Columns:
        """Tokenise a whole shard."""
        encoded = self.tokenizer.encode_batch_fast(list(columns["text"]))
        return {**columns, "token": Ragged.from_rows([each.ids for each in encoded], dtype=np.int64)}

    def __call__(self, batch: Columns) -> dict[str, Any]:
        tokens = batch["token"]
        by_length = np.argsort(tokens.lengths, kind="stable")
        packed = tokens.take(by_length)
        lengths = packed.lengths.tolist()
        hidden = self.model(tensor.from_numpy(packed.values), lengths)
        embeddings = F.normalize(mean_of_each(hidden, lengths), dim=1)
        as_asked = tensor.from_numpy(np.argsort(by_length))
        return {"text": batch["text"], "tokens": tokens.lengths, "embedding": embeddings[as_asked]}
