"""Sentence embeddings against sentence-transformers, with the same weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tensor
from cluster import read_results
from tests.example_modules import EXAMPLES, import_from
from tests.oracle.examples.twins import run

pytestmark = [pytest.mark.oracle, pytest.mark.timeout(400), pytest.mark.filterwarnings("ignore")]

predictor, embed = import_from("minilm", "predictor", "embed")
BATCH = 64


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """The example's own, pieces of the documentation of any length, also beyond what the model reads, and odd ones."""
    own = (EXAMPLES / "minilm" / "texts.txt").read_text().splitlines()
    words = " ".join(page.read_text() for page in sorted((EXAMPLES.parent / "docs").glob("*.md"))).split()
    odd = [
        "",
        " ",
        "a",
        "Æther über naïve café",
        "日本語のテキスト",
        "🙂 emoji 🎉",
        "x" * 300,
        "[MASK] [SEP] tricks",
        "tab\tnul\0",
    ]
    rng = np.random.default_rng(0)
    counts = rng.choice(
        [1, 3, 8, 15, 30, 60, 300], 1000 - len(own) - len(odd), p=[0.1, 0.2, 0.3, 0.2, 0.15, 0.045, 0.005]
    )
    starts = rng.integers(len(words), size=len(counts))
    pieces = [" ".join(words[start : start + count]) for start, count in zip(starts, counts, strict=True)]
    return own + odd + pieces


def test_a_thousand_embeddings(texts, monkeypatch):
    import tqdm
    from sentence_transformers import SentenceTransformer

    monkeypatch.setattr(tqdm.tqdm, "monitor_interval", 0)  # no thread of its progress bars
    folder = embed.packaged_model()
    reference = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    expected = reference.encode(texts, batch_size=BATCH, show_progress_bar=False)

    with tensor.inference_mode():
        model = predictor.Embed(tensor.load(folder / "model.safetensors"), **predictor.settings_of(folder))
        rows = model.prepare({"text": np.array(texts, object)})
        found = [
            model({name: column[start : start + BATCH] for name, column in rows.items()})["embedding"].numpy()
            for start in range(0, len(texts), BATCH)
        ]
    assert len(texts) == 1000
    assert rows["token"].lengths.max() == 256  # cut off where the reference cuts off
    np.testing.assert_allclose(np.concatenate(found), expected, rtol=0, atol=1e-5)


def test_every_backend_writes_the_same_embeddings(tmp_path):
    results = {}
    for backend in ["inline", "local", "ray"]:
        out = tmp_path / backend
        printed = run(
            "minilm", "embed.py", "--backend", backend, "--replicas", 2 if backend != "inline" else 1, "--out", out
        )
        assert "207 texts" in printed
        results[backend] = read_results(out)
        assert list(out.glob("*.parquet"))
    for backend in ["local", "ray"]:
        assert results[backend]["text"].tolist() == results["inline"]["text"].tolist()
        np.testing.assert_array_equal(
            results[backend]["embedding"].numpy(), results["inline"]["embedding"].numpy(), err_msg=backend
        )


def test_texts_of_like_meaning_are_close(tmp_path):
    file = Path(tmp_path) / "texts.txt"
    file.write_text("A man is playing a guitar.\nSomeone plays an instrument.\nThe stock market fell on Monday.\n")
    run("minilm", "embed.py", file, "--backend", "inline", "--out", tmp_path / "out")
    vectors = read_results(tmp_path / "out")["embedding"].numpy()
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.5 > 0.2 > far
