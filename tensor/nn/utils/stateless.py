"""Calls of a module with other parameters than its own.

Source: https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tensor.errors import ArgumentError, TensorError
from tensor.nn.modules.module import Module
from tensor.tensors import Tensor

_ABSENT: Any = object()


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other parameters and buffers; deprecated in favour of `tensor.func.functional_call`.

    Args:
        module: the module.
        parameters_and_buffers: tensors by dotted name.
        args: what to call it with: a tuple of arguments, or one.
        kwargs: arguments by name.
        tie_weights: whether what is given for one name of a tensor counts for its other names.
        strict: whether all names must be given, and no others.

    Returns:
        What the module returns.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.stateless.functional_call.html
    """
    warnings.warn(
        "`nn.utils.stateless.functional_call` is deprecated: call `func.functional_call`, which is the same.",
        FutureWarning,
        stacklevel=2,
    )
    return call_with(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)


def call_with(
    module: Module,
    given: dict[str, Tensor],
    args: Any,
    kwargs: dict[str, Any] | None,
    *,
    tie_weights: bool,
    strict: bool,
) -> Any:
    """Call a module with other parameters and buffers; see `functional_call`."""
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with _in_place_of_own(module, given, tie_weights=tie_weights, strict=strict):
        return module(*args, **kwargs or {})


@contextmanager
def _in_place_of_own(module: Module, given: dict[str, Tensor], *, tie_weights: bool, strict: bool) -> Iterator[None]:
    """Put tensors into a module for a block; what it has in their place at the end goes back into the dictionary."""
    own = _own(module)
    wanted = _tied(own, given) if tie_weights else dict(given)
    if strict and (problems := _problems(own, wanted)):
        raise TensorError(f"Error(s) in reparametrizing for {type(module).__name__}:\n\t" + "\n\t".join(problems))
    places = {name: _place(module, name) for name in wanted}
    before = {name: _get(*place) for name, place in places.items()}
    try:
        for name, place in places.items():
            _put(*place, wanted[name])
        yield
    finally:
        after = {name: _get(*place) for name, place in places.items()}
        for name, place in places.items():
            _put(*place, before[name])
        given.update({name: after[name] for name in given if after[name] is not _ABSENT})


def _own(module: Module) -> dict[str, Tensor]:
    return {
        **dict(module.named_parameters(remove_duplicate=False)),
        **dict(module.named_buffers(remove_duplicate=False)),
    }


def _problems(own: dict[str, Tensor], wanted: dict[str, Tensor]) -> list[str]:
    unexpected = [repr(name) for name in wanted if name not in own]
    missing = [repr(name) for name in own if name not in wanted]
    return [
        *([f"Unexpected key(s): {', '.join(unexpected)}."] if unexpected else []),
        *([f"Missing key(s): {', '.join(missing)}."] if missing else []),
    ]


def _tied(own: dict[str, Tensor], given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give each name of a tensor that has several the value that is given for one of them."""
    names: dict[int, list[str]] = {}
    for name, tensor in own.items():
        names.setdefault(id(tensor), []).append(name)
    wanted = dict(given)
    for tied in names.values():
        values = [given[name] for name in tied if name in given]
        if len({id(value) for value in values}) > 1:
            raise ArgumentError(
                f"functional_call got multiple values for keys {sorted(tied)}, which are tied. "
                "Consider using tie_weights=False"
            )
        if values:
            wanted.update(dict.fromkeys(tied, values[0]))
    return wanted


def _place(module: Module, name: str) -> tuple[Module, str]:
    prefix, _, last = name.rpartition(".")
    return module.get_submodule(prefix), last


def _table(owner: Module, name: str) -> dict[str, Any]:
    """Where a module keeps a tensor; what it does not know is an attribute for as long as the call lasts."""
    return next((table for table in (owner._parameters, owner._buffers) if name in table), owner.__dict__)


def _get(owner: Module, name: str) -> Any:
    return _table(owner, name).get(name, _ABSENT)


def _put(owner: Module, name: str, value: Any) -> None:
    if value is _ABSENT:
        _table(owner, name).pop(name, None)
    else:
        _table(owner, name)[name] = value
