"""What makes a job the same job: its name, and what to say where two differ."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_DIGEST = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")


def job_id(identity: Mapping[str, Any]) -> str:
    """Return the name of a job: equal for equal identities, in any folder and on any machine.

    `code` does not count, as it only says in what two versions differ.
    """
    story = json.dumps({name: value for name, value in identity.items() if name != "code"}, sort_keys=True)
    name = str(identity.get("predictor", "job")).rpartition(":")[2].rpartition(".")[2]
    return f"{name}-{hashlib.sha256(story.encode()).hexdigest()[:12]}"


def another_job(place: str, found: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """What to tell a user whose job is not the one that the folder holds."""
    differences = dict(_differences(found["identity"], asked["identity"]))
    if "version" not in differences:
        differences = {place: said for place, said in differences.items() if place.partition(".")[0] != "code"}
    if len(differences) > 1:
        differences.pop("plan", None)  # it follows from the rest
    if not differences:
        differences["shards"] = f"the number of shards was {found['shards']} and is now {asked['shards']}"
    advice = "Resume it with what it was started with, choose another folder, or delete this one to start over"
    if "version" in differences:
        advice += (
            ". The version is a digest of the predictor's source file and of what it imports, unless you name one: "
            f"to go on with the code as it is now, pass version={found['identity']['version']!r}"
        )
    return f"{place} holds another job: {'; '.join(differences.values())}. {advice}"


def _differences(recorded: Any, asked: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Each place in which two identities differ, and a clause that says how."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for key in sorted(recorded.keys() | asked.keys()):
            place = f"{where}.{key}" if where else key
            if key not in asked:
                yield place, f"{place} was {_abridged(recorded[key])} and is now missing"
            elif key not in recorded:
                yield place, f"{place} was missing and is now {_abridged(asked[key])}"
            else:
                yield from _differences(recorded[key], asked[key], place)
    elif isinstance(recorded, list) and isinstance(asked, list) and len(recorded) == len(asked):
        for index, (before, now) in enumerate(zip(recorded, asked, strict=True)):
            yield from _differences(before, now, f"{where}[{index}]")
    elif recorded != asked:
        yield where, f"{where} was {_abridged(recorded)} and is now {_abridged(asked)}"


def _abridged(value: Any) -> str:
    text = _DIGEST.sub(r"\1…", repr(value))
    return text if len(text) <= 200 else f"{text[:200]}…"
