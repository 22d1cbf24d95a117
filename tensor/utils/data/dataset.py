"""Data sets: what can be asked for its items by number, or gone through."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

from tensor.errors import ArgumentError, DtypeError, ShapeError
from tensor.factories import randperm
from tensor.generators import Generator
from tensor.tensors import Tensor

Item = TypeVar("Item", covariant=True)


class Dataset(Generic[Item]):
    """Items by number. Derive from it, and define `__getitem__` and `__len__`.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.Dataset
    """

    def __getitem__(self, index: Any) -> Item:
        """Return an item."""
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__: define it to return the item at an index")

    def __add__(self, other: Dataset[Item]) -> ConcatDataset[Item]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[Item]):
    """Items one after another. Derive from it, and define `__iter__`."""

    def __iter__(self) -> Iterator[Item]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__: define it to yield the items")

    def __add__(self, other: Dataset[Item]) -> Any:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """The rows of tensors, a tuple of one row of each at a time.

    Args:
        tensors: Tensors of any dtypes, with as many rows each.

    Raises:
        DtypeError: One is no tensor.
        ShapeError: One has more or fewer rows.
    """

    def __init__(self, *tensors: Tensor) -> None:
        for each in tensors:
            if not isinstance(each, Tensor):
                raise DtypeError(f"TensorDataset takes tensors, got {type(each).__name__}; from_numpy makes one of it")
        if any(tensor.size(0) != tensors[0].size(0) for tensor in tensors):
            raise ShapeError(f"Size mismatch between tensors: {[tensor.size(0) for tensor in tensors]} rows")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].size(0))


class StackDataset(Dataset[Any]):
    """Several data sets side by side: an item of each at a time.

    Args:
        args: The data sets, whose items come in a tuple;
        kwargs: or by name, whose items come in a dictionary.

    Raises:
        ArgumentError: There are none, or some of both kinds.
        ShapeError: They have not as many items each.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ArgumentError("StackDataset: expected data sets, either all by position or all by name")
        self.datasets: tuple[Any, ...] | dict[str, Any] = args or kwargs
        self._length = len((args or tuple(kwargs.values()))[0])
        if any(len(dataset) != self._length for dataset in args or kwargs.values()):
            raise ShapeError("Size mismatch between datasets")

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[Item]):
    """Data sets one after another.

    Args:
        datasets: The data sets.

    Raises:
        ArgumentError: There is none, or one has no items by number.
    """

    def __init__(self, datasets: Iterable[Dataset[Item]]) -> None:
        self.datasets: list[Any] = list(datasets)
        if not self.datasets:
            raise ArgumentError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise ArgumentError("ConcatDataset does not support IterableDataset; use ChainDataset")
        self.cumulative_sizes = list(itertools.accumulate(map(len, self.datasets)))

    def __getitem__(self, index: int) -> Item:
        if index < 0:
            if -index > len(self):
                raise ArgumentError(f"index {index} is out of range for {len(self)} items")
            index += len(self)
        at = bisect.bisect_right(self.cumulative_sizes, index)
        item: Item = self.datasets[at][index - (self.cumulative_sizes[at - 1] if at else 0)]
        return item

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class ChainDataset(IterableDataset[Any]):
    """Data sets without numbers one after another.

    Args:
        datasets: The data sets.
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self) -> int:
        return sum(map(len, self.datasets))


class Subset(Dataset[Item]):
    """Some items of a data set.

    Args:
        dataset: The data set.
        indices: Which items, in order.
    """

    def __init__(self, dataset: Dataset[Item], indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, idx: Any) -> Item:
        return self.dataset[[self.indices[i] for i in idx] if isinstance(idx, list) else self.indices[idx]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(
    dataset: Dataset[Item], lengths: Sequence[int | float], generator: Generator | None = None
) -> list[Subset[Item]]:
    """Return the items of a data set divided at random.

    Source: https://docs.pytorch.org/docs/stable/data.html#torch.utils.data.random_split

    Args:
        dataset: The data set.
        lengths: How many items each part gets; or which fraction of them, what is left by rounding going to the first
            parts, one each.
        generator: Where random numbers come from.

    Raises:
        ArgumentError: The lengths do not sum up to the number of items, nor the fractions to 1.
    """
    count = len(dataset)  # type: ignore[arg-type]
    sizes = [int(length) for length in lengths]
    if abs(sum(lengths) - 1) < 1e-9 and all(0 <= length <= 1 for length in lengths):
        sizes = [int(count * fraction) for fraction in lengths]
        for at in range(count - sum(sizes)):
            sizes[at % len(sizes)] += 1
    if sum(sizes) != count:
        raise ArgumentError(
            f"Sum of input lengths does not equal the length of the input dataset: {list(lengths)} of {count}"
        )
    order = randperm(count, generator=generator).tolist()
    stops = list(itertools.accumulate(sizes))
    return [Subset(dataset, order[stop - size : stop]) for stop, size in zip(stops, sizes, strict=True)]
