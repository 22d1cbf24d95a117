"""The Ray backend: each worker an actor, on whatever node of the cluster has room for it."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, get_args

import ray
from ray._private import state

from cluster.backends.base import Capabilities, Said
from cluster.backends.outbox import Outbox
from cluster.errors import BackendFailed, UsageError
from cluster.ray.actor import actor_class
from cluster.ray.connection import Hold
from cluster.ray.objects import SharedObjects
from cluster.ray.placement import Placement, Strategy
from cluster.ray.replica import Replica
from cluster.ray.room import NodeGroup, Room, room_for
from cluster.ray.shipping import env_of_ray_job, is_ray_job, variables_of
from cluster.ray.telling import resources_text
from cluster.ray.watch import ClusterWatch
from workers.messages import Command, WorkerExited

_PLACE_S = 10.0
"""After how long without a place for a worker the log says so."""

_log = logging.getLogger("shoal")


class RayBackend:
    """Runs workers as Ray actors; for one pool.

        Pool(Embed, weights="model.safetensors", backend=RayBackend("10.0.0.5:6379", num_cpus=2))

    `backend="ray"` means `RayBackend()`: the cluster that RAY_ADDRESS names, or that runs on this machine, or else one
    that is started on this machine and ends with the pool. Where `ray.init` was called before, that cluster is used and
    stays. A driver runs on a node of its cluster; from elsewhere, `shoal submit` sends jobs.

    Args:
        address: The cluster's head, `host:port`; "auto" for the one on this machine; "local" to start one.
        num_cpus: CPUs that Ray reserves for a worker; may be a fraction. On a cluster that is started here it only says
            how many workers there are by default.
        num_gpus: GPUs of a worker.
        resources: Custom resources of a worker, by name.
        strategy: "spread" to have workers on as many nodes as there are, "pack" on as few; None to leave it to Ray,
            which fills nodes by half and then spreads. A wish: nobody waits for the right node.
        runtime_env: Ray's `runtime_env`: what workers find on their nodes (`working_dir`, `py_modules`, `pip`,
            `env_vars`, …; https://docs.ray.io/en/latest/ray-core/handling-dependencies.html).

    Raises:
        UsageError: An option that Ray does not take.
    """

    name = "ray"
    capabilities = Capabilities(isolates=True, can_kill=True)

    def __init__(
        self,
        address: str | None = None,
        *,
        num_cpus: float = 1,
        num_gpus: float = 0,
        resources: Mapping[str, float] | None = None,
        strategy: Strategy | None = None,
        runtime_env: Mapping[str, Any] | None = None,
    ) -> None:
        self._address = address
        self._demand = {"CPU": num_cpus, "GPU": num_gpus, **(resources or {})}
        self._options: dict[str, Any] = {"num_cpus": num_cpus, "num_gpus": num_gpus, "resources": dict(resources or {})}
        self._runtime_env = dict(runtime_env or {})
        if strategy not in (None, *get_args(Strategy)):
            raise UsageError(f"RayBackend: strategy is 'spread', 'pack' or None, got {strategy!r}")
        try:
            actor_class("", {}).options(**self._options)
        except (TypeError, ValueError) as error:
            raise UsageError(f"RayBackend: {error}") from None
        self._environment: Mapping[str, str] = {}
        self._placement = Placement(strategy, self._demand)
        self._was_opened = False
        self._head: ClusterWatch | None = None
        self._broken: BackendFailed | None = None
        self._hold: Hold | None = None
        self._outbox = Outbox()
        self._objects = SharedObjects()
        self._replicas: dict[str, Replica] = {}
        self._watches: list[asyncio.Task[None]] = []

    @property
    def environment(self) -> Mapping[str, str]:
        """See `Backend.environment`: what `runtime_env` sets, here or for the Ray job that this driver is."""
        # Ray sets the threads of a job's driver by the CPUs of that driver; workers have their own.
        variables = {"OMP_NUM_THREADS": ""} if is_ray_job() else {}
        return {**variables, **variables_of(env_of_ray_job()), **variables_of(self._runtime_env)}

    async def open(self, workers: int | None, environment: Mapping[str, str]) -> int:
        """See `Backend.open`: joins the cluster; by default as many workers as it has room for."""
        if self._was_opened:
            raise UsageError("this RayBackend had a pool before; make a new one for each")
        self._hold = await self._join()
        try:
            if self._hold.is_alone:
                # Nobody else counts on this machine's cores: as many workers as asked for, as with local processes.
                workers = workers or max(1, int(len(os.sched_getaffinity(0)) // (self._demand["CPU"] or 1)))
                self._options["num_cpus"] = self._demand["CPU"] = 0
            self._environment = environment
            if not self._hold.is_ours and self._runtime_env:  # else it joined the cluster with us, for every actor
                self._options["runtime_env"] = self._runtime_env
            self._head = ClusterWatch(self._hold.address, self._hold.node_address)
            room = await asyncio.to_thread(self._room, workers)
        except BaseException:
            await self.close()
            raise
        self._was_opened = True
        self._watches.append(asyncio.create_task(self._leave_a_lost_cluster(self._head), name="watch for the head"))
        if any(self._demand.values()):  # else there is always a place
            self._watches.append(asyncio.create_task(self._tell_of_waiting(self._head), name="watch for places"))
        if room.notice:
            _log.warning("shoal: %s", room.notice)
        return room.workers

    def start(self, worker: str, first: Command) -> None:
        """See `Backend.start`."""
        assert self._head is not None, "open() comes first"
        self._replicas = {name: other for name, other in self._replicas.items() if not other.has_exited}
        replica = Replica(
            worker, self._options, self._environment, self._placement, self._head, self._objects, self._outbox
        )
        self._replicas[worker] = replica
        replica.send(first)

    def submit(self, worker: str, command: Command) -> None:
        """See `Backend.submit`."""
        if worker in self._replicas:
            self._replicas[worker].send(command)

    def kill(self, worker: str) -> None:
        """See `Backend.kill`."""
        if worker in self._replicas:
            self._replicas[worker].kill()

    async def poll(self) -> Sequence[Said]:
        """See `Backend.poll`.

        Raises:
            BackendFailed: The cluster's head is gone, or the node that this process is on.
        """
        said = await self._outbox.take()
        if self._broken is not None:
            raise self._broken
        return said

    async def private_bytes(self, worker: str) -> int | None:
        """See `Backend.private_bytes`."""
        return await self._replicas[worker].private_bytes() if worker in self._replicas else None

    async def close(self) -> None:
        """See `Backend.close`; leaves the cluster too, and ends it if it was started here."""
        for watch in self._watches:
            watch.cancel()
        if self._watches:
            await asyncio.wait(self._watches)
        self._watches.clear()
        try:
            await asyncio.gather(*(replica.close() for replica in self._replicas.values()), return_exceptions=True)
            self._replicas.clear()
            await self._objects.clear()
        finally:  # also when interrupted: the cluster ends what is left of ours when we leave
            if self._hold is not None:
                hold, self._hold = self._hold, None
                hold.release()  # not in a thread: there may be none to be had where Python is about to end

    async def _leave_a_lost_cluster(self, head: ClusterWatch) -> None:
        """Leave when the head, or our node, is gone, before Ray ends this process for it; whoever polls is told."""
        self._broken = await head.until_lost()
        await asyncio.gather(*(replica.abandon() for replica in self._replicas.values()))
        self._outbox.put("", WorkerExited("lost with the cluster"))  # wakes who polls
        if self._hold is not None:
            await asyncio.to_thread(self._hold.release)

    async def _join(self) -> Hold:
        joining = asyncio.create_task(asyncio.to_thread(Hold, self._address, self._runtime_env))
        try:
            return await asyncio.shield(joining)
        except asyncio.CancelledError:  # a thread cannot be stopped, and what it brings has to be given back
            await asyncio.wait({joining})
            if joining.exception() is None:
                joining.result().release()
            raise

    def _room(self, workers: int | None) -> Room:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        return room_for(workers, self._demand, nodes, _node_groups())

    async def _tell_of_waiting(self, head: ClusterWatch) -> None:
        """Say it when workers find no place: nobody should wait without knowing for what."""
        told = 0
        while True:
            await asyncio.sleep(_PLACE_S / 2)
            waiting = sum(replica.waits_s > _PLACE_S for replica in self._replicas.values())
            if waiting > told:
                await head.until_there()
                free = await asyncio.to_thread(ray.available_resources)
                _log.warning(
                    "shoal: %d of %d workers wait for a place with %s; free in the Ray cluster: %s",
                    waiting,
                    len(self._replicas),
                    resources_text({name: amount for name, amount in self._demand.items() if amount}),
                    resources_text(free),
                )
            told = waiting


def _node_groups() -> list[NodeGroup]:
    """What an autoscaler may add; empty without one."""
    config = state.state.get_cluster_config()
    if config is None:
        return []
    return [NodeGroup(dict(group.resources), group.max_count) for group in config.node_group_configs]
