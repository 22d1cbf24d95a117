"""R12: whatever steps of tasks and generators come between, each is in the mode that its own blocks say."""

import asyncio
import contextvars
import functools
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tensor as T

SCOPES = {"inference": T.inference_mode, "no_grad": T.no_grad, "off": lambda: T.set_grad_enabled(False)}


def inside():
    return T.is_inference_mode_enabled()


def mode():
    return "inference" if inside() else "grad" if T.is_grad_enabled() else "no_grad"


def innermost(kinds):
    """What the mode must be within these blocks: inference mode is terminal, and the others only turn gradients off."""
    return "inference" if "inference" in kinds else "no_grad" if kinds else "grad"


class Step:
    """Awaited, it gives control back to whoever steps the coroutine."""

    def __await__(self):
        yield


# What a task does at each of its steps: opens a block, closes its last one, or only looks.
PLANS = st.lists(st.sampled_from([*SCOPES, "close", "look"]), min_size=1, max_size=8)


async def follow(plan, outer=(), pause=Step):
    scopes, kinds = [], []
    for action in plan:
        if action in SCOPES:
            scopes.append(SCOPES[action]())
            scopes[-1].__enter__()
            kinds.append(action)
        elif action == "close" and scopes:
            scopes.pop().__exit__(None, None, None)
            kinds.pop()
        assert mode() == innermost([*outer, *kinds])
        await pause()
        assert mode() == innermost([*outer, *kinds])
    while scopes:
        scopes.pop().__exit__(None, None, None)
    assert mode() == innermost(outer)


def step(coroutine):
    """Advance once; return whether there is more."""
    try:
        coroutine.send(None)
    except StopIteration:
        return False
    return True


def run_all(coroutines, turns, run):
    """Step coroutines, whose turn it is as drawn and then in a row, until all have ended."""
    order = itertools.chain(turns, itertools.repeat(0))
    left = list(coroutines)
    try:
        while left:
            each = left[next(order) % len(left)]
            if not run(each):
                left.remove(each)
            assert mode() == "grad"
    finally:
        for each in left:
            each.close()


TURNS = st.lists(st.integers(0, 3), max_size=30)


@given(st.lists(PLANS, min_size=2, max_size=4), TURNS)
def test_tasks_in_any_order_of_their_steps(plans, turns):
    contexts = {follow(plan): contextvars.copy_context() for plan in plans}
    run_all(contexts, turns, lambda coroutine: contexts[coroutine].run(step, coroutine))


@given(st.lists(PLANS, min_size=2, max_size=4), TURNS)
def test_decorated_coroutines_in_one_context_in_any_order_of_their_steps(plans, turns):
    run_all([T.inference_mode(follow)(plan, outer=("inference",)) for plan in plans], turns, step)


@given(st.lists(PLANS, min_size=2, max_size=4))
async def test_tasks_of_the_event_loop(plans):
    async with asyncio.TaskGroup() as group:
        for plan in plans:
            group.create_task(follow(plan, pause=functools.partial(asyncio.sleep, 0)))
    assert mode() == "grad"


async def nested(kinds, outer=()):
    """Blocks within blocks, with a step at each depth, on the way in and on the way out."""
    assert mode() == innermost(outer)
    if kinds:
        first, *rest = kinds
        try:
            with SCOPES[first]():
                await Step()
                await nested(rest, (*outer, first))
                await Step()
        finally:
            assert mode() == innermost(outer)


ERRORS = st.sampled_from([ValueError, KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError])


@given(st.lists(st.sampled_from([*SCOPES]), min_size=1, max_size=5), st.integers(0, 9), ERRORS, st.booleans())
def test_whatever_is_thrown_in_at_whichever_step(kinds, steps, error, decorated):
    coroutine = T.inference_mode(nested)(kinds, ("inference",)) if decorated else nested(kinds)
    context = contextvars.copy_context()
    context.run(coroutine.send, None)
    for _ in range(min(steps, 2 * len(kinds) - 1)):
        context.run(coroutine.send, None)
    with pytest.raises(error):
        context.run(coroutine.throw, error())
    assert context.run(mode) == mode() == "grad"


@given(st.lists(st.sampled_from([*SCOPES]), min_size=1, max_size=4), st.integers(0, 8), st.booleans())
async def test_cancelled_at_whichever_of_its_awaits(kinds, steps, decorated):
    task = asyncio.create_task(T.inference_mode(nested)(kinds, ("inference",)) if decorated else nested(kinds))
    for _ in range(min(steps, 2 * len(kinds)) + 1):
        await asyncio.sleep(0)
    was_done = task.done()
    task.cancel()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    assert was_done or isinstance(result, asyncio.CancelledError)
    assert mode() == "grad"


async def test_a_group_of_tasks_in_opposite_modes_one_of_which_fails():
    seen = []

    @T.inference_mode
    async def serve():
        try:
            await asyncio.Event().wait()
        finally:
            seen.append(("serve", mode()))

    async def train():
        try:
            with T.no_grad():
                await asyncio.Event().wait()
        finally:
            seen.append(("train", mode()))

    async def fail():
        with T.inference_mode():
            await asyncio.sleep(0)
            raise KeyError

    async def all_of_them():
        async with asyncio.TaskGroup() as group:
            for work in (serve, train, fail):
                group.create_task(work())

    with pytest.raises(ExceptionGroup):
        await all_of_them()
    assert sorted(seen) == [("serve", "inference"), ("train", "grad")]
    assert mode() == "grad"


async def test_a_group_that_is_opened_inside_gives_its_tasks_the_mode():
    async def look():
        await asyncio.sleep(0)
        return mode()

    async with asyncio.TaskGroup() as group:
        with T.inference_mode():
            task = group.create_task(look())
        other = group.create_task(look())
    assert (task.result(), other.result(), mode()) == ("inference", "grad", "grad")


def test_blocks_on_a_stack_of_exits():
    with ExitStack() as stack:
        stack.enter_context(T.no_grad())
        inner = ExitStack()
        inner.enter_context(T.inference_mode())
        moved = inner.pop_all()
        inner.close()
        assert mode() == "inference"
        stack.close()  # the outer one first
        assert mode() == "inference"
        moved.close()
        assert mode() == "grad"


def test_a_stack_of_exits_that_an_error_unwinds():
    stack = ExitStack()
    for scope in (T.no_grad(), T.inference_mode(), T.no_grad(), T.inference_mode()):
        stack.enter_context(scope)
    stack.callback(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        stack.close()
    assert mode() == "grad"


async def test_an_async_stack_of_exits_closed_in_another_task():
    stack = AsyncExitStack()
    stack.enter_context(T.inference_mode())
    await asyncio.create_task(stack.aclose())
    assert mode() == "grad"


async def test_an_async_generator_that_is_thrown_into_from_tasks_in_other_modes():
    @T.inference_mode
    async def generate():
        while True:
            try:
                yield mode()
            except ValueError:
                seen.append(mode())

    seen = []
    generator = generate()
    assert await anext(generator) == "inference"
    with T.no_grad():
        assert await generator.athrow(ValueError()) == "inference"
        assert mode() == "no_grad"
    assert await asyncio.create_task(generator.athrow(ValueError())) == "inference"
    assert mode() == "grad"
    with pytest.raises(KeyError):
        await generator.athrow(KeyError())
    assert seen == ["inference", "inference"]
    assert mode() == "grad"


async def test_an_async_generator_with_a_block_of_its_own_that_is_closed_by_another_task():
    async def generate():
        with T.inference_mode():
            yield mode()

    generator = generate()
    assert await anext(generator) == "inference"
    assert mode() == "inference"  # as documented: undecorated, it leaves its consumer inside
    await asyncio.create_task(generator.aclose())
    assert mode() == "grad"


def test_a_decorated_generator_that_delegates_to_itself():
    @T.inference_mode
    def walk(tree):
        for each in tree:
            assert inside()
            if isinstance(each, list):
                yield from walk(each)
            else:
                yield each
            assert inside()

    found = []
    for each in walk([1, [2, [3]], 4]):
        assert mode() == "grad"
        found.append(each)
    assert found == [1, 2, 3, 4]


async def test_a_decorated_coroutine_that_calls_itself():
    @T.inference_mode
    async def descend(depth):
        await asyncio.sleep(0)
        return inside() and (depth == 0 or all(await asyncio.gather(descend(depth - 1), descend(depth - 1))))

    assert await descend(4)
    assert mode() == "grad"


def test_one_decorated_function_that_calls_itself_in_several_threads_at_once():
    scope, together = T.inference_mode(), threading.Barrier(4)

    @scope
    def descend(depth):
        with scope:  # the same object again, at each depth and in each thread
            if depth == 2:
                together.wait(10)
            return inside() and (depth == 0 or descend(depth - 1)) and inside()

    with ThreadPoolExecutor(4) as pool:
        assert all([*pool.map(descend, [4] * 4)])
        assert not any([*pool.map(lambda _: inside(), range(4))])
    assert mode() == "grad"


async def test_an_executor_takes_the_mode_nowhere_and_to_thread_does():
    with T.inference_mode():
        future = asyncio.get_running_loop().run_in_executor(None, mode)
        thread = asyncio.create_task(asyncio.to_thread(mode))
    assert await asyncio.gather(future, thread) == ["grad", "inference"]


def test_a_decorated_generator_stepped_by_contexts_in_opposite_modes():
    @T.inference_mode
    def generate():
        with T.no_grad():
            while True:
                yield mode()

    generator = generate()
    plain, marked = contextvars.copy_context(), contextvars.copy_context()
    marked.run(T.inference_mode().__enter__)
    for _ in range(3):
        assert plain.run(next, generator) == "inference"
        assert marked.run(next, generator) == "inference"
        assert (plain.run(mode), marked.run(mode), mode()) == ("grad", "inference", "grad")
    generator.close()
