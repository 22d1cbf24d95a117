"""Attempts to train on marked data by Ray's object store: put, passed to tasks and actors, and sent back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import ray

import tensor as T
from cluster.ray import reach
from tensor import nn
from tests.tensor.contract.laundering.attempts import VALUES, assert_cannot_train, refused

LARGE = 64 << 10  # elements; what is small travels within messages, not through the store


@pytest.fixture(scope="module")
def driver(ray_head) -> Iterator[None]:
    """This process as a driver of the running cluster, without a pool."""
    with reach.let_in(ray_head.address):
        ray.init(address=ray_head.address, logging_level="ERROR", log_to_driver=False)
        try:
            yield
        finally:
            ray.shutdown()


@pytest.fixture
def marked():
    with T.inference_mode():
        return T.tensor(VALUES).repeat(LARGE // len(VALUES))


@ray.remote(num_cpus=0.1)
def made_inside() -> T.Tensor:
    with T.inference_mode():
        return T.ones(LARGE)


@ray.remote(num_cpus=0.1)
def as_seen(value: T.Tensor) -> tuple[bool, str, str]:
    """What a worker in GRAD mode can do with what it was sent."""

    def outcome(attempt):
        try:
            attempt()
        except T.TensorError as error:
            return type(error).__name__
        return "nothing raised"

    weight = T.ones(1, requires_grad=True)
    return value.is_inference(), outcome(lambda: (value * weight).sum().backward()), outcome(value.requires_grad_)


@ray.remote(num_cpus=0.1)
class Keeper:
    def keep(self, value):
        self.value = value

    def give(self):
        return self.value


def test_put_it_into_the_store_and_get_it(driver, marked):
    again = ray.get(ray.put({"x": [marked]}))["x"][0]
    assert not again.numpy().flags.writeable
    np.testing.assert_array_equal(again.numpy(), marked.numpy())
    assert_cannot_train(again, again[1:], T.from_numpy(again.numpy()))


def test_put_its_array_into_the_store(driver):
    """Ray copies the array: what is got has left the contract, as any copy of an array. The tensor would not have."""
    with T.inference_mode():
        marked = T.ones(LARGE)
    array = ray.get(ray.put(marked.numpy()))
    assert not np.shares_memory(array, marked.numpy())
    assert_cannot_train(ray.get(ray.put(marked)))


def test_send_it_to_a_task_and_train_there(driver, marked):
    expected = (True, "InferenceTensorError", "InferenceTensorError")
    assert ray.get(as_seen.remote(marked)) == expected
    assert ray.get(as_seen.remote(ray.put(marked))) == expected
    assert ray.get(as_seen.remote(marked[:2])) == expected


def test_get_it_from_a_task_that_made_it_inside(driver):
    reference = made_inside.remote()
    assert_cannot_train(ray.get(reference))
    assert ray.get(as_seen.remote(reference))[0]


def test_leave_it_with_an_actor_and_fetch_it(driver, marked):
    keeper = Keeper.remote()
    ray.get(keeper.keep.remote([marked, marked[:2]]))
    assert_cannot_train(*ray.get(keeper.give.remote()))
    ray.kill(keeper)


def test_send_a_model_that_was_built_inside(driver):
    with T.inference_mode():
        frozen = nn.Linear(300, 300)
    arrived = ray.get(ray.put(frozen))
    assert_cannot_train(*arrived.parameters())
    trained = nn.Linear(300, 300)
    with refused(*trained.parameters()):
        trained.load_state_dict(arrived.state_dict())


def test_write_it_inside_to_what_the_store_holds_unmarked(driver, marked):
    reference = ray.put(T.zeros(LARGE))
    with T.inference_mode():
        inside = ray.get(reference)
        with pytest.raises((T.ReadOnlyError, T.InferenceTensorError)):
            inside.copy_(marked)
    outside = ray.get(reference)
    assert not outside.is_inference()
    assert not outside.numpy().any()
    assert not T.from_numpy(outside.numpy()).is_inference()
