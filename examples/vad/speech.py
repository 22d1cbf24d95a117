"""A wave that sounds like somebody speaking: vowels that glide from one to the next, hisses, pauses and noise."""

from __future__ import annotations

import numpy as np
from silero import SAMPLE_RATE

# The first three resonances of the mouth for some vowels, in Hz, and how wide and how loud they are.
VOWELS = [(730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240)]
WIDTHS = (90, 110, 170)
GAINS = (1, 0.5, 0.25)
HARMONICS = 40  # of a voice below 160 Hz: up to some 6 kHz


def utterance(rng: np.random.Generator, *, syllables: int) -> np.ndarray:
    """Some syllables, each a hiss and a vowel: float64 of shape (samples,)."""
    lengths = rng.integers(2000, 3800, syllables)  # 0.13 s to 0.24 s
    ends = np.cumsum(lengths)
    sample = np.arange(ends[-1])
    within = (sample - np.repeat(ends - lengths, lengths)) / np.repeat(lengths, lengths)  # from 0 to 1 in each syllable

    wobble = np.interp(sample, ends, rng.normal(0, 3, syllables))
    pitch = np.interp(sample, [0, ends[-1] / 3, ends[-1]], [125, 145, 95]) + wobble  # a statement falls at its end
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    vowels = np.array(VOWELS)[rng.integers(len(VOWELS), size=syllables)]
    formants = [np.interp(sample, ends - lengths / 2, resonance) for resonance in vowels.T]
    voice = np.zeros(len(sample))
    for harmonic in range(1, HARMONICS):
        resonances = zip(formants, WIDTHS, GAINS, strict=True)
        loudness = sum(gain / (1 + ((harmonic * pitch - at) / width) ** 2) for at, width, gain in resonances)
        voice += loudness * harmonic**-0.3 * np.sin(harmonic * phase)
    mouth = np.clip((within - 0.2) / 0.15, 0, 1) * np.clip((1 - within) / 0.15, 0, 1)
    hiss = np.diff(rng.normal(0, 1, len(sample) + 1)) * np.exp(-(((within - 0.12) / 0.07) ** 2))
    return voice * mouth + 0.25 * hiss


def conversation(*, seed: int, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Utterances with pauses between them, in a noisy room.

    Returns:
        The wave, float32 of shape (samples,) in [-1, 1], and where it was spoken in, (utterances, 2) in seconds.
    """
    rng = np.random.default_rng(seed)
    wave = rng.normal(0, 0.003, int(seconds * SAMPLE_RATE))
    spoken: list[tuple[int, int]] = []
    start = int(rng.uniform(0.5, 1.5) * SAMPLE_RATE)
    while True:
        words = utterance(rng, syllables=int(rng.integers(4, 12)))
        end = start + len(words)
        if end > len(wave) - SAMPLE_RATE // 2:
            return wave.clip(-1, 1).astype(np.float32), np.array(spoken).reshape(-1, 2) / SAMPLE_RATE
        wave[start:end] += words * 0.25 / np.abs(words).max()
        spoken.append((start, end))
        start = end + int(rng.uniform(0.7, 2.0) * SAMPLE_RATE)
