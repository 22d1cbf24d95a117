from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor
from tests.strategies import columns, cuts
from workers.columns import digest_rows, row_count, take_rows
from workers.output_order import OutputOrder
from workers.pieces import join_columns, own, own_rows, take_columns
from workers.ragged import Ragged


@given(columns(), st.data())
def test_columns_are_cut_picked_and_joined_like_rows(made, data):
    rows = row_count(made)
    parts = [own_rows(made, range(start, stop)) for start, stop in data.draw(cuts(rows))]
    assert digest_rows(join_columns(parts)) == digest_rows(made)
    picked = np.array(data.draw(st.permutations(range(rows))), np.int64)
    assert digest_rows(take_columns(made, picked)) == digest_rows(take_rows(made, picked))
    assert digest_rows(own_rows(made, picked)) == digest_rows(take_rows(made, picked))


@given(columns(), st.data())
def test_outputs_come_back_in_input_order_as_soon_as_they_are_complete(made, data):
    rows = row_count(made)
    order = np.array(data.draw(st.permutations(range(rows))), np.int64)
    held, lost, seen = OutputOrder(), set(), []
    with tensor.inference_mode():
        for start, stop in data.draw(cuts(rows)):
            batch = order[start:stop]
            if start == stop:
                continue
            pieces = [piece for piece in data.draw(cuts(len(batch))) if piece[0] < piece[1]]
            kept = [piece for piece in pieces if data.draw(st.booleans())]
            lost |= {int(batch[row]) for piece in pieces if piece not in kept for row in range(*piece)}
            held.add(batch, [(*piece, take_rows(made, batch[slice(*piece)])) for piece in kept])
            ordered = held.take()
            if ordered is not None:
                seen += map(int, ordered.positions)
                assert digest_rows(ordered.columns) == digest_rows(take_rows(made, ordered.positions))
                assert seen == [row for row in range(max(seen) + 1) if row not in lost]
    assert held.take() is None
    assert set(seen) == set(range(rows)) - lost


def test_what_no_array_holds_travels_too():
    with tensor.inference_mode():
        parts = [
            {"t": tensor.arange(2) + start, "l": [start, "x"], "r": Ragged(tensor.arange(3), [0, 1, 3]), "m": part}
            for start, part in ((0, np.zeros(2)), (2, tensor.ones(2)))
        ]
        joined = join_columns(parts)
        taken = own_rows(joined, np.array([3, 0]))
    assert joined["t"].tolist() == [0, 1, 2, 3]
    assert joined["l"] == [0, "x", 2, "x"]
    assert joined["r"].lengths.tolist() == [1, 2, 1, 2]
    assert joined["m"].tolist() == [0, 0, 1, 1]
    assert (taken["t"].tolist(), taken["l"], taken["r"].lengths.tolist()) == ([3, 0], ["x", 0], [2, 1])
    for made in (joined["t"], joined["r"].values, joined["m"], taken["t"], taken["r"].values):
        assert made.is_inference()


def test_what_may_be_written_to_is_copied_and_nothing_else():
    writable, fixed = np.zeros(4), np.zeros(4)
    fixed.flags.writeable = False
    cells = [[1], 2, 3, 4]
    with tensor.inference_mode():
        made = {
            "a": writable,
            "f": fixed,
            "l": cells,
            "r": Ragged(writable, [0, 1, 2, 3, 4]),
            "t": tensor.from_numpy(np.zeros(4)),
        }
        mine = own_rows(made, range(4))
        mine["a"][:] = mine["r"].values[:] = 1
        mine["t"].fill_(1)
        mine["l"][1] = None
    assert not writable.any()
    assert not made["t"].any()
    assert cells == [[1], 2, 3, 4]
    assert np.shares_memory(mine["f"], fixed)
    assert own(fixed) is fixed


@pytest.mark.parametrize("batch", [range(2), np.arange(2)])
def test_cells_may_be_written_to_as_well(batch):
    images = [np.zeros(3), np.zeros(3)]
    cells = np.empty(2, object)
    cells[:] = [{"image": images[0]}, (images[1],)]
    mine = own_rows({"l": images, "o": cells}, batch)
    for image in (*mine["l"], mine["o"][0]["image"], mine["o"][1][0]):
        image += 1
    assert not np.any(images)


@pytest.mark.parametrize("rows", [0, 3])
def test_a_single_part_is_returned_as_it_is(rows):
    part = {"x": np.zeros(rows)}
    assert join_columns([part])["x"] is part["x"]
