"""The predictor that continues texts, and the trainer of a small model."""

from __future__ import annotations

from typing import Any

import numpy as np
from generation import generate
from gpt2 import GPT2, GPTConfig, config_of, from_hugging_face
from sampling import Sampling
from tokenizers import Tokenizer

import tensor
from tensor import optim
from tensor.nn import functional as F
from workers.columns import Columns
from workers.ragged import Ragged


class Continue:
    """A predictor: for each `prompt` and `seed` a text that goes on from it.

    Args:
        weights: of a GPT-2, with Hugging Face's names.
        tokenizer: a `tokenizer.json`, as text.
        new_tokens: how many tokens to write.
        sampling: the arguments of `Sampling`.
        n_head: heads of attention, if their size is not GPT-2's 64.
        use_cache: whether to keep keys and values from one token to the next.
    """

    def __init__(
        self,
        weights: dict[str, tensor.Tensor],
        *,
        tokenizer: str,
        new_tokens: int,
        sampling: dict[str, Any],
        n_head: int | None = None,
        use_cache: bool = True,
    ) -> None:
        weights = from_hugging_face(weights)
        self.model = GPT2(config_of(weights, n_head=n_head))
        self.model.load_state_dict(weights)
        self.model.eval()
        self.tokenizer = Tokenizer.from_str(tokenizer)
        self.new_tokens, self.sampling, self.use_cache = new_tokens, Sampling(**sampling), use_cache
        self.room = self.model.config.n_positions - new_tokens

    def prepare(self, columns: Columns) -> Columns:
        """Tokenise a whole shard; of what is too long, the end counts."""
        encoded = [each.ids[-self.room :] for each in self.tokenizer.encode_batch(list(columns["prompt"]))]
        if empty := encoded.count([]):
            raise ValueError(f"{empty} prompts have no tokens; give each a word to go on from")
        return {**columns, "token": Ragged.from_rows(encoded, dtype=np.int64)}

    def __call__(self, batch: Columns) -> dict[str, Any]:
        tokens = batch["token"]
        written = np.empty((len(tokens), self.new_tokens), np.int64)
        for length in np.unique(tokens.lengths):  # equally long ones together: then none needs padding
            (rows,) = np.nonzero(tokens.lengths == length)
            written[rows] = generate(
                self.model,
                tensor.from_numpy(np.stack(tokens.take(rows).rows())),
                new_tokens=self.new_tokens,
                sampling=self.sampling,
                generators=[tensor.Generator().manual_seed(int(batch["seed"][row])) for row in rows],
                use_cache=self.use_cache,
            ).numpy()
        texts = np.array(self.tokenizer.decode_batch(written.tolist()), object)
        return {"prompt": batch["prompt"], "continuation": texts}


class Train:
    """A trainer of a model of any size, on windows of tokens."""

    def __init__(self, *, rank: int, world_size: int, config: dict[str, Any], learning_rate: float) -> None:
        self.model = GPT2(GPTConfig(**config))
        self.optimizer = optim.AdamW(self.model.parameters(), lr=learning_rate, weight_decay=0.01)

    def loss(self, batch: Columns) -> tensor.Tensor:
        """Cross entropy of each token, given those before it."""
        tokens = tensor.from_numpy(batch["token"])
        return F.cross_entropy(self.model(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())
