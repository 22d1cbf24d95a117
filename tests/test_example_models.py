"""The models of the examples, small and with random weights; with their own weights they are compared in the oracle."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest

import tensor
from tests.example_modules import EXAMPLES, import_from

(bert,) = import_from("minilm", "bert")
gpt2, sampling, generation = import_from("gpt", "gpt2", "sampling", "generation")
silero, segments, speech, detector = import_from("vad", "silero", "segments", "speech", "predictor")
shapes, resnet = import_from("cifar", "shapes", "resnet")

SMALL_BERT = {
    "vocab_size": 40,
    "hidden_size": 12,
    "intermediate_size": 20,
    "num_attention_heads": 3,
    "num_hidden_layers": 2,
    "max_position_embeddings": 16,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
}
SMALL_GPT = gpt2.GPTConfig(vocab_size=30, n_positions=24, n_embd=16, n_layer=2, n_head=2, initializer_range=0.5)


@pytest.fixture(autouse=True)
def _seeded():
    tensor.manual_seed(0)


# --- minilm


def test_packed_texts_do_not_see_each_other():
    model = bert.BertModel(bert.BertConfig.of(SMALL_BERT)).eval()
    texts = [[1, 2, 3], [4, 5], [6, 7, 8], [9, 10, 11], [12]]
    with tensor.inference_mode():
        lengths = [len(text) for text in texts]
        together = bert.mean_of_each(
            model(tensor.tensor([token for text in texts for token in text]), lengths), lengths
        )
        alone = [model(tensor.tensor(text), [len(text)]).mean(dim=0) for text in texts]
    np.testing.assert_allclose(together.numpy(), tensor.stack(alone).numpy(), atol=1e-6)


def test_a_bert_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="relu"):
        bert.BertConfig.of({**SMALL_BERT, "hidden_act": "relu"})


# --- gpt


@pytest.mark.parametrize("steps", [[1] * 9, [9], [4, 1, 3, 1]], ids=str)
def test_with_a_cache_the_logits_are_the_same(steps):
    model = gpt2.GPT2(SMALL_GPT).eval()
    tokens = tensor.tensor(np.random.default_rng(0).integers(0, 30, (2, 9)))
    with tensor.inference_mode():
        whole = model(tokens)
        cache = gpt2.KeyValueCache(SMALL_GPT, rows=2, length=9)
        cached = tensor.cat([model(part, cache) for part in tokens.split(steps, dim=1)], dim=1)
    np.testing.assert_allclose(cached.numpy(), whole.numpy(), atol=1e-5)


def test_a_text_is_the_same_with_and_without_a_cache_and_in_any_company():
    model = gpt2.GPT2(SMALL_GPT).eval()
    prompt = tensor.tensor([[1, 2, 3], [4, 5, 6]])

    def write(rows, **options):
        with tensor.inference_mode():
            return generation.generate(
                model,
                prompt[rows],
                new_tokens=12,
                sampling=sampling.Sampling(temperature=8, top_k=20, top_p=0.9),
                generators=[tensor.Generator().manual_seed(row) for row in rows],
                **options,
            ).tolist()

    both = write([0, 1])
    assert both == write([0, 1], use_cache=False) == write([0]) + write([1])
    assert both[0] != both[1]
    with pytest.raises(ValueError, match="24 places"):
        generation.generate(model, prompt, new_tokens=22, sampling=sampling.Sampling(), generators=[])


def test_what_tokens_are_drawn_with():
    logits = tensor.log(tensor.tensor([[0.5, 0.1, 0.3, 0.1], [0.1, 0.2, 0.3, 0.4]]))

    def probabilities(**options):
        return sampling.Sampling(**options).probabilities(logits).double().numpy().round(4).tolist()

    assert probabilities() == [[0.5, 0.1, 0.3, 0.1], [0.1, 0.2, 0.3, 0.4]]
    assert probabilities(temperature=0) == [[1, 0, 0, 0], [0, 0, 0, 1]]
    assert probabilities(top_k=2) == [[0.625, 0, 0.375, 0], [0, 0, 0.4286, 0.5714]]
    assert probabilities(top_p=0.6) == [[0.625, 0, 0.375, 0], [0, 0, 0.4286, 0.5714]]
    assert probabilities(top_p=0.1) == probabilities(top_k=1) == probabilities(temperature=0)
    assert probabilities(temperature=0.5)[0] == [0.6944, 0.0278, 0.25, 0.0278]
    for wrong in [{"temperature": -1}, {"top_k": 0}, {"top_p": 0}, {"top_p": 1.5}]:
        with pytest.raises(ValueError, match=next(iter(wrong))):
            sampling.Sampling(**wrong)


def test_both_ways_to_name_the_weights_of_gpt2_load():
    model = gpt2.GPT2(SMALL_GPT)
    own = model.state_dict()
    longer = {f"transformer.{name}": value for name, value in own.items()}
    longer |= {"lm_head.weight": own["wte.weight"], "transformer.h.0.attn.bias": tensor.ones(1, 1, 24, 24)}
    for weights in [own, longer]:
        found = gpt2.from_hugging_face(weights)
        config = gpt2.config_of(found, n_head=2)
        assert (config.vocab_size, config.n_positions, config.n_embd, config.n_layer) == (30, 24, 16, 2)
        gpt2.GPT2(config).load_state_dict(found)
    assert gpt2.GPTConfig().n_embd // gpt2.GPTConfig().n_head == 64


# --- vad


def test_waves_of_a_batch_do_not_hear_each_other():
    weights = silero.SileroVAD().state_dict()
    rng = np.random.default_rng(0)
    waves = np.empty(4, object)
    waves[:] = [rng.normal(0, 0.1, size).astype(np.float32) for size in (1500, 512, 1, 2000)]
    names = np.array(["a", "b", "c", "d"], object)
    with tensor.inference_mode():
        detect = detector.Detect(weights)
        together = detect({"name": names, "wave": waves})["probability"]
        for row in range(4):
            (alone,) = detect({"name": names[row : row + 1], "wave": waves[row : row + 1]})["probability"]
            np.testing.assert_allclose(together[row].numpy(), alone.numpy(), atol=1e-6)
    assert together.lengths.tolist() == [3, 1, 1, 4]


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ([], []),
        ([(0, 20)], [(0, 0.672)]),  # padded at its end, 0.03 s, and cut off at the beginning
        ([(10, 15)], []),  # too short
        ([(10, 30), (34, 50)], [(0.29, 1.63)]),  # the pause is too short
        ([(10, 30), (35, 50)], [(0.29, 0.99), (1.09, 1.63)]),
        ([(90, 100)], [(2.85, 3.2)]),  # until the end
    ],
)
def test_segments_of_speech(spoken, expected):
    probabilities = np.full(100, 0.1)
    for start, stop in spoken:
        probabilities[start:stop] = 0.9
        probabilities[start + 1 : stop - 1 : 3] = 0.4  # neither speech nor silence: goes on
    found = segments.Segmenting().segments(probabilities, samples=100 * 512)
    np.testing.assert_allclose(found, np.reshape(expected, (-1, 2)), atol=2e-3)


def test_the_made_wave_is_always_the_same():
    wave, spoken = speech.conversation(seed=3, seconds=10)
    again, _ = speech.conversation(seed=3, seconds=10)
    assert np.array_equal(wave, again)
    assert wave.dtype == np.float32
    assert wave.shape == (160_000,)
    assert (spoken[1:, 0] - spoken[:-1, 1]).min() > 0.6


# --- cifar


def test_the_names_of_resnet18_are_torchvisions():
    with tensor.inference_mode():  # where nobody computes initial values that nobody reads
        model = resnet.ResNet18()
    assert sum(parameter.numel() for parameter in model.parameters()) == 11_173_962  # He et al. for 32×32, ten classes
    names = set(model.state_dict())
    assert {"conv1.weight", "layer1.1.bn2.running_var", "layer4.0.downsample.1.weight", "fc.bias"} <= names
    assert len(names) == 122


def test_the_pictures_are_bytes_of_ten_classes_and_always_the_same():
    images, labels = shapes.pictures(40, seed=5)
    assert images.shape == (40, 3, 32, 32)
    assert images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [4] * 10
    assert np.array_equal(images, shapes.pictures(40, seed=5)[0])


@pytest.mark.timeout(150)
def test_a_resnet_is_trained_and_predicts(tmp_path):
    small = ["--width", "2", "--pictures", "32", "--epochs", "1", "--out", tmp_path, "--backend", "inline"]
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / "cifar" / "classify.py", *small],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"[\d.]+% right \(top 1\)", done.stdout)
    assert (tmp_path / "resnet18.safetensors").exists()
