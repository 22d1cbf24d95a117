"""Writing on: one token after another, with or without a cache."""

from __future__ import annotations

from gpt2 import GPT2, KeyValueCache
from sampling import Sampling

import tensor as torch


def generate(
    model: GPT2,
    prompt: torch.Tensor,
    *,
    new_tokens: int,
    sampling: Sampling,
    generators: list[torch.Generator],
    use_cache: bool = True,
) -> torch.Tensor:
    """Continue texts.

    Args:
        model: in evaluation mode.
        prompt: int64 of shape (rows, tokens), at least one token each.
        new_tokens: how many to append to each.
        sampling: how.
        generators: one for each row, so that a text does not depend on which others it was computed with.
        use_cache: whether each step computes the new token only, or all of them again.

    Returns:
        int64 of shape (rows, new_tokens).
    """
    rows, given = prompt.shape
    if given + new_tokens > model.config.n_positions:
        raise ValueError(
            f"{given} tokens and {new_tokens} new ones are more than the model's {model.config.n_positions} places; "
            "cut the prompt"
        )
    cache = KeyValueCache(model.config, rows=rows, length=given + new_tokens) if use_cache else None
    tokens, fresh = prompt, prompt
    for _ in range(new_tokens):
        logits = model(fresh if use_cache else tokens, cache, only_last=True)[:, -1]
        fresh = sampling.draw(logits, generators).unsqueeze(1)
        tokens = torch.cat([tokens, fresh], dim=1)
    return tokens[:, given:]
