"""Calls of modules as functions of their parameters.

Source: https://docs.pytorch.org/docs/stable/func.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tensor.errors import ArgumentError, TensorError
from tensor.nn.modules.module import Module
from tensor.nn.utils.stateless import call_with
from tensor.ops.joining import stack
from tensor.tensors import Tensor

__all__ = ["functional_call", "stack_module_state"]


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other parameters and buffers than its own, which it has again afterwards.

    Args:
        module: the module.
        parameter_and_buffer_dicts: tensors by dotted name, in one dictionary or several. Where the call replaces a
            buffer, the dictionary has the new one afterwards.
        args: what to call it with: a tuple of arguments, or one.
        kwargs: arguments by name.
        tie_weights: whether what is given for one name of a tensor counts for its other names.
        strict: whether all names must be given, and no others.

    Returns:
        What the module returns.

    Raises:
        ArgumentError: a name is given twice, or tied names have several values.
        TensorError: strictly, names are missing or unknown.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.func.functional_call.html
    """
    if isinstance(parameter_and_buffer_dicts, dict):
        given = parameter_and_buffer_dicts
    else:
        given = _merged(parameter_and_buffer_dicts)
    return call_with(module, given, args, kwargs, tie_weights=tie_weights, strict=strict)


def _merged(dictionaries: Any) -> dict[str, Tensor]:
    if not isinstance(dictionaries, Sequence) or not all(isinstance(each, dict) for each in dictionaries):
        raise ArgumentError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list or tuple of dicts, got a "
            f"{type(dictionaries).__name__}"
        )
    merged: dict[str, Tensor] = {}
    for each in dictionaries:
        if twice := sorted(merged.keys() & each):
            raise ArgumentError(f"{twice} appeared in multiple dictionaries; behavior of functional call is ambiguous")
        merged.update(each)
    return merged


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the parameters and buffers of several models of one kind, stacked along a new first dimension.

    Args:
        models: of one class and in one mode, one or more.

    Returns:
        Parameters and buffers, each by dotted name; parameters are leaves that are trained if the models' are.

    Raises:
        TensorError: there are no models, or they are not alike.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.func.stack_module_state.html
    """
    if not len(models):
        raise TensorError("stack_module_state: expected at least one model, got 0")
    kinds, modes = {type(each) for each in models}, {each.training for each in models}
    if len(kinds) > 1 or len(modes) > 1:
        raise TensorError(
            "stack_module_state: expected models of one class, all in training or all in evaluation, got "
            f"{', '.join(sorted(kind.__name__ for kind in kinds))} in {len(modes)} mode(s)"
        )
    return (
        _stacked([dict(each.named_parameters()) for each in models]),
        _stacked([dict(each.named_buffers()) for each in models]),
    )


def _stacked(states: Sequence[dict[str, Any]]) -> dict[str, Tensor]:
    stacked = {}
    for name in states[0]:
        tensors = [each[name] for each in states]
        trained = {each.requires_grad for each in tensors}
        if len(trained) > 1:
            raise TensorError(f"Expected {name} from each model to have the same .requires_grad")
        stacked[name] = stack([each.detach() for each in tensors])
        if trained == {True}:
            stacked[name].requires_grad_()
    return stacked
