"""The decoder against transformers' GPT-2, and against itself in torch."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from tests.example_modules import import_from
from tests.oracle.examples.twins import run, torch_twin
from tests.oracle.twins import check, ints

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.oracle, pytest.mark.timeout(400), pytest.mark.filterwarnings("ignore")]

gpt2, sampling = import_from("gpt", "gpt2", "sampling")
SIZES = {"vocab_size": 61, "n_positions": 32, "n_embd": 24, "n_layer": 3, "n_head": 3}
TOKENS = ints(61, 2, 20)


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Transformers' model with random weights, and the file that it saves."""
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(**SIZES, initializer_range=0.3)).eval()
    folder = tmp_path_factory.mktemp("gpt2")
    model.save_pretrained(folder)
    return model, folder / "model.safetensors"


def test_a_file_of_transformers_loads_and_says_the_same(reference):
    model, path = reference
    with torch.no_grad():
        expected = model(torch.tensor(TOKENS)).logits.numpy()
    with tensor.inference_mode():
        weights = gpt2.from_hugging_face(tensor.load(path))
        config = gpt2.config_of(weights, n_head=SIZES["n_head"])
        mine = gpt2.GPT2(config).eval()
        mine.load_state_dict(weights)
        whole = mine(tensor.tensor(TOKENS))
        cache = gpt2.KeyValueCache(config, rows=2, length=20)
        parts = [mine(part, cache) for part in tensor.tensor(TOKENS).split([5, 1, 1, 6, 7], dim=1)]
    scale = np.abs(expected).max()
    np.testing.assert_allclose(whole.numpy() / scale, expected / scale, rtol=0, atol=1e-5)
    np.testing.assert_allclose(tensor.cat(parts, dim=1).numpy() / scale, expected / scale, rtol=0, atol=1e-5)


def test_the_likeliest_text_is_that_of_transformers(reference):
    model, path = reference
    (generation,) = import_from("gpt", "generation")
    with torch.no_grad():
        expected = model.generate(
            torch.tensor(TOKENS[:, :6]), max_new_tokens=14, do_sample=False, pad_token_id=0, eos_token_id=None
        )
    with tensor.inference_mode():
        weights = gpt2.from_hugging_face(tensor.load(path))
        mine = gpt2.GPT2(gpt2.config_of(weights, n_head=SIZES["n_head"])).eval()
        mine.load_state_dict(weights)
        found = generation.generate(
            mine,
            tensor.tensor(TOKENS[:, :6]),
            new_tokens=14,
            sampling=sampling.Sampling(temperature=0),
            generators=[tensor.Generator(), tensor.Generator()],
        )
    assert found.tolist() == expected[:, 6:].tolist()


def test_names_and_shapes_are_those_of_gpt2():
    from transformers import GPT2Config, GPT2Model

    with torch.device("meta"):
        theirs = {name: tuple(value.shape) for name, value in GPT2Model(GPT2Config()).state_dict().items()}
    with tensor.inference_mode():
        mine = {name: tuple(value.shape) for name, value in gpt2.GPT2(gpt2.GPTConfig()).state_dict().items()}
    assert mine == {name: shape for name, shape in theirs.items() if not name.endswith((".attn.bias", ".masked_bias"))}


def test_logits_and_gradients_are_torchs():
    files = {torch: torch_twin("gpt", "gpt2"), tensor: gpt2}
    config = gpt2.GPTConfig(**SIZES, dropout=0.0, initializer_range=0.3)
    check(lambda library, nn: files[library].GPT2(config), TOKENS)


@pytest.mark.parametrize(
    "options", [{"top_k": 7}, {"top_p": 0.8}, {"temperature": 0.6, "top_k": 20, "top_p": 0.5}], ids=str
)
def test_tokens_are_drawn_as_transformers_draws_them(options):
    from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    logits = np.random.default_rng(0).normal(0, 3, (5, 61)).astype(np.float32)
    warpers = {"temperature": TemperatureLogitsWarper, "top_k": TopKLogitsWarper, "top_p": TopPLogitsWarper}
    theirs = LogitsProcessorList([warpers[name](value) for name, value in options.items()])
    expected = theirs(torch.tensor([[0]] * 5), torch.tensor(logits)).softmax(dim=-1).numpy()
    found = sampling.Sampling(**options).probabilities(tensor.tensor(logits)).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_it_trains_and_writes(tmp_path):
    printed = run("gpt", "write.py", "--steps", 20, "--new-tokens", 5, "--backend", "inline", "--out", tmp_path)
    assert "with the cache" in printed
    weights, tokenizer = tmp_path / "documentation.safetensors", tmp_path / "tokenizer.json"
    options = ["--weights", weights, "--tokenizer", tokenizer, "--new-tokens", 6, "--top-k", 40]
    again = [
        run("gpt", "write.py", "A worker", *options, "--backend", backend, "--out", tmp_path).splitlines()[-1]
        for backend in ["inline", "local"]
    ]
    assert again[0] == again[1]
    assert again[0].startswith("  A worker →")
