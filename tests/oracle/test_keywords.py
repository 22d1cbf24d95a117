"""Arguments that may be given one by one, also given by their name, as model files do."""

from __future__ import annotations

import numpy as np
import pytest

import tensor

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

CALLS = {
    "permute": lambda t, x: (t.permute(x, dims=(1, 0, 2)), x.permute(dims=[2, 1, 0])),
    "reshape": lambda t, x: (t.reshape(x, shape=(6, 4)), x.reshape(shape=(-1,))),
    "view": lambda t, x: (x.view(size=(6, 4)), x.view(dtype=t.int64)),
    "repeat": lambda t, x: (x.repeat(repeats=(2, 1, 1)),),
    "tile": lambda t, x: (t.tile(x, dims=(2, 1, 1)), x.tile(dims=(2,))),
    "expand": lambda t, x: (x[:1].expand(size=(5, 3, 4)),),
    "flip": lambda t, x: (t.flip(x, dims=(1,)), x.flip(dims=[0, 2])),
    "new": lambda t, x: (x.new_zeros(size=(2,)), x.new_ones(size=[2, 3]), x.new_full(size=(2,), fill_value=3.0)),
    "split": lambda t, x: (*x.split(split_size=2, dim=2), *x.split(split_size=[1, 3], dim=2)),
    "split of torch": lambda t, x: t.split(x, split_size_or_sections=2, dim=2),
}


@pytest.mark.parametrize("name", CALLS)
def test_by_name(name):
    array = np.arange(24.0).reshape(2, 3, 4)
    ours, theirs = (CALLS[name](t, t.tensor(array)) for t in (tensor, torch))
    for mine, yours in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine.numpy(), yours.numpy(), strict=True)


def test_integers_below_a_bound_that_is_named():
    for t in (tensor, torch):
        drawn = t.randint(high=3, size=(50,))
        assert sorted(set(drawn.tolist())) == [0, 1, 2]


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: x.permute(0, 1, 2, dims=(0, 1, 2)),
        lambda t, x: x.reshape(size=(24,)),
        lambda t, x: t.zeros(2, size=(2,)),
        lambda t, x: x.split(dim=1),
    ],
)
def test_other_names_are_refused(call):
    for t in (tensor, torch):
        with pytest.raises(TypeError):
            call(t, t.ones(2, 3, 4))
