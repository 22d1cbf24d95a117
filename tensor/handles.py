"""Hooks, and the handles that take them off again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

Hook = Callable[..., Any]

_ids = itertools.count()


class RemovableHandle:
    """What registering a hook returns: call `remove()`, or use it in `with`, which removes it at the end.

    Args:
        hooks: Those that are called, by their ids, in order.
        hook: What to add; for some kinds of hooks a function and how to call it.
        prepend: Whether it is to be called before those that are there.
    """

    def __init__(self, hooks: dict[int, Any], hook: Any, *, prepend: bool = False) -> None:
        self.id = next(_ids)
        self._hooks = hooks
        others = [(key, hooks.pop(key)) for key in list(hooks)] if prepend else []
        hooks[self.id] = hook
        hooks.update(others)

    def remove(self) -> None:
        """Take the hook off; more than once does no harm."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()
