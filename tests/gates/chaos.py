"""A job whose workers are killed all the time, compared with one that nothing happened to.

    python -m tests.gates.chaos --seed 7

Everything that happens follows from the seed: which rows end the worker that first meets them, and how.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cluster import BatchPolicy, Pool, RunReport, read_results
from tests.gates.faults import Faulty, fired, write_plan

HOWS = ("SIGKILL", "SIGSEGV", "exit", "out of memory")
BATCH_ROWS = 16
POLICY = BatchPolicy(max_rows=BATCH_ROWS)
SHARD_ROWS = 128


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run.

    Attributes:
        rows: Of input.
        kills: How many workers ended, by how.
        retries: How often a shard, or a part of it, was run again.
        losses: Rows of input without output.
        doubles: Rows of input with more than one row of output.
        equal: Whether the output is that of the undisturbed run, by digest.
        report: The job's.
    """

    rows: int
    kills: Counter[str]
    retries: int
    losses: int
    doubles: int
    equal: bool
    report: RunReport

    def __str__(self) -> str:
        kills = ", ".join(f"{count} {how}" for how, count in sorted(self.kills.items()))
        return (
            f"rows {self.rows:,} · kills {self.kills.total()} ({kills}) · retries {self.retries} · "
            f"losses {self.losses} · doubles {self.doubles} · digest {'equal' if self.equal else 'DIFFERENT'}"
        )


def source_of(rows: int) -> dict[str, np.ndarray]:
    """The input: numbered rows."""
    return {"id": np.arange(rows), "x": np.random.default_rng(0).standard_normal(rows, dtype=np.float32)}


def kills_of(seed: int, rows: int, *, every: int, hows: Sequence[str] = HOWS) -> dict[int, str]:
    """Choose a row in about one of `every` batches, and how it ends the worker that first meets it."""
    chosen = random.Random(seed)
    batches = -(-rows // BATCH_ROWS)
    wanted = chosen.sample(range(batches), max(batches // every, 1))
    return {min(batch * BATCH_ROWS + chosen.randrange(BATCH_ROWS), rows - 1): chosen.choice(hows) for batch in wanted}


def run(
    folder: Path, *, rows: int, once: dict[int, str], backend: Any = "local", replicas: int = 2, **more: Any
) -> Outcome:
    """Run the job twice, undisturbed and with faults, and compare.

    Args:
        folder: For output and the plan of faults.
        rows: Of input.
        once: What happens at which rows.
        backend: Where workers run.
        replicas: How many.
        more: Other arguments of `Pool`, for the run with faults.
    """
    source = source_of(rows)
    undisturbed = _job(write_plan(folder / "calm"), source, folder / "calm" / "out", "inline", 1)
    plan = write_plan(folder / "chaos", once=once)
    report = _job(plan, source, folder / "chaos" / "out", backend, replicas, **more)
    ids = Counter(np.asarray(read_results(folder / "chaos" / "out")["id"]).tolist())
    return Outcome(
        rows=rows,
        kills=Counter(fired(plan).values()),
        retries=report.attempts - report.shards + report.probes,
        losses=rows - len(ids),
        doubles=sum(count > 1 for count in ids.values()),
        equal=report.digest == undisturbed.digest,
        report=report,
    )


def _job(plan: str, source: dict[str, np.ndarray], out: Path, backend: Any, replicas: int, **more: Any) -> RunReport:
    # Each of a shard's batches may end a worker by accident; the default allows for fewer accidents on one shard.
    attempts = SHARD_ROWS // BATCH_ROWS + 1
    settings = {"init": {"plan": plan}, "max_attempts": attempts, **more}
    with Pool(Faulty, replicas=replicas, backend=backend, **settings) as pool:
        return pool.run(source, out, batch=POLICY, shard_rows=SHARD_ROWS, progress=False)


def main() -> int:
    """Run from the command line; the exit status is 1 when a row was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m tests.gates.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--rows", type=int, default=4096)
    parser.add_argument("--every", type=int, default=8, help="batches between two kills, on average")
    parser.add_argument("--backend", default="local", choices=("local", "ray"))
    parser.add_argument("--replicas", type=int, default=2)
    asked = parser.parse_args()
    once = kills_of(asked.seed, asked.rows, every=asked.every)
    with tempfile.TemporaryDirectory(prefix="shoal-chaos-") as folder:
        outcome = run(Path(folder), rows=asked.rows, once=once, backend=asked.backend, replicas=asked.replicas)
    print(f"seed {asked.seed} · {asked.backend} · {outcome}")
    return 0 if outcome.equal and not outcome.losses and not outcome.doubles else 1


if __name__ == "__main__":
    sys.exit(main())
