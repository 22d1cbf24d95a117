"""What the replicas of a pool run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tensor import wire
from workers.code import CodeRef


@dataclass(frozen=True, kw_only=True)
class Model:
    """What every replica of a pool runs.

    Attributes:
        code: The predictor's class.
        init: Its keyword arguments.
        files: What the code consists of: the digest of each of the user's files, by module.
        version: Stands for the code when jobs are compared, if the user named one; else a digest of `files` does.
    """

    code: CodeRef
    init: Mapping[str, Any]
    files: Mapping[str, str]
    version: str | None = None

    @property
    def code_version(self) -> str:
        """What stands for the code."""
        story = json.dumps(sorted(self.files.items()))
        return self.version or hashlib.sha256(story.encode()).hexdigest()

    def identity(self, weights_digest: str) -> dict[str, Any]:
        """What two runs of one job must have in common."""
        return {
            "predictor": self.code.name,
            "version": self.code_version,
            "code": dict(self.files),
            "init": {name: _jsonable(value) for name, value in self.init.items()},
            "weights": weights_digest,
        }


def _jsonable(value: Any) -> Any:
    """The value where JSON can show it to people, else what tells it from others."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError):
        return "sha256:" + hashlib.sha256(b"".join(wire.pack(value))).hexdigest()
