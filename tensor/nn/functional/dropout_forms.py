"""Dropout as PyTorch has it beside `tensor.nn.functional`: told whether this is training, and in place."""

from __future__ import annotations

from collections.abc import Callable

from tensor.nn.functional.dropout import alpha_dropout as _alpha
from tensor.nn.functional.dropout import dropout as _plain
from tensor.nn.functional.dropout import feature_alpha_dropout as _feature_alpha
from tensor.nn.functional.dropout import feature_dropout as _feature
from tensor.tensors import Tensor


def _form(function: Callable[[Tensor, float, bool, bool], Tensor], *, inplace: bool) -> Callable[..., Tensor]:
    def drop(input: Tensor, p: float = 0.5, train: bool = True) -> Tensor:
        return function(input, p, train, inplace)

    drop.__name__ = drop.__qualname__ = f"{function.__name__}_" if inplace else function.__name__
    drop.__doc__ = f"Return `nn.functional.{function.__name__}` of a tensor" + (
        ", written over it." if inplace else "."
    )
    return drop


alpha_dropout = _form(_alpha, inplace=False)
alpha_dropout_ = _form(_alpha, inplace=True)
dropout = _form(_plain, inplace=False)
dropout_ = _form(_plain, inplace=True)
feature_alpha_dropout = _form(_feature_alpha, inplace=False)
feature_alpha_dropout_ = _form(_feature_alpha, inplace=True)
feature_dropout = _form(_feature, inplace=False)
feature_dropout_ = _form(_feature, inplace=True)
