"""What a job may cost, and how long it waits before it tries again."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.errors import UsageError

RETRY_BASE_S, RETRY_CAP_S = 0.1, 10.0
RESTART_BASE_S, RESTART_CAP_S = 0.1, 30.0
PATIENCE_S = 30.0
"""How long a shard waits for a replica that is starting, if those that live have failed it."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the machine may not exceed.

    Attributes:
        min_replicas: Workers to keep alive while the job lasts.
        max_replicas: As many as there may be; more than `min_replicas` run only as long as there is work for them.
        max_attempts: Unexplained losses of a worker on one shard, or failures to read or to store it, after which the
            job ends. A row that ends workers takes part in at least as many deaths before it is given up.
        max_build_losses: Workers lost in a row while they built the predictor, after which the job ends.
        max_build_failures: Builds in a row that raised, after which the job ends with the first one's error.
        in_flight: Shards at a replica at a time: one running, and the next so that it need not wait.
        open_shards: Shards that were dispatched and are not yet committed; 0 stands for those in flight and one more
            for each of `max_replicas`. This bounds what waits in the driver for a slow consumer.
        batch_timeout_s: How long a call of the predictor may take before its worker is killed; None for ever.
        init_timeout_s: How long a worker may take to get ready before it is killed; None for ever.
        max_dead_rows: How many rows may be given up.
        dead_rows: How many of them earlier runs of the job gave up.
        speculate: Whether an idle replica may run a straggling shard a second time.
        idle_s: How long a replica beyond `min_replicas` may be idle before it is stopped.
    """

    min_replicas: int = 1
    max_replicas: int = 1
    max_attempts: int = 3
    max_build_losses: int = 3
    max_build_failures: int = 2
    in_flight: int = 2
    open_shards: int = 0
    batch_timeout_s: float | None = None
    init_timeout_s: float | None = None
    max_dead_rows: int = 0
    dead_rows: int = 0
    speculate: bool = True
    idle_s: float = 30.0

    def __post_init__(self) -> None:
        if not 1 <= self.min_replicas <= self.max_replicas:
            raise UsageError(
                f"expected 1 <= min_replicas <= max_replicas, got {self.min_replicas} and {self.max_replicas}"
            )

    @property
    def window(self) -> int:
        """How many shards may be open: `open_shards`, or what follows from the rest."""
        return self.open_shards or self.max_replicas * (self.in_flight + 1)


def retry_delay_s(failures: int) -> float:
    """How long a shard waits after it failed for the `failures`-th time."""
    return min(RETRY_BASE_S * 2.0 ** (max(failures, 1) - 1), RETRY_CAP_S)


def restart_delay_s(losses: int) -> float:
    """How long to wait with a new worker after so many were lost in a row, with no batch done between.

    The first is replaced at once: machines fail. From then on each wait is twice as long as the one before, so that a
    worker that cannot live does not keep the machine busy with its starts.
    """
    return 0.0 if losses < 2 else min(RESTART_BASE_S * 2.0 ** min(losses - 2, 30), RESTART_CAP_S)
