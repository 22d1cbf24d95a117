"""How many rows may be given up."""

from __future__ import annotations

from cluster.scheduler import Commit, Dispatch, Fail
from cluster.scheduler.budget import Budget
from tests.cluster.scheduler.stories import RAISED, Story


def test_each_attempt_may_give_up_what_is_left():
    story = Story(2, max_dead_rows=5, dead_rows=1)
    assert story.first[-1] == Dispatch(shard=0, attempt=1, replica="w0", max_dead_rows=4)
    actions = story.stage(0, 1, dead_rows=3, failure=RAISED, row=7)
    assert actions == [
        Commit(shard=0, attempt=1, replica="w0"),
        Dispatch(shard=1, attempt=1, replica="w0", max_dead_rows=1),
    ]
    assert story.machine.dead_rows == 4


def test_one_more_ends_the_job_and_names_the_row():
    story = Story(2, max_dead_rows=1, in_flight=2)
    story.stage(0, 1, dead_rows=1, failure=RAISED, row=3)
    (fail,) = story.stage(1, 1, dead_rows=1, failure=RAISED, row=7)
    reason = "2 rows cannot be done, and 1 may be given up"
    assert fail == Fail(reason=reason, shard=1, failure=RAISED, start=7, stop=8)


def test_a_job_that_has_given_up_more_before_than_it_may_now_still_commits_what_is_whole():
    story = Story(1, dead_rows=3)
    assert story.first[-1] == Dispatch(shard=0, attempt=1, replica="w0", max_dead_rows=0)
    assert story.stage(0, 1) == [Commit(shard=0, attempt=1, replica="w0")]


def test_rows_found_by_probes_are_counted_once():
    budget = Budget(most=3, spent=0)
    budget.found(7, 2)
    budget.found(7, 3)
    assert (budget.left_for(7), budget.left_for(8)) == (3, 0)
    budget.found(7, 2)
    budget.staged(7, 2)
    assert (budget.dead_rows, budget.left_for(8), budget.exceeded) == (2, 1, False)
    budget.staged(8, 2)
    assert budget.exceeded
