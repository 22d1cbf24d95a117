"""A decoder of GPT-2's kind: train a small one on this repository's documentation, and have two replicas write on.

python examples/gpt/write.py                                                        # train, then write
python examples/gpt/write.py --weights gpt2.safetensors --tokenizer tokenizer.json  # your GPT-2
python examples/gpt/write.py --full-size                                            # random weights, for timing
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
from gpt2 import GPT2, GPTConfig, parameters_in
from predictor import Continue, Train
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import tensor
from cluster import BatchPolicy, Pool, TrainingPool

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/ARCHITECTURE.md", "docs/inference_mode.md"]
PROMPTS = ["A predictor is a class", "Inside inference mode", "The driver", "Weights are", "A tensor that is marked"]
CONTEXT, BATCH_ROWS = 64, 8
SMALL = {
    "vocab_size": 2048,
    "n_positions": CONTEXT,
    "n_embd": 128,
    "n_layer": 2,
    "n_head": 2,
    "dropout": 0.0,
    "initializer_range": 0.05,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prompts", nargs="*", help="what to go on from; by default a few about this library")
    parser.add_argument("--weights", type=Path, help="safetensors file of a GPT-2; default: train a small model")
    parser.add_argument("--tokenizer", type=Path, help="the tokenizer.json that belongs to --weights")
    parser.add_argument("--full-size", action="store_true", help="random weights of GPT-2's size: nonsense, but timed")
    parser.add_argument("--out", type=Path, default=Path("out/gpt"), help="folder for weights and tokenizer")
    parser.add_argument("--steps", type=int, default=250, help="how long to train the small model")
    parser.add_argument("--new-tokens", type=int, default=40)
    parser.add_argument("--temperature", type=float, default=0.7)
    parser.add_argument("--top-k", type=int)
    parser.add_argument("--top-p", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backend", default="local", help="local, ray or inline")
    parser.add_argument("--replicas", type=int, default=2)
    arguments = parser.parse_args()
    if bool(arguments.weights) != bool(arguments.tokenizer):
        parser.error("--weights and --tokenizer belong together")
    arguments.out.mkdir(parents=True, exist_ok=True)

    weights, tokenizer = arguments.weights, arguments.tokenizer
    if not weights:
        tokenizer = arguments.out / "tokenizer.json"
        train_tokenizer().save(str(tokenizer))
        weights = random_weights(arguments) if arguments.full_size else trained_weights(arguments, tokenizer)

    sampling = {"temperature": arguments.temperature, "top_k": arguments.top_k, "top_p": arguments.top_p}
    prompts = arguments.prompts or (long_prompts() if arguments.full_size else PROMPTS)
    rows = {"prompt": np.array(prompts, object), "seed": arguments.seed + np.arange(len(prompts))}
    print(f"{arguments.new_tokens} tokens for each of {len(prompts)} prompts, on {arguments.replicas} replicas")
    for use_cache in [True, False]:
        init = {
            "tokenizer": tokenizer.read_text(),
            "new_tokens": arguments.new_tokens,
            "sampling": sampling,
            "use_cache": use_cache,
        }
        written, seconds = timed(arguments, weights, init, rows)
        tokens = arguments.new_tokens * len(prompts)
        print(f"  {'with' if use_cache else 'without'} the cache {tokens / seconds:,.0f} tokens/s ({seconds:.2f} s)")
    if not arguments.full_size:
        for prompt, continuation in zip(written["prompt"], written["continuation"], strict=True):
            print(f"  {prompt} →{' '.join(continuation.splitlines())}")


def timed(
    arguments: argparse.Namespace, weights: Path, init: dict[str, Any], rows: dict[str, np.ndarray]
) -> tuple[dict[str, Any], float]:
    with Pool(Continue, weights=weights, init=init, replicas=arguments.replicas, backend=arguments.backend) as pool:
        pool.wait_ready()
        short = {"prompt": np.array(["The"] * arguments.replicas, object), "seed": np.arange(arguments.replicas)}
        pool.predict(short, batch=BatchPolicy(max_rows=1), shard_rows=1)  # so that the weights are in memory
        started_s = time.monotonic()
        share = -(-len(rows["seed"]) // arguments.replicas)
        written = pool.predict(rows, batch=BatchPolicy(max_rows=share), shard_rows=share)
        return written, time.monotonic() - started_s


def documents() -> list[str]:
    """The prose of this repository's documentation, a paragraph each: no code, no tables, no headings."""
    pages = [(ROOT / page).read_text() for page in PAGES]
    paragraphs = [part for page in pages for part in re.sub(r"```.*?```", "", page, flags=re.DOTALL).split("\n\n")]
    prose = [
        " ".join(part.split()) + "\n" for part in paragraphs if part.strip() and part.lstrip("\n")[0] not in "|<# "
    ]
    plain = str.maketrans("", "", "`*")
    return [re.sub(r"\[(.*?)\]\(.*?\)", r"\1", paragraph).translate(plain) for paragraph in prose]


def long_prompts() -> list[str]:
    """Two beginnings, some hundred tokens each: the longer a text, the more the cache saves."""
    return [paragraph[:500] for paragraph in documents() if len(paragraph) >= 500][:2]


def train_tokenizer() -> Tokenizer:
    """Byte pairs, as GPT-2's, of this repository's documentation."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=int(SMALL["vocab_size"]), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(documents(), trainer)
    return tokenizer


def trained_weights(arguments: argparse.Namespace, tokenizer: Path) -> Path:
    encoded = Tokenizer.from_file(str(tokenizer)).encode_batch(documents())
    tokens = np.array([token for each in encoded for token in each.ids], np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(tokens, CONTEXT + 1)[:: CONTEXT // 2]
    epochs = -(-arguments.steps * BATCH_ROWS // len(windows))
    print(f"Training on {len(tokens):,} tokens of documentation, on 2 workers")
    tensor.manual_seed(arguments.seed)
    init = {"config": SMALL, "learning_rate": 2e-3}
    with TrainingPool(Train, init=init, world_size=2, backend=arguments.backend) as training:
        fit = training.fit({"token": windows}, epochs=epochs, batch_rows=BATCH_ROWS, seed=arguments.seed)
        published = training.publish()
    path = arguments.out / "documentation.safetensors"
    published.save(path)
    print(
        f"  {parameters_in(tensor.load(path)):,} parameters, {fit.steps} steps in {fit.seconds:.0f} s, "
        f"loss {fit.losses[0]:.2f} → {fit.losses[-1]:.2f} → {path}"
    )
    return path


def random_weights(arguments: argparse.Namespace) -> Path:
    path = arguments.out / f"random-{arguments.seed}.safetensors"
    if not path.exists():
        tensor.manual_seed(arguments.seed)
        tensor.save(GPT2(GPTConfig()).state_dict(), path)
    print(f"Random weights of GPT-2's size, {parameters_in(tensor.load(path)):,} parameters, in {path}")
    return path


if __name__ == "__main__":
    main()
