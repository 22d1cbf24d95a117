"""R11: as a block, as a decorator of every kind of function, and as `inference_mode.run`."""

import asyncio
import functools
import inspect

import pytest

import tensor as T


def inside():
    return T.is_inference_mode_enabled()


DECORATORS = {
    "bare": T.inference_mode,
    "called": T.inference_mode(),
    "with argument": T.inference_mode(True),
}
decorators = pytest.mark.parametrize("decorate", DECORATORS.values(), ids=DECORATORS)


@decorators
def test_function(decorate):
    @decorate
    def compute(x, *, scale=1):
        """Doc."""
        assert inside()
        return T.ones(1) * x * scale

    assert compute(2, scale=3).is_inference()
    assert compute.__name__ == "compute"
    assert compute.__doc__ == "Doc."
    assert not inside()
    assert compute(2).item() == 2


@decorators
def test_function_that_raises(decorate):
    @decorate
    def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    assert not inside()


@decorators
def test_generator(decorate):
    log = []

    @decorate
    def generate(n):
        try:
            for i in range(n):
                log.append(inside())
                received = yield i
                log.append((inside(), received))
        finally:
            log.append(("closed", inside()))
        return "done"

    generator = generate(2)
    assert inspect.isgeneratorfunction(generate)
    assert next(generator) == 0
    assert not inside()
    assert generator.send("a") == 1
    assert not inside()
    with pytest.raises(StopIteration) as stop:
        generator.send("b")
    assert stop.value.value == "done"
    assert log == [True, (True, "a"), True, (True, "b"), ("closed", True)]
    assert not inside()


@decorators
def test_generator_throw_and_close(decorate):
    log = []

    @decorate
    def generate():
        while True:
            try:
                yield inside()
            except ValueError:
                log.append(("caught", inside()))
            except GeneratorExit:
                log.append(("exit", inside()))
                raise

    generator = generate()
    assert next(generator) is True
    assert generator.throw(ValueError()) is True
    assert not inside()
    generator.close()
    assert log == [("caught", True), ("exit", True)]
    assert not inside()
    generator = generate()
    next(generator)
    with pytest.raises(KeyError):
        generator.throw(KeyError())
    assert not inside()


def test_generator_that_ignores_close():
    @T.inference_mode
    def stubborn():
        while True:
            try:
                yield
            except GeneratorExit:
                yield

    generator = stubborn()
    next(generator)
    with pytest.raises(RuntimeError, match="ignored GeneratorExit"):
        generator.close()
    assert not inside()


def test_generator_delegation_and_nesting():
    @T.inference_mode
    def inner():
        received = yield inside()
        return received

    @T.no_grad
    def outer():
        assert not inside()
        result = yield from inner()
        assert not inside()
        assert not T.is_grad_enabled()
        yield result

    generator = outer()
    assert next(generator) is True
    assert T.is_grad_enabled()
    assert generator.send("x") == "x"
    generator.close()


def test_a_block_left_open_in_a_decorated_generator_does_not_leak():
    @T.inference_mode
    def generate():
        with T.no_grad(), T.inference_mode():
            yield 1
            assert inside()
            yield 2
        assert inside()
        yield 3
        assert inside()

    generator = generate()
    for _ in generator:
        assert not inside()
        assert T.is_grad_enabled()
    assert T.is_grad_enabled()


def test_two_interleaved_generators_keep_their_own_blocks():
    @T.inference_mode
    def marked():
        with T.no_grad():
            while True:
                yield T.ones(1).is_inference()

    @T.no_grad
    def plain():
        while True:
            with T.enable_grad():
                yield T.is_grad_enabled()
            yield T.is_grad_enabled()

    first, second = marked(), plain()
    for expected in (True, False, True, False):
        assert next(first) is True
        assert next(second) is expected
        assert T.is_grad_enabled()


@decorators
async def test_coroutine(decorate):
    @decorate
    async def compute(x):
        assert inside()
        await asyncio.sleep(0)
        assert inside()
        return T.ones(1) * x

    assert inspect.iscoroutinefunction(compute)
    result = await compute(3)
    assert not inside()
    assert result.is_inference()


def test_coroutine_is_not_in_the_mode_between_steps():
    class Pause:
        def __await__(self):
            return (yield "paused")

    @T.inference_mode
    async def compute():
        with T.no_grad():
            got = await Pause()
            assert inside()
            return got

    coroutine = compute()
    assert coroutine.send(None) == "paused"
    assert not inside()
    with pytest.raises(StopIteration) as stop:
        coroutine.send("resumed")
    assert stop.value.value == "resumed"
    assert not inside()


@decorators
async def test_async_generator(decorate):
    log = []

    @decorate
    async def generate():
        try:
            while True:
                await asyncio.sleep(0)
                try:
                    received = yield inside()
                except ValueError:
                    received = "thrown"
                log.append((received, inside()))
                if received == "stop":
                    return
        finally:
            await asyncio.sleep(0)
            log.append(("finally", inside()))

    assert inspect.isasyncgenfunction(generate)
    generator = generate()
    assert await anext(generator) is True
    assert not inside()
    assert await generator.asend("a") is True
    assert not inside()
    assert await generator.athrow(ValueError()) is True
    assert not inside()
    with pytest.raises(StopAsyncIteration):
        await generator.asend("stop")
    assert log == [("a", True), ("thrown", True), ("stop", True), ("finally", True)]

    log.clear()
    generator = generate()
    await anext(generator)
    await generator.aclose()
    assert log == [("finally", True)]
    assert not inside()
    async for value in generate():
        assert value
        assert not inside()
        break
    await asyncio.sleep(0)


async def test_async_generator_collects():
    @T.inference_mode
    async def generate(n):
        for i in range(n):
            yield T.ones(1) * i

    values = [value async for value in generate(3)]
    assert [value.item() for value in values] == [0, 1, 2]
    assert all(value.is_inference() for value in values)


def test_classes_raise():
    for scope in (T.inference_mode, T.inference_mode(), T.no_grad, T.no_grad(), T.enable_grad()):
        with pytest.raises(TypeError, match=r"class '.*Model'"):

            @scope
            class Model:
                pass


def test_what_cannot_be_called_raises():
    for scope in (T.inference_mode, T.no_grad):
        with pytest.raises(TypeError, match="expected a function"):
            scope("fn")


def test_methods_partials_and_objects():
    class Model:
        @T.inference_mode
        def method(self):
            return inside()

        @T.inference_mode()
        @staticmethod
        def static():
            return inside()

        @classmethod
        @T.inference_mode
        def of_class(cls):
            return inside(), cls

        @T.no_grad()
        @classmethod
        def other_of_class(cls):
            return T.is_grad_enabled(), cls

        def __call__(self, x):
            return inside(), x

    model = Model()
    assert model.method()
    assert Model.static()
    assert Model.of_class() == (True, Model)
    assert Model.other_of_class() == (False, Model)
    assert T.inference_mode(model)(1) == (True, 1)
    assert T.inference_mode(model.__call__)(1) == (True, 1)
    assert T.inference_mode(functools.partial(model, 2))() == (True, 2)
    assert not inside()


async def test_async_objects_and_partials():
    class Model:
        async def __call__(self, x):
            await asyncio.sleep(0)
            return inside(), x

    assert await T.inference_mode(Model())(1) == (True, 1)
    assert await T.inference_mode(functools.partial(Model(), 2))() == (True, 2)


def test_run():
    def compute(x, *, y):
        return inside(), x + y

    assert T.inference_mode.run(compute, 1, y=2) == (True, 3)
    assert not inside()
    with pytest.raises(ZeroDivisionError):
        T.inference_mode.run(lambda: 1 / 0)
    assert not inside()


async def test_run_async():
    async def compute(x):
        await asyncio.sleep(0)
        return inside(), x

    assert await T.inference_mode.run(compute, 1) == (True, 1)
    assert await T.inference_mode.run(lambda: compute(2)) == (True, 2)
    assert await T.inference_mode.run(functools.partial(compute, 3)) == (True, 3)
    assert not inside()


def test_run_generator():
    def generate():
        yield inside()

    generator = T.inference_mode.run(generate)
    assert list(generator) == [True]


def test_every_scope_decorates():
    @T.no_grad
    def plain():
        return T.is_grad_enabled()

    @T.no_grad()
    def called():
        return T.is_grad_enabled()

    @T.set_grad_enabled(False)
    def switched():
        return T.is_grad_enabled()

    @T.enable_grad()
    def enabled():
        return T.is_grad_enabled()

    assert T.is_grad_enabled()
    assert [plain(), called(), switched()] == [False, False, False]
    with T.no_grad():
        assert enabled()
        assert not T.is_grad_enabled()
    assert T.is_grad_enabled()


def test_recursion_through_one_decorated_function():
    @T.inference_mode()
    def descend(n):
        return inside() and (n == 0 or descend(n - 1))

    assert descend(20)
    assert not inside()
