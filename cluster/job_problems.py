"""What is wrong with a job file, in a job file's words: one line a key."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


def problem(error: Mapping[str, Any], job: type[BaseModel], tables: Mapping[str, type[BaseModel]]) -> str:
    """One line on one key; for an unknown key, the known ones.

    Args:
        error: One of pydantic's.
        job: The model of the whole file.
        tables: The models of its tables.
    """
    *path, key = (str(part) for part in error["loc"])
    place = ".".join([*path, key])
    if error["type"] == "missing":
        return f"{place}: missing"
    if error["type"] == "value_error":  # ours
        return f"{place}: {error['ctx']['error']}"
    if error["type"] != "extra_forbidden":
        return f"{place}: expected {_expected(place, error)}, got {reprlib.repr(error['input'])}"
    known = (tables[path[-1]] if path else job).model_fields
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"the keys here are {', '.join(known)}"
    return f"{place}: unknown key; {hint}"


def _expected(place: str, error: Mapping[str, Any]) -> str:
    """What belongs in a key, in a job file's words rather than pydantic's."""
    if place == "source":
        return "a path or a table"
    match error["type"]:
        case "int_type" | "int_from_float":
            return "a whole number"
        case "float_type":
            return "a number"
        case "string_type":
            return "a string"
        case "list_type":
            return "a list"
        case "dict_type" | "model_type" | "model_attributes_type":
            return "a table"
        case "greater_than_equal":
            return f"a number from {error['ctx']['ge']:g}"
        case "greater_than":
            return f"a number above {error['ctx']['gt']:g}"
        case "bool_type":
            return "true or false"
        case "literal_error":
            return str(error["ctx"]["expected"])
    return str(error["msg"]).removeprefix("Input should be ")
