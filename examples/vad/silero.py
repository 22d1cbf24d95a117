"""Silero's voice activity detector for 16 kHz, written as for PyTorch, with the names of its safetensors file.

Source: https://github.com/snakers4/silero-vad
"""

from __future__ import annotations

from collections.abc import Sequence

import tensor as torch
from tensor import nn
from tensor.nn import functional as F

SAMPLE_RATE = 16_000
FRAME = 512
"""Samples that one probability is about: 32 ms."""
CONTEXT = 64
"""Samples before a frame that the detector hears too."""


def frames_of(wave: torch.Tensor) -> torch.Tensor:
    """Cut a wave, float32 of shape (samples,), into frames with context: (frames, 576); silence fills the last."""
    missing = -len(wave) % FRAME
    padded = F.pad(wave, (CONTEXT, missing))
    return padded.unfold(0, CONTEXT + FRAME, FRAME)


class SileroVAD(nn.Module):
    """The probability of speech in each frame.

    Takes the frames of several waves, one wave after another, (frames, 576), and how many each wave has; returns
    (longest, waves), of which wave `i` has the first `lengths[i]`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 258, kernel_size=256, stride=128, bias=False)
        self.conv1 = nn.Conv1d(129, 128, kernel_size=3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, kernel_size=3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, kernel_size=3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, kernel_size=3, padding=1)
        self.lstm_cell = nn.LSTMCell(128, 128)
        self.final_conv = nn.Conv1d(128, 1, kernel_size=1)

    def features(self, frames: torch.Tensor) -> torch.Tensor:
        """What the recurrent cell hears: (frames, 576) to (frames, 128), each by itself."""
        waves = F.pad(frames.unsqueeze(1), (0, 64), mode="reflect")
        real, imaginary = self.stft_conv(waves).chunk(2, dim=1)
        x = torch.sqrt(real**2 + imaginary**2)  # loudness by pitch, at four moments of the frame
        for conv in [self.conv1, self.conv2, self.conv3, self.conv4]:
            x = F.relu(conv(x))
        return x.squeeze(-1)

    def forward(self, frames: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
        features = nn.utils.rnn.pad_sequence(list(self.features(frames).split(list(lengths))))
        hidden = cell = features.new_zeros(len(lengths), 128)
        heard = []
        for step in features:  # (waves, 128)
            hidden, cell = self.lstm_cell(step, (hidden, cell))
            heard.append(hidden)
        x = F.relu(torch.stack(heard)).flatten(0, 1).unsqueeze(-1)
        return torch.sigmoid(self.final_conv(x)).view(-1, len(lengths))
