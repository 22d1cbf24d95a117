"""Data sets, samplers and loaders."""

from collections import namedtuple

import numpy as np
import pytest

import tensor as T
from tensor.utils import data
from tensor.utils.data import DataLoader
from tensor.utils.data.distributed import DistributedSampler


class Squares(data.Dataset):
    def __getitem__(self, index):
        return index, T.tensor(index**2)

    def __len__(self):
        return 10


class Stream(data.IterableDataset):
    def __iter__(self):
        return iter(range(5))

    def __len__(self):
        return 5


ROWS = T.arange(10.0).view(5, 2)


def test_batches_come_in_order():
    loader = DataLoader(Squares(), batch_size=4, num_workers=2)
    assert [batch[1].tolist() for batch in loader] == [[0, 1, 4, 9], [16, 25, 36, 49], [64, 81]]
    assert len(loader) == 3
    assert len(DataLoader(Squares(), batch_size=4, drop_last=True)) == 2


def test_shuffling_gives_every_item_once_and_again_by_the_seed():
    def seen(seed):
        loader = DataLoader(Squares(), batch_size=3, shuffle=True, generator=T.Generator().manual_seed(seed))
        return [index for batch in loader for index in batch[0].tolist()]

    assert sorted(seen(0)) == list(range(10))
    assert seen(0) == seen(0) != seen(1)


def test_streams_are_batched():
    assert [batch.tolist() for batch in DataLoader(Stream(), batch_size=2)] == [[0, 1], [2, 3], [4]]
    assert [batch.tolist() for batch in DataLoader(Stream(), batch_size=2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(), batch_size=None)) == [0, 1, 2, 3, 4]
    assert [len(DataLoader(Stream(), batch_size=2)), len(Stream() + Stream())] == [3, 10]


def test_without_batches_items_come_one_at_a_time():
    items = list(DataLoader([np.ones(2), np.zeros(2)], batch_size=None))
    assert [type(item) is T.Tensor for item in items] == [True, True]


def test_batch_samplers_and_collate_functions():
    batches = DataLoader(Squares(), batch_sampler=[[3, 1], [2]], collate_fn=lambda items: [each[0] for each in items])
    assert list(batches) == [[3, 1], [2]]


def test_collating_keeps_the_structure():
    Point = namedtuple("Point", "x y")
    made = data.default_collate(
        [
            {"a": 1, "b": [1.5, "s"], "c": Point(T.ones(2), np.float32(1))},
            {"a": 2, "b": [2.5, "t"], "c": Point(T.ones(2), np.float32(2))},
        ]
    )
    assert made["a"].tolist() == [1, 2]
    assert made["b"][0].dtype is T.float64
    assert made["b"][1] == ["s", "t"]
    assert (type(made["c"]), made["c"].x.shape, made["c"].y.dtype) == (Point, (2, 2), T.float32)
    with pytest.raises(T.ShapeError, match="equal size"):
        data.default_collate([[1], [1, 2]])
    with pytest.raises(T.DtypeError, match="collate_fn"):
        data.default_collate([object()])


def test_marked_rows_give_marked_batches():
    with T.inference_mode():
        rows = T.ones(4, 2)
    assert all(batch.is_inference() for (batch,) in DataLoader(data.TensorDataset(rows), batch_size=2))


def test_data_sets_of_data_sets():
    rows = data.TensorDataset(ROWS, T.arange(5))
    assert (rows[1][0].tolist(), len(rows)) == ([2, 3], 5)
    both = rows + rows
    assert (both[7][1].item(), both[-1][1].item(), len(both)) == (2, 4, 10)
    assert data.Subset(rows, [4, 0])[0][1].item() == 4
    assert data.StackDataset(a=[1, 2], b=[3, 4])[1] == {"a": 2, "b": 4}
    assert data.StackDataset([1, 2], [3, 4])[0] == (1, 3)
    with pytest.raises(T.ShapeError, match="mismatch"):
        data.TensorDataset(ROWS, T.arange(4))
    with pytest.raises(T.ArgumentError):
        data.ConcatDataset([])


@pytest.mark.parametrize(
    ("lengths", "sizes"), [([3, 7], [3, 7]), ([0.5, 0.5], [5, 5]), ([0.33, 0.33, 0.34], [4, 3, 3])]
)
def test_random_splits(lengths, sizes):
    parts = data.random_split(Squares(), lengths, generator=T.Generator().manual_seed(1))
    assert [len(part) for part in parts] == sizes
    assert sorted(part[at][0] for part in parts for at in range(len(part))) == list(range(10))


def test_random_splits_that_do_not_sum_up():
    with pytest.raises(T.ArgumentError, match="Sum of input lengths"):
        data.random_split(Squares(), [3, 3])


def test_samplers():
    assert sorted(data.RandomSampler(range(4))) == [0, 1, 2, 3]
    assert len(list(data.RandomSampler(range(4), num_samples=10))) == 10
    assert set(data.RandomSampler(range(4), replacement=True, num_samples=50)) <= {0, 1, 2, 3}
    assert sorted(data.SubsetRandomSampler([5, 7])) == [5, 7]
    assert set(data.WeightedRandomSampler([0.0, 1.0, 0.0], 5)) == {1}
    assert list(data.BatchSampler(data.SequentialSampler(range(5)), 2, True)) == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    "options",
    [
        {"sampler": [0], "shuffle": True},
        {"batch_sampler": [[0]], "batch_size": 2},
        {"batch_size": None, "drop_last": True},
        {"batch_size": 0},
        {"num_workers": -1},
        {"timeout": -1},
    ],
)
def test_options_that_exclude_each_other(options):
    with pytest.raises(ValueError, match=r"exclusive|positive|negative"):
        DataLoader(Squares(), **options)


def test_streams_have_no_order():
    with pytest.raises(T.ArgumentError, match="IterableDataset"):
        DataLoader(Stream(), shuffle=True)


def test_each_process_gets_its_share():
    def shares(drop_last):
        return [list(DistributedSampler(range(10), 3, rank, shuffle=False, drop_last=drop_last)) for rank in range(3)]

    assert shares(False) == [[0, 3, 6, 9], [1, 4, 7, 0], [2, 5, 8, 1]]
    assert shares(True) == [[0, 3, 6], [1, 4, 7], [2, 5, 8]]
    shuffled = [DistributedSampler(range(9), 3, rank) for rank in range(3)]
    assert sorted(index for sampler in shuffled for index in sampler) == list(range(9))
    first = list(shuffled[0])
    shuffled[0].set_epoch(1)
    assert list(shuffled[0]) != first
    with pytest.raises(T.ArgumentError, match="num_replicas"):
        DistributedSampler(range(3))
