"""The bytes that a command refers to: found by the driver, handed to a worker that cannot open their path.

Commands name weights and rows by a path on the driver's machine. Where a worker may be on another one, its backend
carries the bytes beside the command, and the worker puts the two together again.
"""

from __future__ import annotations

from dataclasses import replace

from workers.blobs import map_file
from workers.messages import BuildPredictor, BuildTrainer, Command, OpenData, ProbeShard, RunShard, SwapWeights
from workers.shards import MemoryFragment
from workers.weights import SnapshotRef

Place = SnapshotRef | MemoryFragment
"""What has its bytes in the driver's memory, or in a file that only the driver need see."""


def place_of(command: Command) -> Place | None:
    """The one place that a command refers to; None for one that refers to none."""
    match command:
        case BuildPredictor(weights=SnapshotRef() as weights) | BuildTrainer(weights=SnapshotRef() as weights):
            return weights
        case SwapWeights(weights=weights):
            return weights
        case RunShard(shard=shard) | ProbeShard(shard=shard) | OpenData(shard=shard) if isinstance(
            shard.fragment, MemoryFragment
        ):
            return shard.fragment
    return None


def bytes_of(place: Place) -> memoryview:
    """All bytes of a place, read-only: mapped here, or copied together out of several files.

    Raises:
        SourceError: A weights file is not what it was when its digest was taken.
    """
    if isinstance(place, SnapshotRef):
        return place.joined()
    return map_file(place.path)[place.start_byte : place.stop_byte]


def hand_over(command: Command, memory: memoryview) -> Command:
    """The command, with the bytes of its place in it."""
    match command:
        case BuildPredictor(weights=SnapshotRef() as weights):
            return replace(command, weights=replace(weights, memory=memory))
        case BuildTrainer(weights=SnapshotRef() as weights):
            return replace(command, weights=replace(weights, memory=memory))
        case SwapWeights(weights=weights):
            return replace(command, weights=replace(weights, memory=memory))
        case RunShard(shard=shard) if isinstance(shard.fragment, MemoryFragment):
            return replace(command, shard=replace(shard, fragment=replace(shard.fragment, memory=memory)))
        case ProbeShard(shard=shard) if isinstance(shard.fragment, MemoryFragment):
            return replace(command, shard=replace(shard, fragment=replace(shard.fragment, memory=memory)))
        case OpenData(shard=shard) if isinstance(shard.fragment, MemoryFragment):
            return replace(command, shard=replace(shard, fragment=replace(shard.fragment, memory=memory)))
    raise TypeError(f"{type(command).__name__} refers to no memory")
