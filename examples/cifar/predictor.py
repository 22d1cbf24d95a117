"""How to train a ResNet-18 on pictures, and how to predict with it."""

from __future__ import annotations

from typing import Any

import numpy as np
from resnet import ResNet18

import tensor
from tensor import optim
from tensor.nn import functional as F
from workers.columns import Columns


def images_of(pixels: np.ndarray) -> tensor.Tensor:
    """Bytes as float32 from -1 to 1."""
    return tensor.from_numpy(pixels).float() / 127.5 - 1


class Train:
    """A trainer: one instance a rank, each with the batch statistics of its own rows."""

    def __init__(self, *, rank: int, world_size: int, width: int, learning_rate: float, steps: int) -> None:
        self.model = ResNet18(width=width)
        self.optimizer = optim.AdamW(self.model.parameters(), lr=learning_rate, weight_decay=0.05)
        schedule = optim.lr_scheduler.OneCycleLR(self.optimizer, max_lr=learning_rate, total_steps=steps)
        self.optimizer.register_step_post_hook(lambda *_: schedule.step())

    def loss(self, batch: Columns) -> tensor.Tensor:
        return F.cross_entropy(self.model(images_of(batch["image"])), tensor.from_numpy(batch["label"]))


class Classify:
    """A predictor: the likeliest of the ten classes, and how likely it is."""

    def __init__(self, weights: dict[str, tensor.Tensor], *, width: int) -> None:
        self.model = ResNet18(width=width)
        self.model.load_state_dict(weights)
        self.model.eval()

    def __call__(self, batch: Columns) -> dict[str, Any]:
        best = F.softmax(self.model(images_of(batch["image"])), dim=1).max(dim=1)
        return {"label": batch["label"], "predicted": best.indices, "probability": best.values}
