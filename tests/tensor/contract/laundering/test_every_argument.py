"""An attempt for each argument of each function: a marked tensor in its place, whatever belongs there.

The calls are those of `tests/samples`. What comes out unmarked must be the same for other marked values. Where a
function takes no tensor these are fractions: whole numbers and booleans are what Python asks any object for, as a size
or a flag, and they leave the contract, as documented.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import tensor as T
from tests.samples import SAMPLES, Declared, Draw
from tests.samples.calls import DTYPES

FRACTIONS = [
    (np.array(0.5, np.float32), np.array(0.25, np.float32)),
    (np.array([0.5, 0.25, 0.75], np.float32), np.array([0.1, 0.8, 0.3], np.float32)),
    (np.array([[0.5, 0.25], [0.75, 0.1]], np.float32), np.array([[0.1, 0.8], [0.3, 0.4]], np.float32)),
]
"""What the marked tensor holds, and what it holds the second time."""


@dataclass(frozen=True)
class Call:
    """A call of a function."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def places(self) -> Iterator[tuple[Any, ...]]:
        """Each argument's position or name, those left out too; and that of each element of a list."""
        yield from ((at,) for at in range(len(self.args)))
        for at, each in enumerate(self.args):
            if isinstance(each, list | tuple):
                yield from ((at, position) for position in range(len(each)))
        signature = inspect.signature(self.function)
        given = signature.bind_partial(*self.args, **self.kwargs).arguments
        for name, parameter in signature.parameters.items():
            left_out = parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY) and name not in given
            if left_out or name in self.kwargs:
                yield (name,)

    def at(self, place: tuple[Any, ...]) -> Any:
        """The argument at a place, `None` if it is left out."""
        first, *rest = place
        found = self.kwargs.get(first) if isinstance(first, str) else self.args[first]
        return found[rest[0]] if rest else found

    def unmarked(self, place: tuple[Any, ...], value: Any) -> list[tuple[Any, ...]] | None:
        """Call it with a value at a place; return what is unmarked of results and arguments, `None` if refused."""
        first, *rest = place
        args, kwargs = _cloned(list(self.args)), _cloned(self.kwargs)
        if rest:
            elements = list(args[first])
            elements[rest[0]] = value
            value = type(self.args[first])(elements)
        if isinstance(first, str):
            kwargs[first] = value
        else:
            args[first] = value
        T.manual_seed(0)
        try:
            result = self.function(*args, **kwargs)
        except Exception:  # by the contract, or as something that is no argument here
            return None
        tensors = [each for each in _tensors([result, args, kwargs]) if not each.is_inference()]
        return [(each.shape, each.detach().numpy().tobytes()) for each in tensors]


def _cloned(value: Any) -> Any:
    if isinstance(value, T.Tensor):
        return value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)(map(_cloned, value))
    return {name: _cloned(each) for name, each in value.items()} if isinstance(value, dict) else value


def _tensors(value: Any) -> Iterator[T.Tensor]:
    if isinstance(value, T.Tensor):
        yield value
    elif isinstance(value, list | tuple | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _tensors(each)


class Recorder:
    """Stands for the library, and notes which of its functions are called."""

    def __init__(self, module: Any, calls: list[Call]) -> None:
        self._module = module
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._module, name)
        if inspect.ismodule(value):
            return Recorder(value, self._calls)
        if not inspect.isfunction(value):
            return value

        def called(*args: Any, **kwargs: Any) -> Any:
            in_place = getattr(T.Tensor, f"{name}_", None)
            self._calls += [Call(each, args, kwargs) for each in (value, in_place) if inspect.isfunction(each)]
            return value(*args, **kwargs)

        return called


def _calls(declared: Declared) -> list[Call]:
    calls: list[Call] = []
    for seed in range(2):
        with contextlib.suppress(Exception):  # some samples show an error
            sample = declared.make(Draw.seeded(seed, DTYPES[declared.kinds[0]], max_side=3))
            sample.fn(Recorder(T, calls), *[T.tensor(each) for each in sample.arrays])
    return calls


def _values(there: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    if not isinstance(there, T.Tensor):
        return FRACTIONS
    array = there.detach().numpy()
    return [(array, np.asarray(array * 0.7 + 0.1, array.dtype) if array.dtype.kind == "f" else np.flip(array))]


@T.inference_mode
def _marked(array: np.ndarray) -> T.Tensor:
    return T.tensor(array)


@pytest.mark.parametrize("declared", SAMPLES, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_pass_it_as_any_argument(declared: Declared) -> None:
    for call in _calls(declared):
        for place in call.places():
            for one, other in _values(call.at(place)):
                found = call.unmarked(place, _marked(one))
                if found is not None:
                    again = call.unmarked(place, _marked(other))
                    assert again in (None, found), f"{call.function.__qualname__} with a marked argument at {place}"


def test_most_samples_are_calls_that_are_tried() -> None:
    assert sum(bool(_calls(each)) for each in SAMPLES) > 0.8 * len(SAMPLES)
