"""The only place where operations meet modes and marks: `apply`, and `write` for the in-place variants.

The operands' flags are ORed into one number. With the mode it decides everything: whether the result is marked (made in
inference mode, or of something marked), whether it is recorded, and whether the operands may meet at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tensor import aliases, bases, dtypes, halves, history, marks, messages, modes, writes
from tensor.bases import TensorBase, View, storage_of
from tensor.dtypes import Array, is_floating
from tensor.errors import DtypeError, GradientError, InferenceTensorError, ShapeError, UnsupportedError
from tensor.graph import Node, count_node
from tensor.marks import HALF, MARKED, REQUIRES_GRAD, TRACED, VIEW
from tensor.modes import GRAD, INFERENCE, REFUSED
from tensor.quiet import quiet, retry_nested, run
from tensor.registry import Op
from tensor.rows import in_rows
from tensor.scalars import check_numbers

if TYPE_CHECKING:
    from tensor.registry import Key
    from tensor.tensors import Tensor

_PLAIN = (bool, int, float, type(None))
_new = object.__new__
_ndarray = np.ndarray
_top = modes.TOP.get
_current = modes.current
_origin = marks.CURRENT.get


def apply(op: Op, /, *operands: Any, **static: Any) -> Tensor:
    """Compute an operation under the mode in force.

    Args:
        op: What to compute.
        operands: Tensors, arrays, Python numbers, or `None` where the operation allows it.
        static: The operation's keyword arguments.

    Returns:
        A tensor, or a tuple of them where the operation has several results.

    Raises:
        InferenceTensorError: Gradients are on, and a marked operand meets one that requires a gradient.
        ShapeError: The operands' shapes do not fit.
    """
    flags = 0
    arrays = []
    for operand in operands:
        if isinstance(operand, TensorBase):
            flags |= operand._flags
            arrays.append(operand._data)
        elif type(operand) in _PLAIN:
            arrays.append(operand)
        else:
            for each in operands:
                if hasattr(type(each), "_compute"):  # a complex tensor, which is none of ours: see `tensor.complexes`
                    return each._compute(op.name, operands, static)  # type: ignore[no-any-return]
            return apply(op, *map(_as_operand, operands), **static)

    if static:
        for value in static.values():
            if isinstance(value, TensorBase):
                check_numbers(op.name, static)

    entry = _top()
    mode = _current() if entry.block.closed else entry.mode
    if flags & VIEW and mode is GRAD:
        flags |= history.refresh(operands)
    fate = mode.fates[flags & REFUSED]
    if fate == REFUSED:
        raise InferenceTensorError(messages.mixed(op, operands))

    try:
        if flags & HALF and not op.moves:
            out = halves.compute(op, arrays, static)
        else:
            out = quiet.run(op.kernel, *arrays, **static)
    except RuntimeError as error:
        out = retry_nested(error, op.kernel, *arrays, **static)
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise messages.explained(op, arrays, error) from error

    extras: Sequence[Any] = ()
    if op.extras:
        out, *extras = out
    if type(out) is not _ndarray:
        out = np.asarray(out)  # NumPy turns 0-d results into scalars
    if op.rows:
        if not out.flags.c_contiguous:
            out = in_rows(out, op.name)
        if op.outputs > 1:
            seen = op.outputs - 1
            extras = [*[in_rows(each, op.name) for each in extras[:seen]], *extras[seen:]]
    result: Any = _new(bases.tensor_class)
    result._data = out
    result._node = None
    result._storage = None
    result._grad = None
    result._flags = fate & MARKED
    if (flags & HALF or not op.plain) and out.dtype in dtypes.HALF:
        result._flags |= HALF
    if fate == MARKED and (marks.in_use or flags & TRACED):
        _trace(result, operands)
    if op.view:
        _share(op, result, operands[0], static, mode)
    others = [_like(result, each) for each in extras[: op.outputs - 1]] if op.outputs > 1 else ()
    if fate == REQUIRES_GRAD and op.differentiable and is_floating(out.dtype):
        _record(op, result, operands, arrays, static, extras, others)
    if others:
        result = (result, *others)
    return result  # type: ignore[no-any-return]


def operator(op: Op) -> Callable[[Any, Any], Tensor]:
    """Return `apply` for one operation of two operands, with the most usual case unrolled.

    Small models spend their time between the kernels: a 16×16 addition costs three times what NumPy takes for it. Two
    tensors of one dtype with nothing special about them need little of `apply`; whatever else comes goes there.
    """
    ufunc, floating = op.ufunc, op.floating

    def compute(input: Any, other: Any) -> Any:
        if ufunc is None or not (isinstance(input, TensorBase) and isinstance(other, TensorBase)):
            return apply(op, input, other)
        flags = input._flags | other._flags
        x, y = input._data, other._data
        if flags > REFUSED or x.dtype is not y.dtype or (floating and x.dtype.kind != "f"):
            return apply(op, input, other)
        entry = _top()
        fate = (_current() if entry.block.closed else entry.mode).fates[flags]
        if fate == REFUSED or (marks.in_use and fate == MARKED):  # in this order no mode costs more than another
            return apply(op, input, other)
        try:
            out = quiet.run(ufunc, x, y)
        except Exception:
            return apply(op, input, other)  # which says what is wrong
        if type(out) is not _ndarray:
            out = np.asarray(out)
        result: Any = _new(bases.tensor_class)
        result._data = out
        result._flags = fate & MARKED
        result._node = None
        result._storage = None
        result._grad = None
        if fate == REQUIRES_GRAD and op.differentiable and is_floating(out.dtype):
            wanting, also = input._flags & REQUIRES_GRAD, other._flags & REQUIRES_GRAD
            edges = [input._node or input] if wanting else []
            if also:
                edges.append(other._node or other)
            _attach(op, result, (wanting >> 1) | also, edges, (input, other), (x, y), {}, ())
        return result

    compute.__name__ = compute.__qualname__ = op.name
    compute.__doc__ = f"Return `{op.name}` of two tensors, or of one and a number, broadcast."
    return compute


def _trace(result: Any, operands: Sequence[Any]) -> None:
    """Note where a marked result comes from: what was said of here, else what its operands agree on."""
    origin = _origin()
    if origin is None:
        origin = marks.combine(bases.origin_of(each) for each in operands if isinstance(each, TensorBase))
    if origin is not None:
        result._origin = origin
        result._flags |= TRACED


def _like(result: Any, array: Array) -> Any:
    """A further result, which has no gradient but is as marked as the first."""
    return bases.wrap(np.asarray(array), result._flags & MARKED, origin=bases.origin_of(result))


def _as_operand(value: Any) -> Any:
    """Return a tensor or a plain Python number for whatever else a caller may pass."""
    if isinstance(value, TensorBase) or type(value) in _PLAIN:
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return aliases.adopt(value)
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    raise DtypeError(f"expected a tensor or a number, got {value!r} of type {type(value).__name__}")


def _share(op: Op, result: Any, source: Any, static: dict[str, Any], mode: modes.Mode) -> None:
    """Let a view share its source's storage, and remember how it was taken."""
    storage = result._storage = storage_of(source)
    if mode is INFERENCE or result._flags & MARKED:
        return  # autograd never looks at it
    base, steps = (source._view.base, source._view.steps) if source._flags & VIEW else (source, None)
    recorded = mode is GRAD and (source is base or source._view.recorded)
    result._view = View(base, (steps, op, static), generation=storage.generation, recorded=recorded)
    result._flags |= VIEW
    storage.viewed = True


def _record(
    op: Op,
    result: Any,
    operands: Sequence[Any],
    arrays: Sequence[Any],
    static: dict[str, Any],
    extras: Sequence[Any],
    others: Sequence[Any] = (),
) -> None:
    """Give a result its node, which keeps what its gradient rules ask for."""
    mask, bit = 0, 1
    edges = []
    for operand in operands:
        if isinstance(operand, TensorBase) and operand._flags & REQUIRES_GRAD:
            mask |= bit
            edges.append(operand._node or operand)
        bit += bit
    _attach(op, result, mask, edges, operands, arrays, static, extras, others)


def _attach(
    op: Op,
    result: Any,
    mask: int,
    edges: list[Any],
    operands: Sequence[Any],
    arrays: Sequence[Any],
    static: dict[str, Any],
    extras: Sequence[Any],
    others: Sequence[Any] = (),
) -> None:
    """Make the node of a result whose operands in `mask` require gradients, which go to `edges`."""
    plan = op.plans.get(mask) or op.plan(mask)
    node = result._node = Node()
    node.op = op
    node.plan = plan
    node.edges = edges
    out = result._data
    node.shape = out.shape
    node.dtype = out.dtype
    node.hooks = None
    if plan.keys:
        node.saved, node.watched = _keep(op, plan.keys, result, operands, arrays, static, extras, others)
    else:
        node.saved, node.watched = None, ()
    count_node()
    result._flags |= REQUIRES_GRAD


def _keep(
    op: Op,
    keys: Sequence[Key],
    result: Any,
    operands: Sequence[Any],
    arrays: Sequence[Any],
    static: dict[str, Any],
    extras: Sequence[Any],
    others: Sequence[Any],
) -> tuple[dict[Key, Any], tuple[Any, ...]]:
    saved: dict[Key, Any] = {}
    watched = []
    for key in keys:
        if isinstance(key, tuple):
            name, index = key
            saved[key] = arrays[index].shape if name == "shape" else index
        elif key in static:
            saved[key] = static[key]
        elif key in op.operands:
            index = op.operands.index(key)
            saved[key] = arrays[index] if index < len(arrays) else None
            if index < len(operands) and isinstance(operands[index], TensorBase):
                storage = storage_of(operands[index])
                watched.append((storage, storage.version, index))
        elif key == op.variadic:
            first = len(op.operands)
            saved[key] = tuple(arrays[first:])
            for index in range(first, len(operands)):
                if isinstance(operands[index], TensorBase):
                    storage = storage_of(operands[index])
                    watched.append((storage, storage.version, index))
        elif key == "out":
            saved[key] = result._data
            storage = storage_of(result)
            watched.append((storage, storage.version, -1))
        elif key == "shapes":
            saved[key] = tuple([np.shape(each) for each in arrays])
        elif key == "needs":
            saved[key] = tuple(
                [isinstance(each, TensorBase) and bool(each._flags & REQUIRES_GRAD) for each in operands]
            )
        else:
            at = op.extras.index(key)
            saved[key] = extras[at]
            if at < len(others):  # users have it, as a further result
                storage = storage_of(others[at])
                watched.append((storage, storage.version, -1))
    return saved, tuple(watched)


def write(op: Op, target: Any, /, *others: Any, **static: Any) -> Tensor:
    """Compute an operation and write the result into its first operand.

    Args:
        op: What to compute.
        target: The first operand, a tensor.
        others: The other operands.
        static: The operation's keyword arguments.

    Returns:
        The target.

    Raises:
        InferenceTensorError: A mark forbids it.
        ReadOnlyError: The memory is read-only.
        GradientError: The target is a leaf that requires a gradient, and gradients are on.
        ShapeError: The result does not have the target's shape.
        DtypeError: The result's dtype is of a higher category than the target's.
        UnsupportedError: The operation has several results, or is a view.
    """
    check_numbers(op.name, static)
    operands = (target, *map(_as_operand, others))
    mode = modes.current()
    name = op.name if op.inplace is op.kernel else f"{op.name}_"  # some exist in place only
    if mode is GRAD:
        history.refresh(operands)
    tensors = [each for each in operands if isinstance(each, TensorBase)]
    wanting = mode is GRAD and any(each._flags & REQUIRES_GRAD for each in tensors)
    if wanting and any(each._flags & MARKED for each in tensors):
        raise InferenceTensorError(messages.mixed(op, operands))
    writes.check(name, target, operands[1:], mode, op.operand_name)
    if op.outputs > 1 or op.view:
        raise UnsupportedError(f"{op.name} has no in-place variant: write its result where it belongs with copy_()")
    # Integers have no gradient, whatever is written into them.
    wanting = (wanting and is_floating(target._data.dtype)) or (mode is GRAD and writes.reaches_history(target))
    recording = wanting and op.differentiable
    if recording:
        writes.check_recorded(target)
    elif wanting:
        raise GradientError(f"{name} has no gradient, and an operand requires one. Compute under no_grad.")
    arrays = [each._data if isinstance(each, TensorBase) else each for each in operands]

    before = target
    if recording:
        # Stands for the target as it was. Its array is copied only if a gradient rule will ask for it.
        before = bases.wrap(target._data, target._flags & REQUIRES_GRAD)
        before._node = target._node
        if op.keeps_first:
            before._data = arrays[0] = target._data.copy()
    if not recording and not static and _written_at_once(op, target, arrays):
        storage_of(target).version += 1
        return target  # type: ignore[no-any-return]
    out, extras = _written(op, name, target, arrays, static)
    if recording:
        made: Any = bases.wrap(out)
        _record(op, made, (before, *operands[1:]), arrays, static, extras)
    storage_of(target).version += 1
    if recording:
        history.rebase(target, made._node)
    return target  # type: ignore[no-any-return]


def _written_at_once(op: Op, target: Any, arrays: list[Any]) -> bool:
    """Whether a ufunc could compute straight into the target: of one dtype, with nothing to keep or to cast."""
    if op.ufunc is None or op.inplace is not None or target._flags & HALF or len(arrays) != 2:
        return False
    array, other = arrays
    is_array = type(other) is _ndarray
    same = other.dtype is array.dtype if is_array else op.numbers and type(other) in (int, float)
    if not (same and array.dtype.kind == "f") or np.ndim(other) > array.ndim:
        return False
    try:
        return run(op.ufunc, array, other, out=array, casting="no" if array.ndim else "same_kind") is not None
    except (TypeError, ValueError, OverflowError):
        return False  # nothing was written: what is wrong is said where the result does not fit


def _written(op: Op, name: str, target: Any, arrays: list[Any], static: dict[str, Any]) -> tuple[Array, Sequence[Any]]:
    """Write the result into the target's array; return it as the gradient rules may keep it, and what comes with it."""
    array: Array = target._data
    try:
        if op.inplace is not None:
            run(op.inplace, array, *arrays[1:], **static)
            return array, ()
        narrow = target._flags & HALF and not op.moves
        computed = halves.compute(op, arrays, static) if narrow else run(op.kernel, *arrays, **static)
    except RuntimeError:
        raise
    except (ValueError, IndexError, TypeError, OverflowError) as error:
        raise messages.explained(op, arrays, error) from error
    first, *extras = computed if op.extras else (computed,)
    out = np.asarray(first)
    result, wanted = dtypes.of(out.dtype), dtypes.of(array.dtype)
    if not dtypes.can_cast(result, wanted):
        raise DtypeError(f"{name}: result type {result} can't be cast to the desired output type {wanted}")
    if out.shape != array.shape:
        raise ShapeError(
            f"{name}: output with shape {list(array.shape)} doesn't match the broadcast shape {list(out.shape)}"
        )
    out = run(out.astype, array.dtype, copy=False)
    array[...] = out
    return out, extras
