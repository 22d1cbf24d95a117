"""The loader of batches: a data set in some order, cut into batches, each made into tensors.

Batches are loaded in this process as they are asked for, also where `num_workers` asks for others: the same batches in
the same order. For scoring many rows on all cores there is `cluster.Pool`, which reads its shards beside the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from tensor.errors import ArgumentError
from tensor.generators import Generator
from tensor.utils.data.collate import default_collate, default_convert
from tensor.utils.data.dataset import IterableDataset
from tensor.utils.data.sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

Item = TypeVar("Item")

__all__ = ["DataLoader", "default_collate", "default_convert", "get_worker_info"]


def get_worker_info() -> None:
    """Return what a loading process knows of itself: `None`, as in the process that asks for the batches."""
    return None


class _Endless(Sampler[None]):
    """What stands for the order of items that have no numbers."""

    def __iter__(self) -> Iterator[None]:
        while True:
            yield None


class _BaseDataLoaderIter:
    """One pass over the batches of a loader.

    Args:
        loader: The loader.
    """

    def __init__(self, loader: DataLoader[Any]) -> None:
        self._batches = loader._batches()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._batches)


class DataLoader(Generic[Item]):
    """Batches of a data set.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader

    Args:
        dataset: Items by number, or one after another.
        batch_size: How many items make a batch; `None` for items one at a time.
        shuffle: Whether they come in random order, another one each time.
        sampler: The order, in place of `shuffle`.
        batch_sampler: The batches, in place of `batch_size`, `shuffle`, `sampler` and `drop_last`.
        num_workers: How many processes PyTorch would load with; here it is this one.
        collate_fn: Makes a batch of a list of items; `default_collate` if not given.
        pin_memory: Accepted since PyTorch has it.
        drop_last: Whether to leave out a last batch that is smaller.
        timeout: How long PyTorch would wait for its processes, in seconds.
        worker_init_fn: What they would call first; it is not called.
        multiprocessing_context: How they would be started.
        generator: Where random numbers come from.
        prefetch_factor: How many batches each would load ahead.
        persistent_workers: Whether they would stay.
        pin_memory_device: Accepted since PyTorch has it.
        in_order: Whether batches come in order; they do.

    Raises:
        ArgumentError: Arguments that exclude each other, or a number that is out of range.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ArgumentError(f"num_workers option should be non-negative, got {num_workers}")
        if timeout < 0:
            raise ArgumentError(f"timeout option should be non-negative, got {timeout}")
        if sampler is not None and shuffle:
            raise ArgumentError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ArgumentError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
            )
        if batch_size is None and drop_last:
            raise ArgumentError(
                "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
            )
        self._endless = isinstance(dataset, IterableDataset)
        if self._endless and (shuffle or sampler is not None or batch_sampler is not None):
            raise ArgumentError(
                "DataLoader with IterableDataset: expected no shuffle, sampler or batch_sampler option, since its "
                "items have no numbers"
            )
        if sampler is None:
            if self._endless:
                sampler = _Endless()
            else:
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset: Any = dataset
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.num_workers = num_workers
        self.collate_fn: Callable[[Any], Any] = collate_fn or (
            default_convert if batch_sampler is None else default_collate
        )
        self.pin_memory = pin_memory
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.generator = generator
        self.prefetch_factor = prefetch_factor
        self.persistent_workers = persistent_workers
        self.pin_memory_device = pin_memory_device
        self.in_order = in_order

    def __iter__(self) -> Iterator[Any]:
        return _BaseDataLoaderIter(self)

    def _batches(self) -> Iterator[Any]:
        """The batches of one pass."""
        if self._endless:
            yield from self._streamed()
        elif self.batch_sampler is None:
            for index in self.sampler:
                yield self.collate_fn(self.dataset[index])
        else:
            fetch = getattr(self.dataset, "__getitems__", None)
            for indices in self.batch_sampler:
                yield self.collate_fn(fetch(indices) if fetch else [self.dataset[index] for index in indices])

    def _streamed(self) -> Iterator[Any]:
        """Batches of items that have no numbers."""
        if self.batch_size is None:
            yield from map(self.collate_fn, self.dataset)
            return
        batch: list[Item] = []
        for item in self.dataset:
            batch.append(item)
            if len(batch) == self.batch_size:
                yield self.collate_fn(batch)
                batch = []
        if batch and not self.drop_last:
            yield self.collate_fn(batch)

    def __len__(self) -> int:
        """Return how many batches come.

        Raises:
            TypeError: The data set does not say how many items it has.
        """
        if not self._endless:
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        count = len(self.dataset)
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)
