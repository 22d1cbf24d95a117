"""What both pools take from a user, checked before any worker starts."""

from __future__ import annotations

import inspect
import operator
import os
from collections.abc import Mapping
from typing import Any

from cluster.backends import Backend
from cluster.errors import SourceNotFoundError, UsageError
from cluster.failures import failure_text, told_by_the_driver
from cluster.numerics import NumericsProfile
from cluster.paths import absolute
from tensor import wire
from tensor.errors import TensorError
from workers.batching import BatchPolicy
from workers.code import CodeRef
from workers.errors import PredictorError, WorkersError
from workers.failures import Step, failure_of
from workers.sinks import ParquetSink, Sink
from workers.weights import WeightSnapshot

Weights = str | os.PathLike[str] | Mapping[str, Any] | WeightSnapshot
"""A safetensors file or checkpoint of several, a mapping of name to tensor or array, or a snapshot."""


@told_by_the_driver()
def hold_weights(weights: Weights) -> WeightSnapshot:
    """A snapshot of what a user gave, under a hold of the pool's own: theirs may be closed or replaced meanwhile.

    Raises:
        UsageError: It is no weights.
        SourceFailed: Somebody writes to the file.
        StorageFailed: Shared memory has no room.
    """
    if isinstance(weights, WeightSnapshot):
        return weights.duplicate()
    if isinstance(weights, Mapping):
        try:
            return WeightSnapshot.from_mapping(weights)
        except TypeError as error:
            raise UsageError(str(error)) from None
    if isinstance(weights, str | os.PathLike):
        path = absolute(weights)
        if not path.exists():
            raise SourceNotFoundError(f"there is no weights file {path}")
        try:
            return WeightSnapshot.from_file(path)
        except WorkersError:
            raise
        except (TensorError, OSError) as error:  # no weights, or not ours to read
            raise UsageError(str(error)) from error
    raise UsageError(
        "weights are a safetensors file, a mapping of name to tensor, or a WeightSnapshot; "
        f"got {type(weights).__name__}"
    )


def code_of(target: type | str) -> CodeRef:
    """The user's class, given as itself or by name, found and checked."""
    try:
        code = CodeRef(target) if isinstance(target, str) else CodeRef.of(target)
    except TypeError as error:
        raise UsageError(str(error)) from error
    try:
        code.resolve()
    except PredictorError as error:
        raise UsageError(str(error)) from error
    except (Exception, SystemExit) as error:  # the user's module, as it is imported
        raise UsageError(failure_text(failure_of(error, Step("user", f"the import of {code.name}")))) from None
    return code


def predictor_of(target: type | str) -> CodeRef:
    """The user's predictor, given as itself or by name, found and checked."""
    code = code_of(target)
    kinds = code.resolve().__mro__
    if not any("__call__" in vars(kind) for kind in kinds):  # hasattr would find that of the class's own class
        raise UsageError(f"{code.name} has no __call__(self, batch), which returns a batch's results")
    return code


def arguments_of(code: CodeRef, init: Any, **passed: object) -> dict[str, Any]:
    """A class's keyword arguments, checked to reach a worker and to fit the class.

    Args:
        code: The class.
        init: What the user gave.
        passed: What the pool passes beside it; None for what it does not pass.
    """
    if init is not None and not (isinstance(init, Mapping) and all(isinstance(name, str) for name in init)):
        raise UsageError(f"init must be a mapping of argument names to values, got {init!r}")
    arguments = dict(init or {})
    try:
        wire.pack(arguments)
    except wire.WireError as error:
        raise UsageError(f"init: {error}") from error
    try:
        signature = inspect.signature(code.resolve())
    except ValueError:  # not written in Python
        return arguments
    try:
        signature.bind(**arguments, **{name: value for name, value in passed.items() if value is not None})
    except TypeError as error:
        raise UsageError(f"{code.name}.__init__ {error}") from None
    return arguments


def numerics_of(backend: Backend) -> NumericsProfile:
    """How the workers of a backend compute: as the user's environment asks, in the place where it is set."""
    if backend.capabilities.in_process:
        return NumericsProfile.of_this_process()
    return NumericsProfile.of_workers({**os.environ, **backend.environment})


def positive(name: str, value: int) -> int:
    """`value` if it is a whole number from 1."""
    try:
        number = 0 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = 0
    if number < 1:
        raise UsageError(f"{name} must be a whole number from 1, got {value!r}")
    return number


def whole(name: str, value: int) -> int:
    """`value` if it is a whole number from 0."""
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = -1
    if number < 0:
        raise UsageError(f"{name} must be a whole number from 0, got {value!r}")
    return number


def pool_size(replicas: Any, min_replicas: Any, max_replicas: Any) -> tuple[int | None, int | None]:
    """How many replicas to keep, (fewest, most); None for what suits the backend."""
    if replicas is not None:
        if min_replicas is not None or max_replicas is not None:
            raise UsageError(
                "replicas= is a fixed number, min_replicas= and max_replicas= a range; give one or the other"
            )
        number = positive("replicas", replicas)
        return number, number
    if min_replicas is None and max_replicas is None:
        return None, None
    if max_replicas is None:
        raise UsageError(
            f"min_replicas={min_replicas!r} says where a pool starts; say where it ends with max_replicas="
        )
    fewest = 1 if min_replicas is None else positive("min_replicas", min_replicas)
    most = positive("max_replicas", max_replicas)
    if fewest > most:
        raise UsageError(f"min_replicas={fewest} is more than max_replicas={most}")
    return fewest, most


def deadline(name: str, value: Any, backend: Backend) -> float | None:
    """`value` if it is a time above zero and the backend can stop a worker that takes longer; None for any time."""
    if value is None:
        return None
    if not backend.capabilities.can_kill:
        raise UsageError(
            f"{name}={value!r}: the backend {backend.name!r} cannot stop a worker while it computes; "
            "leave the deadline out, or use 'local' or 'ray'"
        )
    return seconds(name, value)


def seconds(name: str, value: Any) -> float:
    """`value` if it is a time above zero."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise UsageError(f"{name} must be a number of seconds above 0, got {value!r}")
    return float(value)


def seed_of(value: Any) -> int:
    """`value` if it can be a seed."""
    if type(value) is not int or value < 0:
        raise UsageError(f"seed must be a whole number from 0, got {value!r}")
    return value


def sink_of(sink: Any) -> Sink:
    """How to write output; the default when the user says nothing."""
    if sink is None:
        return ParquetSink()
    if not isinstance(sink, Sink):
        raise UsageError(f"sink must be a ParquetSink, NpySink or JsonlSink, got {sink!r}")
    return sink


def output_of(output: Any) -> str | os.PathLike[str]:
    """Where to write output, if it is a place at all."""
    if not isinstance(output, str | os.PathLike) or not os.fspath(output):
        raise UsageError(f"output must be the path of a folder, or an address such as s3://bucket/job, got {output!r}")
    return output


def batch_policy(batch: Any) -> BatchPolicy:
    """How to cut batches; the default when the user says nothing."""
    if batch is None:
        return BatchPolicy()
    if not isinstance(batch, BatchPolicy):
        raise UsageError(f"batch must be a BatchPolicy, such as BatchPolicy(max_rows=256), got {batch!r}")
    return batch
