"""R12: the mode is restored on any exit, isolated per thread and task, and restoring never raises."""

import asyncio
import contextvars
import gc
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor as T
from tensor import modes


def inside():
    return T.is_inference_mode_enabled()


@pytest.fixture(autouse=True)
def leaves_the_mode_as_it_was():
    assert T.is_grad_enabled()
    yield
    assert T.is_grad_enabled()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])
def test_any_exception(error):
    with pytest.raises(error), T.inference_mode():
        raise error
    assert T.is_grad_enabled()


def test_an_object_entered_inside_itself():
    scope = T.no_grad()
    with scope:
        with scope:
            assert not T.is_grad_enabled()
        assert not T.is_grad_enabled()
    assert T.is_grad_enabled()


def test_an_exit_too_many_does_nothing():
    scope = T.inference_mode()
    with scope:
        pass
    scope.__exit__(None, None, None)
    T.no_grad().__exit__(None, None, None)


def test_exits_that_do_not_nest():
    first, second, third = T.no_grad(), T.inference_mode(), T.no_grad()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert inside()
    third.__enter__()
    second.__exit__(None, None, None)
    assert not T.is_grad_enabled()
    third.__exit__(None, None, None)
    assert T.is_grad_enabled()


@given(st.permutations(range(5)), st.lists(st.sampled_from(["no_grad", "inference", "off"]), min_size=5, max_size=5))
def test_any_order_of_exits_ends_where_it_began(order, kinds):
    make = {"no_grad": T.no_grad, "inference": T.inference_mode, "off": lambda: T.set_grad_enabled(False)}
    scopes = []
    for kind in kinds:
        scopes.append(make[kind]())
        scopes[-1].__enter__()
    open_scopes = dict(enumerate(kinds))
    for index in order:
        scopes[index].__exit__(None, None, None)
        del open_scopes[index]
        if open_scopes:
            assert not T.is_grad_enabled()
    assert T.is_grad_enabled()
    assert modes.TOP.get().parent is None


def test_set_grad_enabled_lasts_until_the_enclosing_block_ends():
    with T.no_grad():
        T.set_grad_enabled(True)
        assert T.is_grad_enabled()
        with T.no_grad():
            assert not T.is_grad_enabled()
        assert T.is_grad_enabled()
        T.set_grad_enabled(False)
        assert not T.is_grad_enabled()
    assert T.is_grad_enabled()


def test_set_grad_enabled_at_top_level():
    T.set_grad_enabled(False)
    try:
        assert not T.is_grad_enabled()
        with T.enable_grad():
            assert T.is_grad_enabled()
        assert not T.is_grad_enabled()
    finally:
        T.set_grad_enabled(True)


def test_set_grad_enabled_does_not_grow_the_stack():
    for _ in range(100):
        T.set_grad_enabled(False)
        T.set_grad_enabled(True)
    assert modes.TOP.get().parent is None


def test_set_grad_enabled_as_a_block():
    with T.set_grad_enabled(False):
        assert not T.is_grad_enabled()
        with T.set_grad_enabled(True):
            assert T.is_grad_enabled()
        assert not T.is_grad_enabled()
    assert T.is_grad_enabled()
    scope = T.set_grad_enabled(False)
    T.set_grad_enabled(True)
    with scope:
        assert not T.is_grad_enabled()
    assert T.is_grad_enabled()


def in_thread(fn, *args):
    results = []
    thread = threading.Thread(target=lambda: results.append(fn(*args)))
    thread.start()
    thread.join()
    return results[0]


def test_new_threads_start_in_grad():
    with T.inference_mode():
        assert in_thread(T.is_grad_enabled)
        assert not in_thread(lambda: T.ones(1).is_inference())
    T.set_grad_enabled(False)
    try:
        assert in_thread(T.is_grad_enabled)
    finally:
        T.set_grad_enabled(True)


def test_a_thread_does_not_change_others():
    def enter():
        T.inference_mode().__enter__()
        T.no_grad().__enter__()
        return inside()

    assert in_thread(enter)
    assert T.is_grad_enabled()


def test_one_scope_object_in_two_threads():
    scope = T.inference_mode()
    entered, leave = threading.Event(), threading.Event()
    seen = []

    def other():
        with scope:
            entered.set()
            leave.wait(10)
            seen.append(inside())
        seen.append(inside())

    thread = threading.Thread(target=other)
    with scope:
        thread.start()
        entered.wait(10)
        assert inside()
    assert not inside()
    leave.set()
    thread.join()
    assert seen == [True, False]


def test_exit_in_another_thread():
    scope = T.inference_mode()
    scope.__enter__()
    in_thread(scope.__exit__, None, None, None)
    assert not inside()


def test_exit_in_another_context():
    scope = T.inference_mode()
    scope.__enter__()
    context = contextvars.copy_context()
    context.run(scope.__exit__, None, None, None)
    assert not inside()
    assert context.run(inside)  # it has inherited the mode


def test_closing_an_undecorated_generator_gives_the_mode_back():
    def generate():
        with T.inference_mode():
            yield

    generator = generate()
    next(generator)
    assert inside()  # documented: suspended inside the block
    generator.close()
    assert not inside()


async def test_tasks_are_isolated():
    both = asyncio.Barrier(2)

    async def marked():
        with T.inference_mode():
            await both.wait()
            assert inside()
            await both.wait()
        assert T.is_grad_enabled()

    async def plain():
        await both.wait()
        assert T.is_grad_enabled()
        weight = T.ones(1, requires_grad=True)
        (weight * 2).backward()
        await both.wait()
        assert T.is_grad_enabled()

    await asyncio.gather(marked(), plain())


async def test_a_task_started_inside_keeps_the_mode_after_the_block():
    go = asyncio.Event()

    async def child():
        before = inside()
        await go.wait()
        with T.no_grad():
            nested = inside()
        return before, nested, inside(), T.ones(1).is_inference()

    async def grandparent():
        with T.inference_mode():
            return asyncio.create_task(child())

    task = await grandparent()
    await asyncio.sleep(0)
    assert not inside()
    go.set()
    assert await task == (True, True, True, True)
    assert not inside()


async def test_a_task_started_inside_a_decorated_coroutine_keeps_the_mode():
    go = asyncio.Event()

    async def child():
        await go.wait()
        return inside()

    @T.inference_mode
    async def parent():
        return asyncio.create_task(child())

    task = await parent()
    go.set()
    assert await task


async def test_a_tasks_own_exit_of_an_inherited_block_changes_only_itself():
    scope = T.inference_mode()

    async def child():
        scope.__exit__(None, None, None)
        return inside()

    scope.__enter__()
    inherited = await asyncio.create_task(child())
    assert inherited  # it has inherited the mode, and is not the block's owner
    assert not inside()


async def test_to_thread_inherits():
    with T.inference_mode():
        assert await asyncio.to_thread(inside)
    assert not await asyncio.to_thread(inside)


async def test_cancellation():
    started = asyncio.Event()
    seen = []

    async def wait():
        try:
            with T.inference_mode():
                started.set()
                await asyncio.Event().wait()
        finally:
            seen.append(T.is_grad_enabled())

    task = asyncio.create_task(wait())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == [True]


async def test_cancellation_of_a_decorated_coroutine():
    started = asyncio.Event()
    seen = []

    @T.inference_mode
    async def wait():
        try:
            started.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append(inside())
            raise

    async def outer():
        try:
            await wait()
        finally:
            seen.append(T.is_grad_enabled())

    task = asyncio.create_task(outer())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == [True, True]


async def test_timeout_of_a_decorated_coroutine():
    @T.inference_mode
    async def forever():
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(forever(), 0.001)
    assert T.is_grad_enabled()


async def test_an_async_generator_finalised_in_another_task():
    async def generate():
        with T.inference_mode():
            yield inside()

    generator = generate()
    assert await anext(generator)
    assert inside()  # suspended inside the block
    await asyncio.create_task(generator.aclose())
    assert not inside()
    with T.no_grad():
        assert not T.is_grad_enabled()
    assert T.is_grad_enabled()


def test_an_async_generator_finalised_by_the_event_loop():
    modes_seen = []

    async def generate():
        try:
            with T.inference_mode():
                yield inside()
        finally:
            modes_seen.append("finalised")

    async def main():
        generator = generate()
        assert await anext(generator)
        del generator
        gc.collect()
        for _ in range(3):
            await asyncio.sleep(0)
        modes_seen.append(inside())

    asyncio.run(main())
    assert modes_seen == ["finalised", False]
    assert T.is_grad_enabled()


@pytest.mark.parametrize("scope", [T.inference_mode, T.no_grad])
def test_a_decorated_async_generator_left_to_the_event_loop(scope):
    problems, log = [], []

    @scope
    async def generate():
        try:
            while True:
                yield T.is_grad_enabled()
        finally:
            await asyncio.sleep(0)
            log.append(("finally", T.is_grad_enabled()))

    async def main(collect):
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: problems.append(context))
        generator = generate()
        assert not await anext(generator)
        assert T.is_grad_enabled()
        if collect:
            del generator
            gc.collect()
            for _ in range(5):
                await asyncio.sleep(0)
        else:
            log.append(generator)  # shut down by the loop

    asyncio.run(main(True))
    asyncio.run(main(False))
    assert [entry for entry in log if isinstance(entry, tuple)] == [("finally", False)] * 2
    assert problems == []


def test_a_block_around_the_event_loop():
    async def main():
        task = asyncio.create_task(child())
        return inside(), await task

    async def child():
        return inside()

    with T.inference_mode():
        assert asyncio.run(main()) == (True, True)
    assert asyncio.run(main()) == (False, False)


def test_asyncio_is_not_imported():
    import subprocess

    code = "import sys, tensor\nwith tensor.inference_mode(): tensor.ones(1)\nassert 'asyncio' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_copied_context_keeps_the_mode_after_the_block():
    with T.inference_mode():
        context = contextvars.copy_context()
    assert context.run(inside)
    assert not inside()

    def nested():
        with T.no_grad():
            pass
        with T.inference_mode():
            pass
        return inside()

    assert context.run(nested)
    assert context.copy().run(inside)


def test_a_copied_context_run_in_a_new_thread_keeps_the_mode():
    def started():
        with T.inference_mode():
            return contextvars.copy_context()

    context = in_thread(started)  # a later thread may get the number of this one
    for _ in range(10):
        assert in_thread(context.run, inside)


def test_callbacks_of_the_event_loop_keep_the_mode():
    seen = []

    async def main():
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def last():
            seen.append(("last", inside()))
            done.set_result(None)

        def first():
            with T.inference_mode():
                loop.call_soon(last)
            seen.append(("first", inside()))

        loop.call_soon(first)
        await done
        seen.append(("main", inside()))

    asyncio.run(main())
    assert seen == [("first", False), ("last", True), ("main", False)]


def test_the_same_context_entered_again_is_the_owner():
    context = contextvars.copy_context()
    scope = T.inference_mode()
    context.run(scope.__enter__)
    assert context.run(inside)
    scope.__exit__(None, None, None)  # from another context
    assert not context.run(inside)
    assert not inside()


def test_a_copy_that_looks_first_does_not_take_the_block_away():
    scope = T.inference_mode()
    scope.__enter__()
    context = contextvars.copy_context()
    context.run(scope.__exit__, None, None, None)
    assert context.run(inside)
    assert context.run(inside)
    assert not inside()


def test_many_threads_that_inherited_look_at_once():
    for _ in range(20):
        scope = T.inference_mode()
        scope.__enter__()
        contexts = [contextvars.copy_context() for _ in range(8)]
        start = threading.Barrier(9)
        seen = []

        def look(context, start=start, seen=seen):
            start.wait()
            seen.append(context.run(inside))

        threads = [threading.Thread(target=look, args=(context,)) for context in contexts]
        for thread in threads:
            thread.start()
        start.wait()
        scope.__exit__(None, None, None)
        assert not inside()
        for thread in threads:
            thread.join()
        assert seen == [True] * 8


def test_a_finaliser_that_looks_while_the_owner_looks():
    with T.inference_mode():
        block = modes.TOP.get().block
        assert block.is_mine()
        used = block._token
        modes._HERE.reset(used)
        assert block.is_mine() is None
        block._token = modes._HERE.set(None)
    assert not inside()
