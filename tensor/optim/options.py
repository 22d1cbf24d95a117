"""Checks of the options that optimisers have in common."""

from __future__ import annotations

from typing import Any

from tensor.bases import TensorBase
from tensor.errors import DtypeError, UnsupportedError
from tensor.optim.state import check_unmarked

_WORDS = {"lr": "learning rate", "eps": "epsilon value"}


def check_at_least_zero(**options: Any) -> None:
    """Raise for an option that is negative (or not a number), and for a learning rate of several numbers.

    Args:
        options: values by name.

    Raises:
        ValueError: one is out of range.
    """
    for name, value in options.items():
        if isinstance(value, TensorBase) and value._data.size != 1:
            raise ValueError(f"Tensor {name} must be 1-element, this one has shape {list(value._data.shape)}")
        if not value >= 0:
            raise ValueError(f"Invalid {_WORDS.get(name, f'{name} value')}: {value}; it must be at least 0")


def check_betas(betas: Any) -> None:
    """Raise unless two shares were given, each at least 0 and less than 1.

    Args:
        betas: of the gradient and of its square, how much of their running means a step keeps.

    Raises:
        ValueError: one is out of range.
        DtypeError: they are no pair.
    """
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise DtypeError(f"betas must be a pair of numbers, got {betas!r}")
    for index, beta in enumerate(betas):
        if isinstance(beta, TensorBase) and beta._data.size != 1:
            raise ValueError(f"Tensor betas[{index}] must be 1-element, this one has shape {list(beta._data.shape)}")
        if not 0 <= beta < 1:
            raise ValueError(f"Invalid beta parameter at index {index}: {beta}; it must be at least 0 and less than 1")


def check_kernels(
    *, foreach: bool | None, differentiable: bool, capturable: bool = False, fused: bool | None = None
) -> None:
    """Raise for choices among PyTorch's kernels that mean more here than none: one fits all.

    Args:
        foreach: update many parameters at once; changes nothing here.
        differentiable: record the step for autograd.
        capturable: let a CUDA graph capture the step.
        fused: update in one pass; changes nothing here.

    Raises:
        UnsupportedError: the step is to be recorded or captured.
        RuntimeError: both `fused` and `foreach`.
    """
    check_recorded(differentiable)
    if capturable:
        raise UnsupportedError(
            "capturable=True is for steps in CUDA graphs, and there is only the CPU here: leave it out"
        )
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def check_recorded(differentiable: Any) -> None:
    """Raise if a step is to be recorded for autograd.

    Args:
        differentiable: the option.

    Raises:
        UnsupportedError: it is on.
    """
    if differentiable:
        raise UnsupportedError(
            "differentiable=True asks autograd to record the step, but optimizers update in place without a record; "
            "write the update with tensor operations instead"
        )


def number_of(value: Any, name: str) -> Any:
    """Return a number, taken out of a tensor where it is in one.

    Args:
        value: a number, or a tensor of one element.
        name: the option's, for the message.

    Raises:
        InferenceTensorError: it is an inference-only tensor.
    """
    check_unmarked(value, name)
    return value._data.item() if isinstance(value, TensorBase) else value
