"""Drawing a next token from logits: temperature, the k likeliest, the nucleus that holds p."""

from __future__ import annotations

from dataclasses import dataclass

import tensor as torch
from tensor.nn import functional as F


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How tokens are drawn.

    Args:
        temperature: what logits are divided by; below one the likely becomes likelier, at zero it is always taken.
        top_k: draw from this many of the likeliest tokens.
        top_p: draw from the fewest likeliest tokens that hold this much of the probability (Holtzman et al., 2019,
            https://arxiv.org/abs/1904.09751).
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        if self.temperature < 0:
            raise ValueError(f"temperature must be zero or more, got {self.temperature}")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k must be one or more, got {self.top_k}")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be above 0 and at most 1, got {self.top_p}")

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """What tokens are drawn with: (rows, vocabulary) to the same shape."""
        if self.temperature == 0:
            return F.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
        logits = logits / self.temperature
        if self.top_k is not None:
            least = logits.topk(min(self.top_k, logits.shape[-1]), dim=-1).values[:, -1:]
            logits = logits.masked_fill(logits < least, float("-inf"))
        probabilities = F.softmax(logits, dim=-1)
        if self.top_p is not None:
            ordered, places = probabilities.sort(dim=-1, descending=True)
            likelier = ordered.cumsum(dim=-1) - ordered  # all that stands before: the first one always stays
            ordered = ordered.masked_fill(likelier >= self.top_p, 0)
            probabilities = torch.zeros_like(ordered).scatter(-1, places, ordered)
        return probabilities / probabilities.sum(dim=-1, keepdim=True)

    def draw(self, logits: torch.Tensor, generators: list[torch.Generator]) -> torch.Tensor:
        """Draw a token for each row, with a generator of its own: (rows, vocabulary) to (rows,)."""
        if self.temperature == 0:
            return logits.argmax(dim=-1)
        probabilities = self.probabilities(logits)
        drawn = [
            torch.multinomial(row, 1, generator=generator)
            for row, generator in zip(probabilities, generators, strict=True)
        ]
        return torch.cat(drawn)
