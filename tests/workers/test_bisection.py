from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import cuts
from workers.bisection import bisect
from workers.errors import PredictorError
from workers.failures import Step
from workers.messages import CancelJob

STEP = Step("user", "P.__call__")


def run(pieces, poison, *, flaky=0, most=99, accept=lambda returned, rows, more: returned):
    """What was called, what came of it, and what was given up, by rows that raise."""
    calls, dead, left = [], {}, flaky

    def compute(start, stop):
        nonlocal left
        calls.append((start, stop))
        if left:
            left -= 1
            raise OSError("for once")
        if stop - start > most:
            raise MemoryError
        for row in range(start, stop):
            if row in poison:
                raise ValueError(f"row {row}")
        return list(range(start, stop))

    def give_up(row, failure, attempts):
        dead[row] = (failure.message, attempts)

    steps = bisect(
        pieces,
        step=STEP,
        announce=lambda start, stop: CancelJob(f"{start}-{stop}"),
        compute=compute,
        accept=accept,
        give_up=give_up,
    )
    announced = []
    while True:
        try:
            announced.append(next(steps).job)
        except StopIteration as done:
            assert announced == [f"{start}-{stop}" for start, stop in calls]
            return calls, done.value, dead


@given(st.integers(1, 70), st.sets(st.integers(0, 69)), st.data())
def test_exactly_the_rows_that_raise_are_given_up(rows, poison, data):
    pieces = [piece for piece in data.draw(cuts(rows)) if piece[0] < piece[1]]
    _, accepted, dead = run(pieces, poison)
    assert set(dead) == poison & set(range(rows))
    assert [row for _, _, part in accepted for row in part] == [row for row in range(rows) if row not in poison]
    assert all(list(range(start, stop)) == part for start, stop, part in accepted)
    assert all(message == f"row {row}" and attempts >= 2 for row, (message, attempts) in dead.items())


def test_halves_left_first():
    calls, _, dead = run([(0, 8)], {5})
    assert calls == [(0, 8), (0, 4), (4, 8), (4, 6), (4, 5), (5, 6), (6, 8)]
    assert dead == {5: ("row 5", 4)}


def test_a_row_that_was_alone_is_tried_once_more():
    assert run([(3, 4)], {3})[0] == [(3, 4), (3, 4)]
    calls, accepted, dead = run([(3, 4)], set(), flaky=1)
    assert (calls, accepted, dead) == ([(3, 4), (3, 4)], [(3, 4, [3])], {})


def test_an_error_that_comes_once_changes_nothing():
    calls, accepted, dead = run([(0, 4), (4, 6)], set(), flaky=1)
    assert (calls, dead) == ([(0, 4), (0, 2), (2, 4), (0, 4), (4, 6)], {})
    assert accepted == [(0, 4, [0, 1, 2, 3]), (4, 6, [4, 5])]


def test_what_never_runs_whole_keeps_the_output_of_its_parts():
    calls, accepted, dead = run([(0, 5)], set(), most=3)
    assert (calls, dead) == ([(0, 5), (0, 2), (2, 5), (0, 5)], {})
    assert accepted == [(0, 2, [0, 1]), (2, 5, [2, 3, 4])]


def test_a_piece_without_one_of_its_rows_is_not_tried_again():
    calls, accepted, dead = run([(0, 2), (2, 4)], {3}, flaky=1)
    assert calls == [(0, 2), (0, 1), (1, 2), (0, 2), (2, 4), (2, 3), (3, 4)]
    assert ([part for _, _, part in accepted], set(dead)) == ([[0, 1], [2]], {3})


def test_what_is_wrong_with_the_answer_is_not_about_a_row():
    def refuse(returned, rows, more):
        raise PredictorError("one row too few")

    with pytest.raises(PredictorError, match="one row too few"):
        run([(0, 8)], set(), accept=refuse)


def test_whether_another_call_follows_is_known():
    more = []
    run([(0, 4), (4, 6)], {1}, accept=lambda returned, rows, follows: more.append(follows))
    assert more == [True, True, False]  # row 0, rows 2 and 3, rows 4 and 5
    more.clear()
    run([(0, 4)], set(), flaky=1, accept=lambda returned, rows, follows: more.append(follows))
    assert more == [True, True, False]  # the halves, and all
