"""Operations that users define, with a backward of their own.

Source: https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.Function
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tensor import bases, history, modes, writes
from tensor.bases import TensorBase, storage_of, wrap
from tensor.dtypes import Array, is_floating
from tensor.engine import unbroadcast
from tensor.errors import DtypeError, GradientError, InferenceTensorError, ShapeError, UnsupportedError
from tensor.graph import HINT, SECOND_BACKWARD, Node, count_node
from tensor.handles import Hook, RemovableHandle
from tensor.marks import MARKED, REQUIRES_GRAD
from tensor.messages import WAYS_OUT, mixed
from tensor.registry import Op, Plan

if TYPE_CHECKING:
    from tensor.storages import Storage
    from tensor.tensors import Tensor

F = TypeVar("F", bound=Callable[..., Any])


class FunctionCtx:
    """What a `Function` keeps between its forward and its backward; other attributes may be set freely."""

    def __init__(self, needs_input_grad: tuple[bool, ...], name: str) -> None:
        self.needs_input_grad = needs_input_grad
        self._name = name
        self._are_tensors: tuple[bool, ...] = ()
        self._to_save: tuple[Any, ...] = ()
        self._saved: list[tuple[Any, Storage | None, int]] | None = None
        self._dirty: tuple[Any, ...] = ()
        self._constant: tuple[Any, ...] = ()
        self._materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for `saved_tensors` in backward."""
        self._to_save = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Say which inputs forward wrote to; it must return them."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Say which outputs have no gradient."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Say whether backward gets zeros, or `None`, for outputs that were not used."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What `save_for_backward` kept.

        Raises:
            GradientError: It was freed, or written to since.
        """
        if self._saved is None:
            if self._to_save:
                return self._to_save
            raise GradientError(SECOND_BACKWARD)
        for _, storage, version in self._saved:
            if storage is not None and storage.version != version:
                raise GradientError(
                    "one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"a tensor that {self._name} saved is at version {storage.version}; expected version {version} "
                    f"instead. Write to a clone() of it, or after backward(). {HINT}"
                )
        return tuple([wrap(kept) if isinstance(kept, np.ndarray) else kept for kept, _, _ in self._saved])

    saved_variables = saved_tensors  # its older name

    def _seal(self, outputs: Sequence[Any]) -> None:
        """Keep what was asked for: of outputs the array only, or they would keep themselves alive."""
        self._saved = []
        for tensor in self._to_save:
            if tensor is None:
                self._saved.append((None, None, 0))
                continue
            if not isinstance(tensor, TensorBase):
                raise DtypeError(f"save_for_backward can only save variables, but got {type(tensor).__name__}")
            storage = storage_of(tensor)
            is_output = any(tensor is each for each in outputs)
            self._saved.append((tensor._data if is_output else tensor, storage, storage.version))
        self._to_save = ()


class Function:
    """An operation with a forward and a backward that the user writes; subclass it and call `apply`.

    `forward(ctx, *inputs)`, or `forward(*inputs)` together with `setup_context(ctx, inputs, output)`, computes under
    `no_grad`. `backward(ctx, *gradients)`, which may be called `vjp` instead, returns a gradient, or `None`, for each
    input.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Refuse to make an instance."""
        raise GradientError(
            f"{cls.__name__}: a Function has static methods and no instances; call {cls.__name__}.apply(...)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the outputs."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Keep what backward needs, where `forward` takes no `ctx`."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the gradients of the inputs from those of the outputs."""
        raise UnsupportedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward."
        )

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """Compute the gradients of the inputs, by another name: a Function has this or `backward`."""
        raise UnsupportedError("vjp is not implemented.")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward, and record it if an input requires a gradient and gradients are on.

        Raises:
            InferenceTensorError: Marked and gradient-requiring inputs meet, or forward makes marked data of
                gradient-requiring inputs.
        """
        mode = modes.current()
        if mode is modes.GRAD:
            history.refresh(args)
        tensors = [each for each in args if isinstance(each, TensorBase)]
        needs = tuple([isinstance(each, TensorBase) and bool(each._flags & REQUIRES_GRAD) for each in args])
        marked = any(each._flags & MARKED for each in tensors)
        recording = mode is modes.GRAD and any(needs)
        if recording and marked:
            raise InferenceTensorError(mixed(_op(cls), args))
        edges = [each._node or each for each, needed in zip(args, needs, strict=True) if needed]
        ctx = FunctionCtx(needs, cls.__name__)
        ctx._are_tensors = tuple([isinstance(each, TensorBase) for each in args])
        result = cls._forward(ctx, args, kwargs)
        outputs = result if isinstance(result, tuple) else (result,)
        if any(all(each is not output for output in outputs) for each in ctx._dirty):
            raise GradientError(
                f"{cls.__name__}: Some elements marked as dirty during the forward method were not returned as output. "
                "The inputs that are modified inplace must all be outputs of the Function."
            )
        if recording:
            outputs = _recorded(cls, ctx, args, outputs, edges)
        elif marked:
            outputs = tuple([_marked(each) if isinstance(each, TensorBase) else each for each in outputs])
        return outputs if isinstance(result, tuple) else outputs[0]

    @classmethod
    def _forward(cls, ctx: FunctionCtx, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        block = modes.push(modes.INFERENCE if modes.current() is modes.INFERENCE else modes.NO_GRAD)
        try:
            if cls.setup_context is Function.setup_context:
                return cls.forward(ctx, *args, **kwargs)
            output = cls.forward(*args, **kwargs)
            cls.setup_context(ctx, args, output)
            return output
        finally:
            modes.close(block)


def once_differentiable(fn: F) -> F:
    """Return `fn`: no backward is differentiated here."""
    return fn


def _op(cls: type[Function]) -> Op:
    """What messages and the graph call a custom function."""
    made = Op(cls.__name__, lambda *inputs: None, {})
    made.grad_name = f"{cls.__name__}Backward"
    return made


def _marked(output: TensorBase) -> TensorBase:
    if output._flags & MARKED:
        return output
    return wrap(output._data, MARKED, storage_of(output))


def _recorded(
    cls: type[Function], ctx: FunctionCtx, args: tuple[Any, ...], outputs: tuple[Any, ...], edges: list[Any]
) -> tuple[Any, ...]:
    """Give the outputs their place in the graph."""
    op = _op(cls)
    for index, output in enumerate(outputs):
        if isinstance(output, TensorBase) and output._flags & MARKED:
            raise InferenceTensorError(
                f"{cls.__name__}: forward returned an inference-only tensor (output {index}, {bases.describe(output)}) "
                f"although an input requires a gradient. {bases.whence_of(output)} {WAYS_OUT}"
            )
    node = _FunctionNode(op, cls, ctx, edges, outputs)
    count_node()
    finished = []
    for index, output in enumerate(outputs):
        differentiable = (
            isinstance(output, TensorBase)
            and is_floating(output._data.dtype)
            and not any(output is each for each in ctx._constant)
        )
        if not differentiable:
            finished.append(output)
            continue
        end = _Output(op, node, index, output._data) if len(outputs) > 1 else node
        if any(output is each for each in ctx._dirty):
            writes.check_recorded(output)
            history.rebase(output, end)
        else:
            if output._flags & REQUIRES_GRAD or any(output is each for each in args):
                output = wrap(output._data, 0, storage_of(output))  # its own history stays its own
            output._node = end
            output._flags |= REQUIRES_GRAD
        finished.append(output)
    ctx._seal([*outputs, *finished])
    return tuple(finished)


_NO_PLAN = Plan((), (), joint=False, arrays=set())


class _PerOutput:
    """The gradients of a function's outputs, `None` where none arrived; they add up like arrays."""

    def __init__(self, gradients: tuple[Array | None, ...]) -> None:
        self.gradients = gradients

    def __add__(self, other: _PerOutput) -> _PerOutput:
        pairs = zip(self.gradients, other.gradients, strict=True)
        return _PerOutput(tuple([b if a is None else a if b is None else a + b for a, b in pairs]))


class _Output(Node):
    """One output of a custom function: hands its gradient to the node that they share."""

    __slots__ = ("_count", "_index", "_shared")

    def __init__(self, op: Op, node: _FunctionNode, index: int, array: Array) -> None:
        self._shared = node
        super().__init__()
        self.start(op, _NO_PLAN, [node], array)
        self._index = index
        self._count = len(node.outputs)

    def gradients(self, g: Array) -> tuple[Any, ...]:
        return (_PerOutput(tuple([g if index == self._index else None for index in range(self._count)])),)

    # Users see one node, with several outputs.

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        return self._shared.next_functions

    @property
    def metadata(self) -> dict[str, Any]:
        return self._shared.metadata

    def register_hook(self, fn: Hook) -> RemovableHandle:
        return self._shared.register_hook(fn)

    def register_prehook(self, fn: Hook) -> RemovableHandle:
        return self._shared.register_prehook(fn)

    def __getattr__(self, name: str) -> Any:
        if name in Node.__slots__:  # not set yet
            raise AttributeError(name)
        return getattr(self._shared, name)


class _FunctionNode(Node):
    """A custom function's call: runs its backward."""

    __slots__ = ("_cls", "_ctx", "_places", "outputs")

    gives_fresh = False  # users return what they like, including what they keep

    def __init__(
        self, op: Op, cls: type[Function], ctx: FunctionCtx, edges: list[Any], outputs: tuple[Any, ...]
    ) -> None:
        self._ctx = ctx
        super().__init__()
        first = next((each._data for each in outputs if isinstance(each, TensorBase)), np.empty(0))
        self.start(op, _NO_PLAN, edges, first)
        self._cls = cls
        counted = itertools.count()
        self._places = tuple(
            [
                next(counted) if needed else None
                for needed, is_tensor in zip(ctx.needs_input_grad, ctx._are_tensors, strict=True)
                if is_tensor
            ]
        )
        self.outputs = [
            (each._data.shape, each._data.dtype) if isinstance(each, TensorBase) else None for each in outputs
        ]

    def gradients(self, g: Any) -> tuple[Any, ...]:
        given: list[Any] = []
        parts = g.gradients if isinstance(g, _PerOutput) else (g,)
        for gradient, output in zip(parts, self.outputs, strict=True):
            if gradient is None and output is not None and self._ctx._materialize:
                gradient = np.zeros(*output)
            given.append(None if gradient is None else wrap(gradient))
        returned = self._rule()(self._ctx, *given)
        results = list(returned) if isinstance(returned, tuple | list) else [returned]
        needs = self._ctx.needs_input_grad
        if len(results) > len(needs) and all(each is None for each in results[len(needs) :]):
            results = results[: len(needs)]
        if len(results) != len(needs):
            raise GradientError(
                f"function {self.name()} returned an incorrect number of gradients "
                f"(expected {len(needs)}, got {len(results)})"
            )
        needed = [index for index, each in enumerate(needs) if each]
        return tuple([self._checked(at, results[at], edge) for at, edge in zip(needed, self.edges, strict=True)])

    def _rule(self) -> Callable[..., Any]:
        cls = self._cls
        if cls.vjp is Function.vjp:
            return cls.backward
        if cls.backward is not Function.backward:
            raise GradientError(
                f"{cls.__name__}: Implementing both 'backward' and 'vjp' for a custom Function is not allowed: which "
                "one is meant? They are two names of the same thing."
            )
        return cls.vjp

    def places(self) -> tuple[int | None, ...]:
        return self._places

    def __getattr__(self, name: str) -> Any:
        """What forward left in its context, as PyTorch's node is the context itself."""
        if name in Node.__slots__:  # not set yet
            raise AttributeError(name)
        return getattr(self._ctx, name)

    def _checked(self, index: int, gradient: Any, edge: Node | TensorBase) -> Array | None:
        if gradient is None:
            return None
        if not isinstance(gradient, TensorBase):
            raise DtypeError(
                f"{self.name()}: backward returned {type(gradient).__name__} as gradient {index}; expected a Tensor"
            )
        if gradient._flags & MARKED:
            raise InferenceTensorError(
                f"{self.name()}: backward returned an inference-only tensor as gradient {index} "
                f"({bases.describe(gradient)}): it would reach training. {bases.whence_of(gradient)} {WAYS_OUT}"
            )
        array = gradient._data
        shape = edge.shape if isinstance(edge, Node) else edge._data.shape
        if array.shape != shape:
            try:
                unbroadcast(array, shape)
            except ShapeError:
                raise ShapeError(
                    f"Function {self.name()} returned an invalid gradient at index {index} - got {list(array.shape)} "
                    f"but expected shape compatible with {list(shape)}"
                ) from None
        return array

    def free(self) -> None:
        if self._ctx._saved:
            self._ctx._saved = None
