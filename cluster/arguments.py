"""What both pools take from a user, checked before any worker starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.errors import SourceNotFoundError, UsageError
from cluster.failures import failure_text
from tensor import wire
from workers.code import CodeRef
from workers.errors import PredictorError
from workers.failures import Step, failure_of
from workers.weights import WeightSnapshot

Weights = str | os.PathLike[str] | Mapping[str, Any] | WeightSnapshot
"""A safetensors file, a mapping of name to tensor or array, or a snapshot."""


@dataclass(frozen=True)
class HeldWeights:
    """Weights in use, and whether we made the snapshot and so have to close it."""

    snapshot: WeightSnapshot
    ours: bool

    @classmethod
    def of(cls, weights: Weights) -> HeldWeights:
        """Make a snapshot of what a user gave, unless it is one."""
        if isinstance(weights, WeightSnapshot):
            return cls(weights, ours=False)
        if isinstance(weights, Mapping):
            return cls(WeightSnapshot.from_mapping(weights), ours=True)
        if isinstance(weights, str | os.PathLike):
            path = Path(weights).expanduser().absolute()
            if not path.is_file():
                raise SourceNotFoundError(f"there is no weights file {path}")
            return cls(WeightSnapshot.from_file(path), ours=True)
        raise UsageError(
            "weights are a safetensors file, a mapping of name to tensor, or a WeightSnapshot; "
            f"got {type(weights).__name__}"
        )

    def release(self) -> None:
        """Let go of the snapshot."""
        if self.ours:
            self.snapshot.close()


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


def travelling(init: Mapping[str, Any] | None) -> dict[str, Any]:
    """A class's keyword arguments, checked to be able to reach a worker."""
    arguments = dict(init or {})
    try:
        wire.pack(arguments)
    except wire.WireError as error:
        raise UsageError(f"init: {error}") from error
    return arguments


def positive(name: str, value: int) -> int:
    """`value` if it is a whole number from 1."""
    if type(value) is not int or value < 1:
        raise UsageError(f"{name} must be a whole number from 1, got {value!r}")
    return value
