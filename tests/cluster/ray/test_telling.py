"""Ray's failures in our words. What can be made to happen is tested where it happens; this is the rest."""

from __future__ import annotations

import pytest
from ray import exceptions

from cluster.ray.actor import Placed
from cluster.ray.telling import death_text, join_text, resources_text

PLACED = Placed(node="10.0.0.5", node_id="a5", pid=17, version="", is_late=False)


def died(text):
    """As Ray makes it of what the cluster says."""
    error = exceptions.ActorDiedError()
    error.error_msg = text
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            exceptions.OutOfMemoryError("1 worker(s) were killed due to the node running low on memory. Memory on …"),
            "killed on node 10.0.0.5, where memory ran out; ask for fewer replicas a node, for example with num_cpus",
        ),
        (
            died("The actor died because its node has died. Node Id: 5e\n\tthe actor's node was …"),
            "lost with its node, 10.0.0.5",
        ),
        (
            exceptions.ActorUnavailableError("RpcError: Socket closed", None),
            "lost with the connection to its node, 10.0.0.5",
        ),
        (exceptions.ObjectLostError("ab", None, ""), "lost with what it had computed on node 10.0.0.5"),
        (died("The actor is dead because it was killed by `ray.kill`."), "killed by the driver"),
        (
            died("Worker exits unexpectedly. Worker exits with an exit code 3."),
            "exited with status 3 on node 10.0.0.5",
        ),
        (
            died("Some common causes include: (1) the process was killed by the OOM killer due to high memory usage"),
            "ended without a word on node 10.0.0.5: killed, out of memory, or crashed",
        ),
        (
            died(
                "The actor died because of an error raised in its creation task, \x1b[36mray::Worker\x1b[39m\n"
                "ModuleNotFoundError: No module named 'cluster'"
            ),
            "could not start on node 10.0.0.5, where shoal is not installed; install it on every node, for example "
            "with runtime_env={'pip': [...]}",
        ),
        (
            exceptions.RuntimeEnvSetupError("pip could not install 'x'"),
            "could not start on node 10.0.0.5: pip could not install 'x'",
        ),
    ],
)
def test_why_a_worker_is_gone(error, reason):
    found = death_text(error, placed=PLACED)
    assert found == reason


def test_a_driver_that_is_on_no_node():
    error = ConnectionError("Failed to connect to Ray cluster at 10.0.0.9:6379")
    error.__cause__ = RuntimeError(
        "This node has an IP address of 10.0.0.7, but we cannot find a local Raylet with the same address."
    )
    assert "has no node on this machine" in join_text(error, "10.0.0.9:6379")
    assert "shoal submit" in join_text(error, "10.0.0.9:6379")


def test_resources_for_people():
    assert resources_text({"CPU": 4.0, "gold": 0.5, "memory": 1e9, "node:10.0.0.1": 1.0}) == "4 CPU, 0.5 gold"
    assert resources_text({}) == "nothing"
