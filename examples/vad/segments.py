"""From a probability a frame to segments of speech."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from silero import FRAME, SAMPLE_RATE


@dataclass(frozen=True, kw_only=True)
class Segmenting:
    """When speech begins and ends; the defaults are Silero's.

    Args:
        threshold: the probability from which on a frame is speech.
        drop: how far below that it must fall to be silence: between the two, what was goes on.
        min_speech_s: what is shorter is no speech.
        min_silence_s: what is shorter is no pause.
        pad_s: added on both sides of a segment.
    """

    threshold: float = 0.5
    drop: float = 0.15
    min_speech_s: float = 0.25
    min_silence_s: float = 0.1
    pad_s: float = 0.03

    def segments(self, probabilities: np.ndarray, *, samples: int) -> np.ndarray:
        """Find the segments of speech.

        Args:
            probabilities: one for each frame of 512 samples.
            samples: how long the wave is.

        Returns:
            float64 of shape (segments, 2): start and end in seconds.
        """
        found = [
            (start, end)
            for start, end in self._spoken(probabilities, samples)
            if end - start > self.min_speech_s * SAMPLE_RATE
        ]
        bounds = np.array(found, np.float64).reshape(-1, 2)
        # Widened on both sides, but two neighbours share what lies between them.
        pad = np.full(len(bounds) + 1, self.pad_s * SAMPLE_RATE)
        pad[1:-1] = np.minimum(pad[1:-1], (bounds[1:, 0] - bounds[:-1, 1]) / 2)
        bounds[:, 0] -= pad[:-1]
        bounds[:, 1] += pad[1:]
        return bounds.clip(0, samples) / SAMPLE_RATE

    def _spoken(self, probabilities: np.ndarray, samples: int) -> list[tuple[int, int]]:
        """Runs of speech without a pause in them, in samples."""
        runs, start, quiet = [], None, None
        for frame, probability in enumerate(probabilities):
            at = frame * FRAME
            if probability >= self.threshold:
                start, quiet = at if start is None else start, None
            elif start is not None and probability < self.threshold - self.drop:
                quiet = at if quiet is None else quiet
                if at - quiet >= self.min_silence_s * SAMPLE_RATE:
                    runs.append((start, quiet))
                    start = quiet = None
        return runs if start is None else [*runs, (start, samples)]
