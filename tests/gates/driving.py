"""A driver in a process of its own: `python -m tests.gates.driving OUT PLAN GATE PLACE` says how its job ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cluster import ClusterError, Pool, RayBackend
from tests.gates import chaos
from tests.gates.faults import Gated


def backend_at(place: str) -> str | RayBackend:
    """The backend for "local", or for the address of a Ray cluster."""
    return place if place == "local" else RayBackend(place, num_cpus=0.5)


def start(out: Path, plan: str, gate: Path, place: str) -> subprocess.Popen[str]:
    """Start a driver."""
    command = [sys.executable, "-m", "tests.gates.driving", str(out), plan, str(gate), place]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


def ended(driver: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a driver and return what it says: the error's type and message, or figures of the report."""
    said, _ = driver.communicate(timeout=240)
    return json.loads(said.splitlines()[-1])


def main() -> None:
    """Run the job."""
    out, plan, gate, place = sys.argv[1:]
    backend = backend_at(place)
    try:
        with Pool(Gated, init={"plan": plan, "gate": gate}, replicas=1, backend=backend) as pool:
            report = pool.run(
                chaos.source_of(1024), out, batch=chaos.POLICY, shard_rows=chaos.SHARD_ROWS, progress=False
            )
        outcome = {"digest": report.digest, "shards": report.shards, "resumed": report.resumed_shards}
    except ClusterError as error:
        outcome = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
