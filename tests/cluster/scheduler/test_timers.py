"""Alarms."""

from __future__ import annotations

from cluster.scheduler.timers import Alarm, Kind, Timers

RETRY, IDLE = Alarm(Kind.RETRY, shard=1), Alarm(Kind.IDLE, replica="w0")


def test_alarms_go_off_in_the_order_of_their_times():
    timers = Timers()
    timers.set(RETRY, 2.0)
    timers.set(IDLE, 1.0)
    assert timers.wake_s == 1.0
    assert [timers.pop(2.0), timers.pop(2.0), timers.pop(2.0)] == [IDLE, RETRY, None]
    assert timers.wake_s is None


def test_an_alarm_that_is_set_anew_forgets_its_old_time():
    timers = Timers()
    timers.set(RETRY, 1.0)
    timers.set(RETRY, 3.0)
    assert timers.due_s(RETRY) == 3.0
    assert timers.pop(2.0) is None
    timers.set(RETRY, 1.0)
    assert timers.pop(2.0) == RETRY
    assert timers.wake_s is None


def test_deadlines_that_are_met_leave_nothing_behind():
    timers = Timers()
    for number in range(10_000):
        timers.set(Alarm(Kind.BATCH, number), 1000.0 + number)
        timers.clear(Alarm(Kind.BATCH, number))
    assert len(timers._heap) < 100
    assert timers.wake_s is None
