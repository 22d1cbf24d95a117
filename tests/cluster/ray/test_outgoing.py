"""Reports of several threads in one stream."""

from __future__ import annotations

import threading

from cluster.ray.outgoing import Outgoing
from cluster.ray.replica import _split
from workers.messages import BatchDone, BatchStarted, ShardDone, decode_report


def started(batch, batches=2):
    return BatchStarted("job", 0, 1, batch, batches, 0, 1, 0, 0)


def done(batch):
    return BatchDone("job", 0, 1, batch, 1, None, 0)


class Stream:
    """What the driver sees; takes one item at a time."""

    def __init__(self, outgoing):
        self._items = outgoing.stream()

    def take(self):
        return [decode_report(frame) for frame in _split(next(self._items))]


def telling(outgoing, *reports):
    def tell():
        for report in reports:
            outgoing.tell(report)
        outgoing.close()

    thread = threading.Thread(target=tell)
    thread.start()
    return thread


def test_a_batch_is_done_together_with_what_comes_next_but_for_the_last_one():
    outgoing = Outgoing()
    end = ShardDone("job", 0, 1, 2, None, 0, "")
    thread = telling(outgoing, started(0), done(0), started(1), done(1), end)
    stream = Stream(outgoing)
    assert [stream.take() for _ in range(4)] == [[started(0)], [done(0), started(1)], [done(1)], [end]]
    assert next(stream._items, None) is None
    thread.join()


def test_who_says_something_goes_on_once_it_has_been_taken_and_asked_for_more():
    outgoing = Outgoing()
    thread = telling(outgoing, started(0))
    stream = Stream(outgoing)
    assert stream.take() == [started(0)]
    assert thread.is_alive()
    assert next(stream._items, None) is None
    thread.join()


def test_what_another_thread_says_comes_after_what_was_done_before():
    outgoing = Outgoing()
    stream = Stream(outgoing)
    first = threading.Thread(target=lambda: [outgoing.tell(started(0)), outgoing.tell(done(0))])
    first.start()
    assert stream.take() == [started(0)]
    second = threading.Thread(target=lambda: [first.join(), outgoing.say(started(-1, 0))])
    second.start()
    assert stream.take() == [done(0), started(-1, 0)]
    outgoing.close()
    assert next(stream._items, None) is None
    second.join()
