"""R11: `inference_mode.run` of whatever can be called."""

import asyncio
import functools
import inspect

import pytest

import tensor as T
from tensor import nn


def inside():
    return T.is_inference_mode_enabled()


class Model:
    def __call__(self, x):
        return inside(), x

    def method(self, x):
        return inside(), x

    @classmethod
    def of_class(cls, x):
        return inside(), x

    @staticmethod
    def static(x):
        return inside(), x

    async def wait(self, x):
        await asyncio.sleep(0)
        return inside(), x

    def generate(self, x):
        yield inside(), x

    async def stream(self, x):
        await asyncio.sleep(0)
        yield inside(), x


class AsyncModel:
    async def __call__(self, x):
        await asyncio.sleep(0)
        return inside(), x


MODEL = Model()


@pytest.mark.parametrize(
    "call", [MODEL, MODEL.method, Model.of_class, MODEL.of_class, Model.static, functools.partial(Model.method, MODEL)]
)
def test_callables(call):
    assert T.inference_mode.run(call, 1) == (True, 1)
    assert T.inference_mode.run(call, x=1) == (True, 1)
    assert not inside()


@pytest.mark.parametrize(
    "call", [MODEL.wait, AsyncModel(), functools.partial(Model.wait, MODEL), lambda x: MODEL.wait(x)]
)
async def test_coroutines(call):
    awaitable = T.inference_mode.run(call, 1)
    assert not inside()
    assert await awaitable == (True, 1)
    assert await asyncio.create_task(T.inference_mode.run(call, 1)) == (True, 1)
    assert not inside()


def test_generators():
    generator = T.inference_mode.run(MODEL.generate, 1)
    assert next(generator) == (True, 1)
    assert not inside()
    generator.close()


async def test_async_generators():
    generator = T.inference_mode.run(MODEL.stream, 1)
    assert inspect.isasyncgen(generator)
    async for value in generator:
        assert value == (True, 1)
        assert not inside()


@functools.lru_cache(maxsize=0)
def hidden(x):
    """A generator function within an object that does not look like one."""
    yield inside(), x


class Streaming(nn.Module):
    def forward(self, x):
        yield inside(), x
        received = yield
        assert inside()
        return received


@pytest.mark.parametrize("call", [hidden, lambda x: MODEL.generate(x), Streaming(), functools.partial(hidden)])
def test_what_returns_a_generator(call):
    generator = T.inference_mode.run(call, 1)
    assert not inside()
    assert next(generator) == (True, 1)
    assert not inside()
    generator.close()


def test_a_returned_generator_takes_and_returns_values():
    def outer():
        return (yield from T.inference_mode.run(Streaming(), 1))

    generator = outer()
    assert next(generator) == (True, 1)
    assert next(generator) is None
    with pytest.raises(StopIteration) as stop:
        generator.send("sent")
    assert stop.value.value == "sent"
    assert not inside()


async def test_what_returns_an_async_generator():
    generator = T.inference_mode.run(lambda: MODEL.stream(1))
    assert inspect.isasyncgen(generator)
    assert [each async for each in generator] == [(True, 1)]
    generator = T.inference_mode.run(lambda: MODEL.stream(2))
    assert await anext(generator) == (True, 2)
    await generator.aclose()
    assert not inside()


async def test_a_task_that_is_returned_is_the_task():
    task = T.inference_mode.run(lambda: asyncio.create_task(MODEL.wait(1)))
    assert isinstance(task, asyncio.Task)
    assert await task == (True, 1)


def test_a_module_and_an_operation():
    model = nn.Linear(2, 2)
    assert T.inference_mode.run(model, T.ones(2)).is_inference()
    assert T.inference_mode.run(T.ones, 2).is_inference()
    assert not model(T.ones(2)).is_inference()


def test_what_already_is_decorated():
    @T.no_grad
    def compute():
        return inside(), T.is_grad_enabled()

    assert T.inference_mode.run(compute) == (True, False)
    assert T.inference_mode.run(T.inference_mode(compute)) == (True, False)
    with pytest.raises(T.InferenceModeError):
        T.inference_mode.run(T.enable_grad(compute))
    assert not inside()


def test_run_within_run():
    assert T.inference_mode.run(lambda: T.inference_mode.run(inside) and inside())
    assert not inside()


async def test_in_a_thread():
    assert await asyncio.to_thread(T.inference_mode.run, MODEL, 1) == (True, 1)
    assert not await asyncio.to_thread(inside)


async def test_cancelled():
    seen = []

    async def compute():
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(inside())

    task = asyncio.create_task(T.inference_mode.run(compute))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == [True]
    assert not inside()
