"""Attempts by other threads, tasks, contexts and generators, and by changing the mode half-way."""

import asyncio
import contextvars
import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import tensor as T
from tests.tensor.contract.laundering.attempts import REFUSALS, assert_cannot_train, assert_still_marked, refused


def in_thread(fn, *args):
    results = []
    thread = threading.Thread(target=lambda: results.append(fn(*args)))
    thread.start()
    thread.join()
    return results[0]


def outcome(fn):
    """What a function returns, or the type of what it raises."""
    try:
        return fn()
    except T.TensorError as error:
        return type(error)


def made(enabled=True):
    with T.inference_mode(enabled):
        return T.ones(4)


def test_compute_with_it_in_another_thread(marked, weight):
    assert_cannot_train(in_thread(lambda: marked * 2), in_thread(lambda: marked.clone()))
    assert in_thread(outcome, lambda: marked * weight) is T.InferenceTensorError
    assert in_thread(outcome, marked.requires_grad_) is T.InferenceTensorError
    with T.inference_mode():
        assert in_thread(outcome, lambda: marked.add_(1)) is T.InferenceTensorError


def test_write_it_in_another_thread(marked):
    target = T.zeros(4)
    with T.inference_mode():
        assert in_thread(outcome, lambda: target.copy_(marked)) is T.InferenceTensorError
    assert target.tolist() == [0] * 4


def test_make_it_in_another_thread_and_use_it_here(weight):
    arrived = in_thread(made)
    assert_cannot_train(arrived)
    with refused(weight):
        arrived * weight


def test_send_it_through_a_pool_of_threads_and_back(marked, weight):
    with ThreadPoolExecutor(2) as pool:
        with T.inference_mode():
            inside = [pool.submit(lambda: marked + 1), pool.submit(made), pool.submit(outcome, lambda: marked * weight)]
        assert_cannot_train(inside[0].result(), inside[1].result())
        assert inside[2].result() is T.InferenceTensorError
        assert_cannot_train(*pool.map(lambda part: part * 2, marked.chunk(2)))
        # A thread of the pool does not keep the mode of an earlier job.
        assert not any(each.result().is_inference() for each in [pool.submit(T.ones, 1) for _ in range(4)])


async def test_compute_with_it_in_another_task(marked, weight):
    async def outside():
        await asyncio.sleep(0)
        return outcome(lambda: marked * weight), marked * 2

    @T.inference_mode
    async def inside():
        await asyncio.sleep(0)
        return marked * weight, T.ones(4)

    (refusal, product), computed = await asyncio.gather(outside(), inside())
    assert refusal is T.InferenceTensorError
    assert_cannot_train(product, *computed)


async def test_start_a_task_inside_and_await_it_outside(marked):
    async def compute():
        await asyncio.sleep(0)
        return outcome(lambda: T.ones(4, requires_grad=True)), T.ones(4), outcome(lambda: T.enable_grad().__enter__())

    with T.inference_mode():
        task = asyncio.create_task(compute())
    leaf, computed, entered = await task
    assert leaf is entered is T.InferenceModeError
    assert_cannot_train(computed)


async def test_compute_with_it_by_to_thread(marked, weight):
    with T.inference_mode():
        inside = await asyncio.to_thread(lambda: (T.ones(4), marked * weight))
    assert_cannot_train(*inside)
    assert await asyncio.to_thread(outcome, lambda: marked * weight) is T.InferenceTensorError


async def test_compute_with_it_by_an_executor(marked, weight):
    loop = asyncio.get_running_loop()
    with T.inference_mode():  # unlike to_thread, this takes the mode nowhere
        future = loop.run_in_executor(None, lambda: (T.is_grad_enabled(), marked * 2, outcome(lambda: marked * weight)))
        enabled, computed, refusal = await future
    assert enabled
    assert refusal is T.InferenceTensorError
    assert_cannot_train(computed)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # later Pythons warn of forks beside threads
def test_train_in_a_process_that_was_forked_inside(marked, weight):
    read, write = os.pipe()
    loss = (weight * 2).sum()
    with T.inference_mode():
        child = os.fork()
        if not child:
            try:
                attempts = (lambda: T.ones(1, requires_grad=True), marked.requires_grad_, lambda: loss.backward())
                names = [getattr(outcome(each), "__name__", "done") for each in attempts]
                os.write(write, " ".join(names).encode())
            finally:
                os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read().decode().split() == ["InferenceModeError", "InferenceTensorError", "InferenceModeError"]


async def test_pass_it_through_a_queue(marked, weight):
    queue = asyncio.Queue()

    @T.inference_mode
    async def produce():
        for _ in range(3):
            await queue.put(T.ones(4))

    task = asyncio.create_task(produce())
    assert_cannot_train(*[await queue.get() for _ in range(3)])
    await task


def test_compute_with_it_in_a_context_that_is_not_inside(marked, weight):
    before = contextvars.copy_context()
    with T.inference_mode():
        assert_still_marked(before.run(lambda: marked * 2))
        for attempt in (lambda: marked * weight, marked.requires_grad_, lambda: T.zeros(4).copy_(marked)):
            assert before.run(outcome, attempt) is T.InferenceTensorError
            assert contextvars.Context().run(outcome, attempt) is T.InferenceTensorError


def test_leave_the_block_in_a_copy_of_its_context():
    scope = T.inference_mode()
    with scope:
        context = contextvars.copy_context()
        context.run(scope.__exit__, None, None, None)
        assert context.run(T.ones, 4).is_inference()
        assert context.run(outcome, lambda: T.ones(4, requires_grad=True)) is T.InferenceModeError


def test_turn_gradients_on_inside():
    before = T.set_grad_enabled(True)  # made outside, entered inside
    for scope in (T.enable_grad, lambda: T.inference_mode(False), lambda: T.set_grad_enabled(True), lambda: before):
        with T.inference_mode(), pytest.raises(T.InferenceModeError), scope():
            pass
    with T.inference_mode(), T.no_grad(), pytest.raises(T.InferenceModeError), T.enable_grad():
        pass


def test_turn_gradients_off_inside_and_on_again():
    with T.inference_mode():
        T.set_grad_enabled(False)
        with pytest.raises(T.InferenceModeError):
            T.set_grad_enabled(True)
        with T.no_grad(), T.set_grad_enabled(False):
            computed = T.ones(4)
        assert_still_marked(computed, T.ones(4))
    assert_cannot_train(computed)


@pytest.mark.parametrize("scope", [T.enable_grad(), T.set_grad_enabled(True), T.inference_mode(False)])
def test_call_inside_what_is_decorated_to_have_gradients(weight, scope):
    train = scope(lambda: (weight * 2).sum().backward())
    with T.inference_mode(), refused(weight):
        train()


@pytest.mark.parametrize("scope", [T.enable_grad, T.no_grad])
def test_step_inside_a_generator_that_began_outside(marked, weight, scope):
    @scope
    def decorated():
        with T.enable_grad():
            yield T.is_grad_enabled()
            yield weight * 2

    def plain():
        with T.enable_grad():
            yield T.is_grad_enabled()
            yield weight * 2

    for generator in (decorated(), plain()):
        assert next(generator)
        with T.inference_mode():
            try:
                computed = next(generator)
            except T.InferenceModeError:
                continue
            assert_still_marked(computed)
        generator.close()


def test_suspend_a_generator_inside_and_train_meanwhile(marked):
    def batches():
        with T.inference_mode():
            yield T.ones(4)
            yield T.ones(4)

    generator = batches()
    first = next(generator)
    # Undecorated, it leaves its consumer inside: nothing is trained by mistake.
    assert T.is_inference_mode_enabled()
    with pytest.raises(T.InferenceModeError):
        T.ones(4, requires_grad=True)
    generator.close()
    assert T.is_grad_enabled()
    assert_cannot_train(first)


def test_leave_the_work_to_a_generator_that_is_returned(weight):
    @T.inference_mode
    def batches():
        return (weight * 2 for _ in range(3))

    class Stream(T.nn.Module):
        def forward(self, x):
            yield x * 2

    for generator in (batches(), T.inference_mode.run(Stream(), weight), T.inference_mode(lambda: batches())()):
        assert_cannot_train(*generator)


async def test_leave_the_work_to_an_async_generator_that_is_returned(weight):
    async def stream():
        yield weight * 2
        await asyncio.sleep(0)
        yield weight * 3

    assert_cannot_train(*[each async for each in T.inference_mode.run(lambda: stream())])


def test_collect_what_a_decorated_generator_yields(weight):
    @T.inference_mode
    def batches():
        for _ in range(3):
            yield weight * 2

    collected = []
    for batch in batches():
        assert T.is_grad_enabled()
        collected.append(batch)
        (weight * 1).sum().backward()
    assert_cannot_train(*collected)


async def test_collect_what_an_async_generator_yields_that_is_finalised_elsewhere(weight):
    @T.inference_mode
    async def batches():
        try:
            while True:
                yield weight * 2
        finally:
            closed.append(T.ones(4))

    closed = []
    generator = batches()
    first = await anext(generator)
    await asyncio.create_task(generator.aclose())
    assert T.is_grad_enabled()
    assert_cannot_train(first, *closed)


def test_train_in_a_finaliser_that_runs_inside(marked, weight):
    seen = []

    class Dying:
        def __init__(self):
            self.cycle = self

        def __del__(self):
            seen.append(outcome(lambda: (weight * 2).sum().backward()))
            seen.append(weight * 2)

    Dying()
    with T.inference_mode():
        gc.collect()
    assert seen[0] is T.InferenceModeError
    assert_cannot_train(seen[1])
    assert weight.grad is None


def test_leave_the_block_by_an_error_with_it():
    with pytest.raises(KeyError) as caught, T.inference_mode():
        raise KeyError(T.ones(4))
    assert T.is_grad_enabled()
    assert_cannot_train(caught.value.args[0])


def test_change_the_mode_between_forward_and_backward(weight):
    x = T.ones(4)
    product = weight * x
    with T.inference_mode():
        x.mul_(2)  # unmarked data: allowed, and noticed
        with pytest.raises(REFUSALS):
            product.sum().backward()
    with pytest.raises(T.GradientError, match="modified by an inplace operation"):
        product.sum().backward()
    assert weight.grad is None


def test_start_the_forward_inside_and_go_on_outside(weight):
    with T.inference_mode():
        half_way = weight * 2
    assert_cannot_train(half_way, half_way + 1, half_way.relu())
    with refused(weight):
        (half_way * weight).sum().backward()


def test_take_a_view_inside_and_train_on_it_outside(weight):
    base = T.ones(4)
    with T.inference_mode():
        views = [base[:2], base.view(2, 2), weight[:2], weight.detach(), base.detach(), *base.unbind(), *base.split(2)]
    assert_cannot_train(*views)
    assert not base.is_inference()
    base.requires_grad_()
    assert_cannot_train(*views)
