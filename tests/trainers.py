"""Trainers that tests share; importable by workers as `tests.trainers`."""

from __future__ import annotations

import os
import signal

import numpy as np

import tensor
from tensor import nn, optim
from tensor.nn import functional as F


class Regress:
    """A line through points; each rank draws its own start, which must not matter."""

    def __init__(self, weights=None, *, rank, world_size, learning_rate=0.1, seed_by_rank=False):
        if seed_by_rank:
            tensor.manual_seed(rank)
        self.rank = rank
        self.model = nn.Linear(2, 1)
        if weights is not None:
            self.model.load_state_dict(weights)
        self.optimizer = optim.SGD(self.model.parameters(), lr=learning_rate, momentum=0.9)

    def loss(self, batch):
        return F.mse_loss(self.model(tensor.from_numpy(batch["x"])), tensor.from_numpy(batch["y"]))


class Dies(Regress):
    """The last rank dies in its second step."""

    steps = 0

    def loss(self, batch):
        self.steps += 1
        if self.rank == 1 and self.steps == 2:
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()
        return super().loss(batch)


class Hangs(Regress):
    """The last rank never answers."""

    def loss(self, batch):
        if self.rank == 1:
            signal.pause()
        return super().loss(batch)


class Raises(Regress):
    def loss(self, batch):
        raise ZeroDivisionError("the loss of it all")


class LossIsAFloat(Regress):
    def loss(self, batch):
        return float(super().loss(batch))


class LossOfEachRow(Regress):
    def loss(self, batch):
        return self.model(tensor.from_numpy(batch["x"]))


class HasTeacher(Regress):
    """A model with a frozen part and a buffer made in inference mode, which differ from rank to rank at first."""

    def __init__(self, weights=None, *, rank, world_size):
        super().__init__(rank=rank, world_size=world_size)
        with tensor.inference_mode():
            self.model.teacher = nn.Linear(2, 1)
            nn.init.constant_(self.model.teacher.weight, float(rank))
            if weights is not None:
                self.model.teacher.load_state_dict(weights)
            self.model.register_buffer("center", tensor.full((2,), float(rank)))
        # Frozen, over memory that nobody can write to, and of this rank only.
        frozen = np.full(2, rank, np.float32)
        frozen.flags.writeable = False
        self.model.scale = nn.Parameter(tensor.from_numpy(frozen), requires_grad=False)
        self.optimizer = optim.SGD([p for p in self.model.parameters() if p.requires_grad], lr=0.1)

    def loss(self, batch):
        with tensor.inference_mode():  # it may go on being written to
            self.model.center.mul_(0.5).add_(1)
        return super().loss(batch)


class Averages(Regress):
    """A model with a running mean, which follows each rank's own rows."""

    def __init__(self, *, rank, world_size):
        super().__init__(rank=rank, world_size=world_size)
        self.model.register_buffer("mean", tensor.zeros(2))

    def loss(self, batch):
        with tensor.no_grad():
            self.model.mean.copy_(0.9 * self.model.mean + 0.1 * tensor.from_numpy(batch["x"]).mean(dim=0))
        return super().loss(batch)


class OwnRate(Regress):
    """Each rank has a learning rate of its own, which cannot work."""

    def __init__(self, *, rank, world_size):
        super().__init__(rank=rank, world_size=world_size, learning_rate=0.1 * (rank + 1))


class RaggedRegress(Regress):
    """The rows come as lists."""

    def loss(self, batch):
        rows = len(batch["x"])
        plain = {name: np.asarray(column.values).reshape(rows, -1) for name, column in batch.items()}
        return super().loss(plain)


class NoModel:
    def __init__(self, *, rank, world_size):
        pass
