"""Classes by value: cloudpickle's bytes, in which code keeps the name of its file.

cloudpickle leaves that name out since 3.1.3, so that its bytes do not tell where a class was written. Here it is what
leads an error of a worker to the user's line.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from types import CodeType
from typing import Any

import cloudpickle


def dumps(target: object) -> bytes:
    """Pickle `target` by value; `pickle.loads` makes it again where `workers` can be imported."""
    with io.BytesIO() as file:
        _Pickler(file).dump(target)
        return file.getvalue()


def _reduce_code(code: CodeType) -> tuple[Callable[..., CodeType], tuple[Any, ...]]:
    make, arguments, *_ = cloudpickle.Pickler.dispatch_table[CodeType](code)
    return _of_file, (code.co_filename, make, arguments)


def _of_file(name: str, make: Callable[..., CodeType], arguments: tuple[Any, ...]) -> CodeType:
    return make(*arguments).replace(co_filename=name)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    dispatch_table = cloudpickle.Pickler.dispatch_table.new_child({CodeType: _reduce_code})
