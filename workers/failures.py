"""User code that raised, turned into data that leads with the user's own line."""

from __future__ import annotations

import sys
import sysconfig
import traceback
from pathlib import Path
from types import TracebackType

import tensor
from workers.messages import Failure

_OURS = tuple(str(Path(package.__file__ or "").parent) + "/" for package in (tensor, sys.modules[__package__]))
_LIBRARIES = tuple({sysconfig.get_path(name) + "/" for name in ("stdlib", "purelib", "platlib")})
_MAX_MESSAGE_CHARS = 10_000


def failure_of(error: BaseException, where: str) -> Failure:
    """Describe `error`, raised while `where` ran.

    The traceback starts at the first frame that is not ours, and `line` is the innermost frame that is neither ours
    nor a library's: what the user can change.
    """
    frames = _without_our_lead_in(error.__traceback__)
    error.__traceback__ = frames
    own = [frame for frame in traceback.extract_tb(frames) if _is_users(frame.filename)]
    at = own[-1] if own else None
    return Failure(
        where=where,
        type=_type_name(type(error)),
        message=_text(error),
        line=f"{at.filename}:{at.lineno}" if at else "",
        source=(at.line or "").strip() if at else "",
        traceback="".join(traceback.format_exception(error)).rstrip(),
    )


def _without_our_lead_in(frames: TracebackType | None) -> TracebackType | None:
    rest = frames
    while rest is not None and rest.tb_frame.f_code.co_filename.startswith(_OURS):
        rest = rest.tb_next
    return rest if rest is not None else frames


def _is_users(filename: str) -> bool:
    return not filename.startswith((*_OURS, *_LIBRARIES, "<frozen"))


def _type_name(kind: type[BaseException]) -> str:
    return (
        kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    )


def _text(error: BaseException) -> str:
    try:
        return str(error)[:_MAX_MESSAGE_CHARS]
    except Exception as broken:  # an exception whose own __str__ raises must not hide that it was raised
        return f"<its text could not be made: {type(broken).__name__}>"
