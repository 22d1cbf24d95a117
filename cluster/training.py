"""`TrainingPool`: data-parallel training on the normal gradient path, and weights to publish from it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from time import monotonic
from typing import Any

import numpy as np

from cluster.arguments import Weights, arguments_of, code_of, hold_weights, numerics_of, positive, seconds, seed_of
from cluster.backends import Backend, make_backend
from cluster.door import Door
from cluster.errors import PoolBusy, UsageError
from cluster.failures import told_by_the_driver
from cluster.planning import plan_shards
from cluster.ranks import Ranks
from cluster.report import FitReport
from cluster.sources import ArraySource, Source, as_source, spilled
from tensor import InferenceTensorError
from workers import storage
from workers.columns import concat_rows
from workers.messages import BuildTrainer
from workers.reading import read_shard
from workers.shards import Fragment, MemoryFragment, NpyFragment, Shard
from workers.weights import WeightSnapshot


class TrainingPool(Door):
    """Ranks of a trainer that step together: averaged gradients, equal parameters on all ranks after each step.

        with TrainingPool(Train, init={"lr": 1e-3}, world_size=2) as training:
            report = training.fit(source, epochs=10, batch_rows=64, seed=0)
            snapshot = training.publish()  # for Pool(weights=snapshot), pool.swap(snapshot), snapshot.save(path)

    Args:
        trainer: A class (see `workers.protocols.Trainer`), or its name as "module:Class".
        weights: Passed to the trainer as `weights`, if given; as for `Pool`.
        init: Further keyword arguments of the trainer, beside `rank` and `world_size`.
        world_size: Ranks, each a worker.
        backend: "local" (child processes), "ray" (actors on a cluster), "inline" (this process), or a `Backend`.
        seed: Passed to `tensor.manual_seed` on all ranks before the trainer is built.
        timeout_s: The longest that any one step may take on any rank; a rank that is lost or hangs fails `fit`.

    Raises:
        UsageError: An argument that cannot work. No worker was started.
    """

    def __init__(
        self,
        trainer: type | str,
        *,
        weights: Weights | None = None,
        init: Mapping[str, Any] | None = None,
        world_size: int = 1,
        backend: str | Backend = "local",
        seed: int = 0,
        timeout_s: float = 300.0,
    ) -> None:
        self._world_size = positive("world_size", world_size)
        code = code_of(trainer)
        arguments = arguments_of(code, init, weights=weights, rank=0, world_size=world_size)
        seed_of(seed)
        runner = make_backend(backend)
        environment = numerics_of(runner).environment()
        timeout_s = seconds("timeout_s", timeout_s)
        held = None if weights is None else hold_weights(weights)
        names = [f"rank{rank}" for rank in range(self._world_size)]
        builds = {
            name: BuildTrainer(name, code, arguments, None if held is None else held.ref, rank, self._world_size, seed)
            for rank, name in enumerate(names)
        }
        self._ranks = Ranks(runner, builds, environment, timeout_s=timeout_s)
        self._fitting = threading.Lock()
        self._published = 0
        super().__init__(self._ranks, held, name="shoal training driver")

    def fit(
        self,
        source: Any,
        *,
        epochs: int,
        batch_rows: int,
        seed: int = 0,
        on_epoch: Callable[[int, float], None] | None = None,
    ) -> FitReport:
        """Train.

        The rows are kept once in memory on this machine. Each epoch visits them in a new order, drawn from `seed` and
        the epoch; a batch is split over the ranks, and its gradients are the same, up to rounding, for any number of
        ranks.

        Args:
            source: As for `Pool.map`.
            epochs: How often to visit each row.
            batch_rows: Rows of one step, over all ranks; the last step of an epoch may have fewer.
            seed: Of the order of rows.
            on_epoch: Called after each epoch with its number, from 1, and its mean loss; it may publish.

        Raises:
            InferenceTensorError: The source holds what a model computed in inference mode.
            UserCodeFailed: The trainer raised.
            WorkersLost: A rank died, or did not answer in time.
            PoolBusy: Another thread is at it.
        """
        positive("epochs", epochs)
        positive("batch_rows", batch_rows)
        seed_of(seed)
        if not self._fitting.acquire(blocking=False):
            raise PoolBusy("this training pool is fitting already; wait for it, or use a second pool")
        try:
            with ExitStack() as stack:
                return self._fit(_training_rows(source, stack), epochs, batch_rows, seed, on_epoch)
        finally:
            self._fitting.release()

    def _fit(
        self,
        shard: Shard,
        epochs: int,
        batch_rows: int,
        seed: int,
        on_epoch: Callable[[int, float], None] | None,
    ) -> FitReport:
        ranks, loop = self._ranks, self._loop()
        rows = shard.rows
        loop.run(ranks.open_data(shard))
        started_s = monotonic()
        losses: list[float] = []
        for epoch in range(epochs):
            order = np.random.default_rng([seed, epoch]).permutation(rows)
            losses.append(loop.run(ranks.epoch(order, batch_rows)))
            if on_epoch is not None:
                on_epoch(epoch + 1, losses[-1])
        seconds = monotonic() - started_s
        return FitReport(
            losses=tuple(losses),
            steps=epochs * -(-rows // batch_rows),
            rows=rows * epochs,
            world_size=self._world_size,
            seconds=seconds,
            digest=loop.run(ranks.agree()),
        )

    def publish(self) -> WeightSnapshot:
        """The parameters and buffers as they are now, as an immutable snapshot; its epoch counts the calls, from 1.

        What is inference-only in the model, such as a frozen part or a teacher, is so in the snapshot too.
        """
        state = self._loop().run(self._ranks.state())
        self._published += 1
        return WeightSnapshot.from_mapping(state, epoch=self._published)

    def digests(self) -> list[str]:
        """The digest of every rank's parameters, in the order of the ranks: all equal."""
        return self._loop().run(self._ranks.digests())


@told_by_the_driver()
def _training_rows(source: Any, stack: ExitStack) -> Shard:
    """Where ranks find the rows: in one place that they all map.

    What has to be decoded or fetched is so once, here, into shared memory.
    """
    found = spilled(as_source(source))
    if found is not source:
        stack.callback(found.close)
    _check_trainable(found)
    shards = _whole_fragments(found)
    if not shards:
        raise UsageError("the source has no rows to train on")
    if len(shards) > 1 or not _is_mapped(shards[0].fragment):
        decoded = ArraySource(concat_rows([read_shard(shard) for shard in shards]))
        stack.callback(decoded.close)
        shards = _whole_fragments(decoded)
    (shard,) = shards
    return shard


def _is_mapped(fragment: Fragment) -> bool:
    return isinstance(fragment, MemoryFragment) or (
        isinstance(fragment, NpyFragment) and not storage.is_url(fragment.path)
    )


def _whole_fragments(source: Source) -> list[Shard]:
    return plan_shards(source.fragments(), shard_rows=sys.maxsize)


def _check_trainable(source: Source) -> None:
    origin = source.mark()
    if origin is not None:
        raise InferenceTensorError(
            f"the source is inference-only: it was computed by {origin}, and cannot be trained on. To train on it on "
            "purpose, for a student of that model as an example, copy its tensors with tensor.as_training_data(t) and "
            "pass the copies"
        )
