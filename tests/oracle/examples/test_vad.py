"""Voice activity against Silero's own ONNX file and its own segments."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tensor
from tests.example_modules import import_from
from tests.oracle.examples.twins import run, torch_twin
from tests.oracle.twins import check, floats

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.oracle, pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore")]

detect, predictor, segments, silero, speech = import_from("vad", "detect", "predictor", "segments", "silero", "speech")


def waves() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    made, _ = speech.conversation(seed=7, seconds=20)
    loud, _ = speech.conversation(seed=8, seconds=9.77)
    return {
        "speech": made,
        "loud": np.clip(loud * 4, -1, 1),
        "noise": rng.normal(0, 0.2, 30_000).astype(np.float32),
        "silence": np.zeros(5_000, np.float32),
        "one sample": np.ones(1, np.float32),
    }


def streamed(wave: np.ndarray, step: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Probabilities frame by frame, as Silero's files want it: 64 samples from before, and the state from before."""
    state, context = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32)
    found = []
    for frame in np.pad(wave, (0, -len(wave) % 512)).reshape(-1, 512):
        probability, state = step(np.concatenate([context, frame])[None], state)
        found.append(probability.item())
        context = frame[-64:]
    return np.array(found)


def detected(weights: dict[str, tensor.Tensor]) -> dict[str, Any]:
    columns = {"name": np.array(list(waves()), object), "wave": np.empty(len(waves()), object)}
    columns["wave"][:] = list(waves().values())
    with tensor.inference_mode():
        found = predictor.Detect(weights)(columns)
    return {
        name: (probabilities.numpy(), found["segment"][row])
        for row, (name, probabilities) in enumerate(zip(waves(), found["probability"], strict=True))
    }


@pytest.fixture(scope="module")
def reference():
    """Silero's own module, with the weights that its ONNX file has too; ours are named otherwise."""
    return torch.jit.load(str(detect.packaged_weights().with_name("silero_vad.jit")))._model.eval()


RENAMED = {
    "stft.forward_basis_buffer": "stft_conv.weight",
    **{
        f"encoder.{layer}.reparam_conv.{part}": f"conv{layer + 1}.{part}"
        for layer in range(4)
        for part in ("weight", "bias")
    },
    **{f"decoder.rnn.{part}": f"lstm_cell.{part}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")},
    **{f"decoder.decoder.2.{part}": f"final_conv.{part}" for part in ("weight", "bias")},
}


def test_probabilities_are_those_of_the_onnx_file(reference):
    import onnxruntime

    session = onnxruntime.InferenceSession(str(detect.packaged_weights().with_name("silero_vad.onnx")))
    state = reference.state_dict()
    found = detected({name: tensor.tensor(state[theirs].numpy().copy()) for theirs, name in RENAMED.items()})
    for name, wave in waves().items():
        expected = streamed(
            wave, lambda heard, state: session.run(None, {"input": heard, "state": state, "sr": np.array(16_000)})
        )
        np.testing.assert_allclose(found[name][0], expected, rtol=0, atol=1e-4, err_msg=name)
        if name == "speech":
            assert expected.max() > 0.99
            assert np.mean(expected > 0.5) > 0.3


def test_probabilities_with_the_weights_of_the_safetensors_file(reference):
    # That file holds weights of another training than the ONNX file does: Silero's module is given them.
    weights = tensor.load(detect.packaged_weights())
    other = copy.deepcopy(reference)
    other.load_state_dict({theirs: torch.tensor(weights[name].numpy().copy()) for theirs, name in RENAMED.items()})

    @torch.no_grad()
    def step(heard: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        probability, state = other(torch.from_numpy(heard), torch.as_tensor(state))
        return probability, state

    found = detected(weights)
    for name, wave in waves().items():
        np.testing.assert_allclose(found[name][0], streamed(wave, step), rtol=0, atol=1e-4, err_msg=name)
    assert found["speech"][0].max() > 0.99


def test_segments_are_those_of_silero():
    from silero_vad import get_speech_timestamps_from_probs

    for name, (probabilities, segments_found) in detected(tensor.load(detect.packaged_weights())).items():
        samples = len(waves()[name])
        theirs = get_speech_timestamps_from_probs(probabilities.tolist(), audio_length_samples=samples)
        expected = np.array([(each["start"], each["end"]) for each in theirs]).reshape(-1, 2)
        np.testing.assert_allclose(segments_found * 16_000, expected, rtol=0, atol=1, err_msg=name)  # they round


@pytest.mark.parametrize("seed", range(20))
def test_segments_of_random_probabilities(seed):
    from silero_vad import get_speech_timestamps_from_probs

    rng = np.random.default_rng(seed)
    probabilities = np.repeat(rng.random(60), rng.integers(1, 12, 60))
    samples = len(probabilities) * 512 - int(rng.integers(512))
    theirs = get_speech_timestamps_from_probs(probabilities.tolist(), audio_length_samples=samples)
    expected = np.array([(each["start"], each["end"]) for each in theirs]).reshape(-1, 2)
    mine = segments.Segmenting().segments(probabilities, samples=samples)
    np.testing.assert_allclose(mine * 16_000, expected, rtol=0, atol=1)


def test_the_detector_and_its_gradients_are_torchs():
    files = {torch: torch_twin("vad", "silero"), tensor: silero}
    check(
        lambda library, nn: files[library].SileroVAD(), floats(5, 576), call=lambda model, frames: model(frames, [3, 2])
    )


def test_the_program_hears_a_recording(tmp_path):
    import wave

    sound, spoken = speech.conversation(seed=11, seconds=12)
    with wave.open(str(tmp_path / "recording.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())
    (line, speed) = run("vad", "detect.py", tmp_path / "recording.wav", "--backend", "inline").splitlines()
    assert line.startswith("recording.wav: ")
    assert line.count("–") == len(spoken)
    assert "12 s of sound" in speed
