"""A part of a data set for each of several processes: PyTorch's `torch.utils.data.distributed`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized

from tensor.errors import ArgumentError
from tensor.factories import randperm
from tensor.generators import Generator
from tensor.utils.data.sampler import Sampler


class DistributedSampler(Sampler[int]):
    """Every so-manieth item of a data set.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.distributed.DistributedSampler

    Args:
        dataset: What has the items.
        num_replicas: How many processes there are; has to be given, since there is no process group.
        rank: Which one this is.
        shuffle: Whether items come in random order, the same for all processes.
        seed: What the order is drawn from, together with the epoch.
        drop_last: Whether to leave out items that do not fill up all processes; if not, some come again.

    Raises:
        ArgumentError: `num_replicas` or `rank` is missing or out of range.
    """

    def __init__(
        self,
        dataset: Sized,
        num_replicas: int | None = None,
        rank: int | None = None,
        shuffle: bool = True,
        seed: int = 0,
        drop_last: bool = False,
    ) -> None:
        if num_replicas is None or rank is None:
            raise ArgumentError("DistributedSampler: there is no process group, so pass num_replicas and rank")
        if not 0 <= rank < num_replicas:
            raise ArgumentError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.shuffle = shuffle
        self.seed = seed
        self.drop_last = drop_last
        self.epoch = 0

    @property
    def total_size(self) -> int:
        """How many items come in all processes together."""
        count = len(self.dataset)
        rounded = count // self.num_replicas if self.drop_last else math.ceil(count / self.num_replicas)
        return rounded * self.num_replicas

    def __iter__(self) -> Iterator[int]:
        count, total = len(self.dataset), self.total_size
        order = list(range(count))
        if self.shuffle:
            order = randperm(count, generator=Generator().manual_seed(self.seed + self.epoch)).tolist()
        filled = (order * math.ceil(total / max(count, 1)))[:total]
        return iter(filled[self.rank : total : self.num_replicas])

    def __len__(self) -> int:
        return self.total_size // self.num_replicas

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch it is, so that each has an order of its own.

        Args:
            epoch: Its number.
        """
        self.epoch = epoch
