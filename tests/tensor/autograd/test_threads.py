"""Several threads, one graph or one leaf."""

import threading

import pytest

import tensor as T


@pytest.fixture
def weight():
    return T.tensor([1.0, 2.0, 3.0], requires_grad=True)


def test_backward_in_another_thread(weight):
    loss = (weight * weight).sum()
    thread = threading.Thread(target=loss.backward)
    thread.start()
    thread.join()
    assert weight.grad.tolist() == [2, 4, 6]


def test_threads_that_share_a_leaf_lose_no_gradient():
    size, threads, times = 500_000, 4, 10
    leaf = T.zeros(size, requires_grad=True)
    start = threading.Barrier(threads)

    def work():
        start.wait()
        for _ in range(times):
            leaf.sum().backward()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert leaf.grad.min().item() == leaf.grad.max().item() == threads * times


def test_threads_that_share_a_graph(weight):
    loss = (weight * weight).sum()
    start = threading.Barrier(4)

    def work():
        start.wait()
        for _ in range(25):
            loss.backward(retain_graph=True)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert weight.grad.tolist() == [200, 400, 600]


def test_a_failure_in_one_thread_is_its_own(weight):
    failed, done = [], []

    def fail():
        bad = T.ones(2, requires_grad=True)
        bad.register_hook(lambda g: 1 / 0)
        try:
            bad.sum().backward()
        except ZeroDivisionError:
            failed.append(T.is_grad_enabled())

    def succeed():
        weight.sum().backward()
        done.append(T.is_grad_enabled())

    workers = [threading.Thread(target=each) for each in (fail, succeed)]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert (failed, done) == ([True], [True])
    assert weight.grad.tolist() == [1, 1, 1]


def test_each_thread_counts_its_own_nodes(weight):
    counts = []
    T.autograd.graph_stats()

    def work():
        weight + 1
        counts.append(T.autograd.graph_stats().nodes)

    worker = threading.Thread(target=work)
    before = T.autograd.graph_stats().nodes
    worker.start()
    worker.join()
    assert counts == [1]
    assert T.autograd.graph_stats().nodes == before
