"""R16: `graph_stats` counts the graph nodes created in each context."""

import asyncio
import contextvars
import threading

import tensor as T
from tensor.autograd import counting_nodes, graph_stats


def record(n):
    weight = T.ones(2, requires_grad=True)
    for _ in range(n):
        weight.mul(2)


def test_counts_recorded_operations_only():
    before = graph_stats().nodes
    record(3)
    assert graph_stats().nodes == before + 3
    T.ones(2).mul(2)
    with T.no_grad():
        record(3)
    T.ones(2, requires_grad=True).gt(0)
    assert graph_stats().nodes == before + 3


def test_inference_creates_none():
    weight = T.ones(2, requires_grad=True)
    with counting_nodes() as counter, T.inference_mode():
        (weight @ weight).exp()[None].sum()
        weight[0].add_(1)
    assert counter.nodes == 0


def test_counts_custom_functions_and_rebased_views():
    class Double(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    weight = T.ones(2, requires_grad=True)
    with counting_nodes() as counter:
        Double.apply(weight)
        assert counter.nodes == 1
        base = T.zeros(2)
        base[0] = weight[1]
        assert counter.nodes > 2


def test_blocks_nest():
    before = graph_stats().nodes
    with counting_nodes() as outer:
        record(1)
        with counting_nodes() as inner:
            record(2)
        record(1)
    assert (inner.nodes, outer.nodes, graph_stats().nodes - before) == (2, 4, 4)


def test_threads_count_apart():
    with counting_nodes() as counter:
        thread = threading.Thread(target=record, args=(5,))
        thread.start()
        thread.join()
    assert counter.nodes == 0


async def test_tasks_count_apart_where_they_ask_for_it():
    both = asyncio.Barrier(2)

    async def work(n):
        with counting_nodes() as counter:
            await both.wait()
            record(n)
            await both.wait()
            return counter.nodes

    assert await asyncio.gather(work(1), work(4)) == [1, 4]


async def test_a_task_started_in_a_block_counts_for_it():
    async def work():
        record(2)

    with counting_nodes() as counter:
        await asyncio.create_task(work())
    assert counter.nodes == 2


def test_a_task_shares_the_count_of_whoever_asked_before():
    async def child():
        record(2)

    def count():
        before = graph_stats().nodes
        asyncio.run(child())
        return graph_stats().nodes - before

    assert contextvars.Context().run(count) == 2


def test_a_child_task_shares_it_too():
    async def main():
        before = graph_stats().nodes
        await asyncio.to_thread(record, 3)
        return graph_stats().nodes - before

    assert contextvars.Context().run(asyncio.run, main()) == 3
