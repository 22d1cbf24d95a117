"""User code that raised, turned into data that leads with the user's own line."""

from __future__ import annotations

import importlib
import sysconfig
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tensor
from workers.messages import Failure, Owner

_OURS = tuple(f"{Path(__file__).parents[1] / package}/" for package in ("tensor", "workers", "cluster"))
_IMPORTING = ("<frozen importlib", importlib.__file__)
_LIBRARIES = tuple({sysconfig.get_path(name) + "/" for name in ("stdlib", "purelib", "platlib")})
_MAX_MESSAGE_CHARS = 10_000
_MAX_TRACEBACK_CHARS = 20_000  # thousands of dead rows may each have one


@dataclass(frozen=True)
class Step:
    """What a worker is doing, and whose fault it is when it fails.

    Attributes:
        owner: See `Failure`.
        where: What runs, as `Classify.__call__` or `reading rows.parquet`.
    """

    owner: Owner
    where: str


def failure_of(error: BaseException, step: Step) -> Failure:
    """Describe `error`, raised during `step`.

    `line` is the innermost frame that is neither ours nor a library's: what the user can change. The traceback leaves
    our frames out, and what NumPy said where `tensor` says it better.
    """
    told = traceback.TracebackException.from_exception(error)
    line, source = _users_line(told, error)
    _drop_our_frames(told, error)
    return Failure(
        where=step.where,
        owner=step.owner,
        type=_type_name(type(error)),
        message=_text(error),
        line=line,
        source=source,
        traceback=_cut("".join(told.format()).rstrip(), _MAX_TRACEBACK_CHARS),
    )


@contextmanager
def naming_columns(columns: Collection[str]) -> Iterator[None]:
    """Tell a user who asked for a column that is not there which ones are."""
    try:
        yield
    except KeyError as error:
        if error.args and isinstance(error.args[0], str) and error.args[0] not in columns:
            error.add_note(f"the columns are: {', '.join(map(repr, columns))}")
        raise


def _users_line(told: traceback.TracebackException, error: BaseException) -> tuple[str, str]:
    """The innermost line that the user can change, as `file:line` and its text; empty when there is none."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_file():  # no frame ran in it
        return f"{error.filename}:{error.lineno}", (error.text or "").strip()
    own = [frame for frame in told.stack if _is_users(frame.filename)]
    return (f"{own[-1].filename}:{own[-1].lineno}", (own[-1].line or "").strip()) if own else ("", "")


def _drop_our_frames(told: traceback.TracebackException | None, error: BaseException | None) -> None:
    """Do so in `told`, what is shown of `error`, and in all that it was raised from."""
    if told is None or error is None:
        return
    told.stack = traceback.StackSummary.from_list(
        [frame for frame in told.stack if not frame.filename.startswith((*_OURS, *_IMPORTING))]
    )
    if isinstance(error, tensor.TensorError):
        told.__cause__ = told.__context__ = None
    _drop_our_frames(told.__cause__, error.__cause__)
    _drop_our_frames(told.__context__, error.__context__)


def _is_users(filename: str) -> bool:
    return not filename.startswith((*_OURS, *_LIBRARIES, "<frozen"))


def _cut(text: str, limit: int) -> str:
    """The text without its middle, where it is too long."""
    return text if len(text) <= limit else f"{text[: limit // 2]}\n…\n{text[-limit // 2 :]}"


def _type_name(kind: type[BaseException]) -> str:
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def _text(error: BaseException) -> str:
    try:
        return "\n".join([str(error), *getattr(error, "__notes__", ())])[:_MAX_MESSAGE_CHARS]
    except Exception as broken:  # an exception whose own __str__ raises must not hide that it was raised
        return f"<its text could not be made: {type(broken).__name__}>"
