"""An MLP for 8×8 digits: the model, how to train it, how to predict with it."""

from __future__ import annotations

import numpy as np

import tensor
from tensor import nn, optim
from tensor.nn import functional as F


class Classifier(nn.Module):
    """Logits of the ten digits; pixels in [0, 16], float32, shape (rows, 64)."""

    def __init__(self, hidden: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, 10))

    def forward(self, pixels: tensor.Tensor) -> tensor.Tensor:
        return self.layers(pixels / 16)


class Train:
    """A trainer: one instance a rank, on the normal gradient path."""

    def __init__(self, *, rank: int, world_size: int, hidden: int, learning_rate: float) -> None:
        self.model = Classifier(hidden)
        self.optimizer = optim.Adam(self.model.parameters(), lr=learning_rate)

    def loss(self, batch: dict[str, np.ndarray]) -> tensor.Tensor:
        logits = self.model(tensor.from_numpy(batch["pixels"]))
        return F.cross_entropy(logits, tensor.from_numpy(batch["digit"]))


class Classify:
    """A predictor: one instance a replica, always inside `inference_mode`."""

    def __init__(self, weights: dict[str, tensor.Tensor], *, hidden: int) -> None:
        self.model = Classifier(hidden)
        self.model.load_state_dict(weights)
        self.model.eval()

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, tensor.Tensor | np.ndarray]:
        probabilities = F.softmax(self.model(tensor.from_numpy(batch["pixels"])), dim=1)
        return {
            "digit": batch["digit"],
            "predicted": probabilities.argmax(dim=1),
            "probability": probabilities.max(dim=1).values,
        }
