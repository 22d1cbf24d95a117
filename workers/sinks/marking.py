"""The mark of inference-only numbers in Parquet files."""

from __future__ import annotations

import json
from typing import Any

from tensor import Origin

INFERENCE_ONLY_KEY = b"shoal.inference_only"
"""Parquet metadata that marks a file's numbers: JSON of their origin, {"job": …}."""


def mark_for(job: str) -> dict[bytes, bytes]:
    """The metadata that marks numbers as this job's."""
    return {INFERENCE_ONLY_KEY: json.dumps({"job": job}).encode()}


def mark_of(schema: Any) -> Origin | None:
    """Where the numbers of a Parquet file with this Arrow schema were computed; None if it is not marked."""
    mark = (schema.metadata or {}).get(INFERENCE_ONLY_KEY)
    return None if mark is None else Origin(job=json.loads(mark)["job"])
