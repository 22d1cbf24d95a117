"""Methods that call Python for each element, that undo broadcasting, or that name the elements that are not zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tensor import factories, modes, writes
from tensor.bases import TensorBase
from tensor.errors import DtypeError, ShapeError
from tensor.marks import REQUIRES_GRAD
from tensor.ops import comparisons, conversions, masking, reductions, shapes

if TYPE_CHECKING:
    from tensor.tensors import Tensor


def _made(input: Tensor, values: list[Any]) -> Tensor:
    return shapes.reshape(factories.tensor(values, dtype=input.dtype), input.shape)


def apply_(input: Tensor, callable: Callable[[Any], Any]) -> Tensor:
    """Write what a function returns for each element, as a Python number, in its place. Slow, as in PyTorch.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.apply_.html

    Args:
        input: The tensor.
        callable: Takes and returns a number.

    Raises:
        DtypeError: The tensor requires a gradient, which would not flow through.
    """
    if input._flags & REQUIRES_GRAD:
        raise DtypeError("Can't call apply_() on Variable that requires grad. Use var.detach().apply_()")
    found = [callable(each) for each in conversions.detach(input).flatten().tolist()]
    return conversions.copy_(input, _made(input, found)) if found else input


def map_(input: Tensor, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Write what a function returns for each two elements, as Python numbers, in the place of the first.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.map_.html

    Args:
        input: The tensor.
        tensor: The others, of a shape that broadcasts to this one's.
        callable: Takes two numbers and returns one.

    Raises:
        DtypeError: A tensor requires a gradient, or the other is none.
        InferenceTensorError: Only the other is inference-only.
    """
    if not isinstance(tensor, TensorBase):
        raise DtypeError(f"map_: expected a tensor beside this one, got a {type(tensor).__name__}")
    if (input._flags | tensor._flags) & REQUIRES_GRAD:
        raise DtypeError("Can't call map_() on Variable that requires grad. Use var.detach().map_()")
    writes.check(
        "map_", input, (tensor,), modes.current()
    )  # numbers of Python's, which it is computed by, have no mark
    others: Any = shapes.broadcast_to(tensor, input.shape)
    pairs = zip(input.flatten().tolist(), others.flatten().tolist(), strict=True)
    found = [callable(mine, yours) for mine, yours in pairs]
    return conversions.copy_(input, _made(input, found)) if found else input


def sum_to_size(input: Tensor, *size: Any) -> Tensor:
    """Return the sums over the dimensions that were broadcast from a size.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.sum_to_size.html

    Args:
        input: The tensor.
        size: The size.

    Raises:
        ShapeError: It does not broadcast to the shape of the tensor.
    """
    wanted = tuple(size[0] if len(size) == 1 and not isinstance(size[0], int) else size)
    shape = tuple(input.shape)
    more = len(shape) - len(wanted)
    if more < 0 or any(mine not in (1, yours) for mine, yours in zip(wanted, shape[more:], strict=True)):
        raise ShapeError(f"size {list(wanted)} is not expandable to size {list(shape)}.")
    dims = [at for at in range(len(shape)) if at < more or (wanted[at - more] == 1 and shape[at] != 1)]
    return shapes.reshape(reductions.sum(input, dims), wanted) if dims else input


def to_sparse(input: Tensor, *args: Any, **options: Any) -> Tensor:
    """Return this tensor: memory is dense, and `indices` and `values` tell which elements are not zero."""
    return input


def to_dense(input: Tensor, dtype: Any = None) -> Tensor:
    """Return this tensor, in another dtype if one is given: memory is dense."""
    return input if dtype is None else conversions.cast(input, dtype)


def coalesce(input: Tensor) -> Tensor:
    """Return this tensor: no element is there twice."""
    return input


def indices(input: Tensor) -> Tensor:
    """Return where the elements are that are not zero: (ndim, count), int64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.Tensor.indices.html
    """
    found: Any = masking.nonzero(input)
    return found.t()  # type: ignore[no-any-return]


def values(input: Tensor) -> Tensor:
    """Return the elements that are not zero: (count,)."""
    return masking.masked_select(input, comparisons.ne(input, 0))
