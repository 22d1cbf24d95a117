"""Handles that take a registered hook away again."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from typing import Any

_ids = itertools.count()


class RemovableHandle:
    """What registering a hook returns: call `remove()`, or use it in `with`, which removes it at the end.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook
    """

    def __init__(self, hooks: OrderedDict[int, Any], hook: Any, *, prepend: bool) -> None:
        self.id = next(_ids)
        self._hooks = hooks
        hooks[self.id] = hook
        if prepend:
            hooks.move_to_end(self.id, last=False)

    def remove(self) -> None:
        """Take the hook away; again does nothing."""
        self._hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()
