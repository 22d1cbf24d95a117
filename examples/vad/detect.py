"""Hear where somebody speaks, with Silero's voice activity detector: segments of speech in seconds.

python examples/vad/detect.py                    # on waves that the example makes
python examples/vad/detect.py recording.wav ...  # 16-bit PCM at 16 kHz
"""

from __future__ import annotations

import argparse
import time
import wave
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from predictor import Detect
from silero import SAMPLE_RATE
from speech import conversation

from cluster import BatchPolicy, Pool
from workers.ragged import Ragged


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("waves", type=Path, nargs="*", help=".wav files; by default four are made, of a minute each")
    parser.add_argument("--threshold", type=float, default=0.5, help="the probability from which on it is speech")
    parser.add_argument("--weights", type=Path, help="silero_vad_16k.safetensors; default: the installed package's")
    parser.add_argument("--backend", default="local", help="local, ray or inline")
    parser.add_argument("--replicas", type=int, help="how many; default: one a core")
    arguments = parser.parse_args()

    names, waves, spoken = [], [], []
    if arguments.waves:
        names, waves = [path.name for path in arguments.waves], [read_wav(path) for path in arguments.waves]
    else:
        made = [conversation(seed=seed, seconds=60) for seed in range(4)]
        names = [f"made with seed {seed}" for seed in range(4)]
        waves, spoken = [each for each, _ in made], [each for _, each in made]

    rows = {"name": np.array(names, object), "wave": Ragged.from_rows(waves, dtype=np.float32)}
    with Pool(
        Detect,
        weights=arguments.weights or packaged_weights(),
        init={"segmenting": {"threshold": arguments.threshold}},
        replicas=arguments.replicas,
        backend=arguments.backend,
    ) as pool:
        pool.wait_ready()
        started_s = time.monotonic()
        found = pool.predict(rows, batch=BatchPolicy(max_rows=2), shard_rows=2)
        took_s = time.monotonic() - started_s

    for name, segments in zip(names, found["segment"], strict=True):
        print(f"{name}: " + ", ".join(f"{start:.2f}–{end:.2f} s" for start, end in segments.tolist()))
    length_s = len(rows["wave"].values) / SAMPLE_RATE
    print(f"{length_s:.0f} s of sound in {took_s:.2f} s, {length_s / took_s:,.0f} times as fast as it plays")
    if spoken:
        print(f"agrees with what was made in {agreement(found['segment'], spoken, 60):.1%} of the time")


def agreement(found: Ragged, spoken: list[np.ndarray], seconds: float) -> float:
    """How much of the time both say the same, looked at every hundredth of a second."""
    at = np.arange(0, seconds, 0.01)

    def inside(segments: np.ndarray) -> np.ndarray:
        return ((segments[:, :1] <= at) & (at < segments[:, 1:])).any(axis=0)

    return float(np.mean([inside(mine.numpy()) == inside(true) for mine, true in zip(found, spoken, strict=True)]))


def read_wav(path: Path) -> np.ndarray:
    """Read a .wav file as float32 of shape (samples,) in [-1, 1]; channels are averaged."""
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getsampwidth()) != (SAMPLE_RATE, 2):
            raise SystemExit(
                f"{path} has {8 * file.getsampwidth()} bits at {file.getframerate()} Hz; the detector hears 16 bits at "
                f"{SAMPLE_RATE} Hz: ffmpeg -i {path.name} -ar {SAMPLE_RATE} -c:a pcm_s16le converted.wav"
            )
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
    return (samples.mean(axis=1) / 32768).astype(np.float32)


def packaged_weights() -> Path:
    # Not imported: the package itself wants torch.
    package = find_spec("silero_vad")
    if package is None or package.origin is None:
        raise SystemExit(
            "the weights are not installed: pip install --no-deps silero-vad, or name a file with --weights"
        )
    return Path(package.origin).parent / "data" / "silero_vad_16k.safetensors"


if __name__ == "__main__":
    main()
