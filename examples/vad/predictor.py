"""The predictor that hears speech in waves."""

from __future__ import annotations

from typing import Any

from segments import Segmenting
from silero import SileroVAD, frames_of

import tensor
from workers.columns import Columns
from workers.ragged import Ragged


class Detect:
    """A predictor: where in each `wave`, float32 at 16 kHz, somebody speaks.

    Args:
        weights: those of `SileroVAD`.
        segmenting: the arguments of `Segmenting`.
    """

    def __init__(self, weights: dict[str, tensor.Tensor], *, segmenting: dict[str, float] | None = None) -> None:
        self.model = SileroVAD()
        self.model.load_state_dict(weights)
        self.model.eval()
        self.segmenting = Segmenting(**segmenting or {})

    def __call__(self, batch: Columns) -> dict[str, Any]:
        waves = batch["wave"]
        frames = [frames_of(tensor.from_numpy(wave)) for wave in waves]
        lengths = [len(each) for each in frames]
        heard = self.model(tensor.cat(frames), lengths)
        probabilities = [heard[:length, wave] for wave, length in enumerate(lengths)]
        segments = [
            self.segmenting.segments(each.numpy(), samples=len(wave))
            for each, wave in zip(probabilities, waves, strict=True)
        ]
        return {
            "name": batch["name"],
            "probability": Ragged.from_rows(probabilities),
            "segment": Ragged.from_rows(segments),
        }
