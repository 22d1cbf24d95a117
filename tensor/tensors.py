"""The class `Tensor`: its properties, and a table of its methods, which are the functions of `tensor.ops`."""

from __future__ import annotations

import builtins
import copy
from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from tensor import (
    aliases,
    bases,
    devices,
    dtypes,
    factories,
    gradients,
    marks,
    messages,
    modes,
    printing,
    siblings,
    writes,
)
from tensor.bases import TensorBase, origin_of, storage_of
from tensor.dtypes import Array, dtype, is_floating
from tensor.errors import DtypeError, GradientError, InferenceModeError, InferenceTensorError, ShapeError
from tensor.history import refresh
from tensor.marks import HALF, MARKED, REQUIRES_GRAD, TRACED, Origin
from tensor.ops import (
    activations,
    arithmetic,
    comparisons,
    conversions,
    dims,
    indexing,
    linalg,
    reductions,
    sampling,
    shapes,
)
from tensor.sizes import Size
from tensor.storages import Storage


class Tensor(TensorBase):
    """A multi-dimensional array that can record what is computed from it.

    Source: https://docs.pytorch.org/docs/stable/tensors.html

    Args:
        data: Nested sequences of numbers, made into the default float dtype; or sizes, for uninitialised memory. As in
            PyTorch a relic: prefer `tensor.tensor` and `tensor.empty`.
    """

    __slots__ = ()
    __array_priority__ = 1000  # so that `array * tensor` asks the tensor
    __hash__ = object.__hash__

    def __init__(self, *data: Any) -> None:
        wanted = dtypes.get_default_dtype()
        if data and not all(type(each) is int for each in data):
            made = factories.tensor(*data, dtype=wanted)
        else:
            made = factories.empty(data or 0, dtype=wanted)
        bases.fill(self, made._data, made._flags & MARKED)
        if made._flags & TRACED:
            self._origin = made._origin
            self._flags |= TRACED

    @classmethod
    def _wrap(
        cls, array: Array, flags: int = 0, *, storage: Storage | None = None, origin: Origin | None = None
    ) -> Self:
        """Return a tensor of this class over `array`; for subclasses, and for what restores tensors."""
        made: Self = bases.fill(object.__new__(cls), array, flags, storage)
        if origin is not None:
            made._origin = origin
            made._flags |= TRACED
        return made

    # ---- what it is

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return Size(self._data.shape)

    @property
    def dtype(self) -> dtype:
        """The type of the elements."""
        return dtypes.of(self._data.dtype)

    @property
    def device(self) -> devices.device:
        """Where the tensor lives: the CPU."""
        return devices.CPU

    @property
    def ndim(self) -> builtins.int:
        """The number of dimensions."""
        return self._data.ndim

    @property
    def itemsize(self) -> builtins.int:
        """The size of an element in bytes."""
        return self._data.itemsize

    @property
    def nbytes(self) -> builtins.int:
        """The size of all elements in bytes."""
        return self._data.nbytes

    @property
    def is_cuda(self) -> builtins.bool:
        """Whether the tensor lives on a GPU: never."""
        return False

    def size(self, dim: builtins.int | None = None) -> Any:
        """Return the shape, or the size of one dimension."""
        return self.shape if dim is None else self._data.shape[dims.normal_dim(dim, self._data.ndim)]

    def dim(self) -> builtins.int:
        """Return the number of dimensions."""
        return self._data.ndim

    def numel(self) -> builtins.int:
        """Return the number of elements."""
        return self._data.size

    nelement = numel
    ndimension = dim

    def element_size(self) -> builtins.int:
        """Return the size of an element in bytes."""
        return self._data.itemsize

    def stride(self, dim: builtins.int | None = None) -> Any:
        """Return how many elements apart neighbours along each dimension are, or along one."""
        strides = tuple(each // self._data.itemsize for each in self._data.strides)
        return strides if dim is None else strides[dims.normal_dim(dim, self._data.ndim)]

    def is_contiguous(self) -> builtins.bool:
        """Whether the memory is in row-major order."""
        return self._data.flags.c_contiguous

    def is_floating_point(self) -> builtins.bool:
        """Whether the elements are floats."""
        return is_floating(self._data.dtype)

    def data_ptr(self) -> builtins.int:
        """Return the address of the first element."""
        return self._data.ctypes.data

    # ---- the inference contract

    def is_inference(self) -> builtins.bool:
        """Whether the tensor is inference-only: made inside inference mode, or of something that is."""
        return bool(self._flags & MARKED)

    @property
    def origin(self) -> Origin | None:
        """Where an inference-only tensor was computed, if known."""
        return origin_of(self)

    @property
    def _version(self) -> builtins.int:
        """How often the memory was written to in place."""
        return 0 if self._storage is None else self._storage.version

    def _writable_array(self) -> Array:
        """Return the array for one write with unmarked data, and note the write; for optimisers, under `no_grad`."""
        return writes.writable_array(self)

    # ---- gradients

    @property
    def requires_grad(self) -> builtins.bool:
        """Whether what is computed from it is recorded."""
        refresh((self,))
        return bool(self._flags & REQUIRES_GRAD)

    @requires_grad.setter
    def requires_grad(self, value: builtins.bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: builtins.bool = True) -> Self:
        """Say whether to record what is computed from this leaf, and return it.

        Raises:
            InferenceTensorError: The tensor is inference-only.
            InferenceModeError: Called inside inference mode.
            GradientError: It is no leaf, and recording is to stop.
        """
        refresh((self,))
        if requires_grad:
            if self._flags & MARKED:
                bases.refuse_gradient(origin_of(self))
            if modes.current() is modes.INFERENCE:
                raise InferenceModeError(
                    "requires_grad_(True) inside inference_mode: nothing is recorded there. Call it outside the block."
                )
            bases.check_floating(self._data)
            if not self._flags & REQUIRES_GRAD:
                self._flags |= REQUIRES_GRAD
                if self._storage is not None:  # views made earlier are now views of a leaf that requires one
                    self._storage.generation += 1
        elif self._node is not None:
            raise GradientError(
                "you can only change requires_grad flags of leaf variables. "
                "If you want to use a computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
        else:
            self._flags &= ~REQUIRES_GRAD
        return self

    @property
    def is_leaf(self) -> builtins.bool:
        """Whether the user made it, rather than a recorded operation."""
        refresh((self,))
        return self._node is None

    @property
    def grad_fn(self) -> Any:
        """The recorded operation that made it, `None` for a leaf."""
        refresh((self,))
        return self._node

    @property
    def grad(self) -> Tensor | None:
        """The gradient that `backward` has summed up here."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, TensorBase):
                raise DtypeError(f"assigned grad expected to be a Tensor or None but got {type(value).__name__}")
            if not self._flags & MARKED:
                writes.check_assigned(".grad", value, self)
            if value._data.shape != self._data.shape:
                raise ShapeError(
                    f"assigned grad has data of a different size: {list(value._data.shape)} for a tensor of size "
                    f"{list(self._data.shape)}"
                )
            if value._data.dtype != self._data.dtype:
                raise DtypeError(
                    f"assigned grad has data of a different type: {value.dtype} for a tensor of {self.dtype}"
                )
        self._grad = value

    @property
    def data(self) -> Tensor:
        """The same memory without a history."""
        return conversions.detach(self)

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, TensorBase):
            raise DtypeError(f"expected a Tensor as data, but got {type(value).__name__}")
        if self._flags & MARKED:
            if modes.current() is not modes.INFERENCE:
                raise InferenceTensorError(messages.inplace_outside(".data =", self))
        else:
            writes.check_assigned(".data", value, self)
        if not is_floating(value._data.dtype) and self._flags & REQUIRES_GRAD:
            bases.check_floating(value._data)
        self._data = value._data
        self._flags = self._flags & ~HALF | value._flags & HALF
        self._storage = storage_of(value)

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: builtins.bool | None = None,
        create_graph: builtins.bool = False,
        inputs: Any = None,
    ) -> None:
        """Compute the gradients of this tensor, and add them to the `.grad` of the leaves; see `autograd.backward`."""
        gradients.backward(self, None if gradient is None else [gradient], retain_graph, create_graph, inputs)

    register_hook = gradients.register_hook

    retain_grad = gradients.retain_grad

    @property
    def retains_grad(self) -> builtins.bool:
        """Whether `retain_grad` was called on this tensor, which is no leaf."""
        return gradients.retains_grad(self)

    # ---- out of the tensor world

    def item(self) -> Any:
        """Return the only element as a Python number.

        Raises:
            ShapeError: There is not exactly one.
        """
        if self._data.size != 1:
            raise ShapeError(f"a Tensor with {self._data.size} elements cannot be converted to Scalar")
        return self._data.item()

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers, or as one number."""
        return self._data.tolist()

    def numpy(self, *, force: builtins.bool = False) -> Array:
        """Return the memory as an array. That of an inference-only tensor is read-only.

        Args:
            force: Whether to detach the tensor first.

        Raises:
            GradientError: The tensor requires a gradient, and this is outside inference mode.
        """
        refresh((self,))
        if self._flags & REQUIRES_GRAD and not force and modes.current() is not modes.INFERENCE:
            raise GradientError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        return aliases.hand_out(self)

    def __array__(self, dtype: Any = None, copy: builtins.bool | None = None) -> Array:
        array = self.numpy()
        if copy:
            return np.array(array, dtype=dtype)
        return array if dtype is None else array.astype(dtype, copy=False)

    def __dlpack__(self, **options: Any) -> Any:
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[Any, Any]:
        return self._data.__dlpack_device__()

    def __bool__(self) -> builtins.bool:
        if self._data.size != 1:
            count = "more than one value" if self._data.size else "no values"
            raise ShapeError(f"Boolean value of Tensor with {count} is ambiguous")
        return bool(self._data.item())

    def __int__(self) -> builtins.int:
        return int(self.item())

    def __float__(self) -> builtins.float:
        return float(self.item())

    def __index__(self) -> builtins.int:
        if self._data.dtype.kind not in "iub" or self._data.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._data.item())

    def __len__(self) -> builtins.int:
        if not self._data.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._data)

    def __iter__(self) -> Iterator[Tensor]:
        if not self._data.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(shapes.unbind(self))

    def __contains__(self, element: Any) -> builtins.bool:
        return bool((self._data == (element._data if isinstance(element, TensorBase) else element)).any())

    def __repr__(self) -> str:
        refresh((self,))
        return printing.text(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and not self._data.ndim else repr(self)

    # ---- copies of the object itself

    def __copy__(self) -> Self:
        """Return another tensor over the same memory: a view, or of a leaf to train or a subclass one more of those."""
        refresh((self,))
        if self._node is not None or (type(self) is Tensor and not self._flags & REQUIRES_GRAD):
            view: Any = indexing.getitem(self, ...)
            return view  # type: ignore[no-any-return]
        return type(self)._restore(
            self._data, self._flags & (MARKED | REQUIRES_GRAD), origin_of(self), storage=storage_of(self)
        )

    def __deepcopy__(self, memo: dict[builtins.int, Any]) -> Self:
        if id(self) in memo:
            known: Self = memo[id(self)]
            return known
        refresh((self,))
        if self._node is not None:
            raise GradientError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment. Copy a detach()ed tensor instead."
            )
        made = type(self)._restore(self._data.copy(), self._flags & (MARKED | REQUIRES_GRAD), origin_of(self))
        if self._grad is not None:
            made._grad = self._grad.__deepcopy__(memo)
        memo[id(self)] = made
        if notes := getattr(self, "__dict__", None):  # of subclasses
            made.__dict__.update(copy.deepcopy(notes, memo))
        return made

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        refresh((self,))
        # Handed out, since pickle may pass on a buffer over this very memory.
        array = aliases.hand_out(self)
        made = (type(self), array, self._flags & (MARKED | REQUIRES_GRAD), origin_of(self))
        return _restored, made, getattr(self, "__dict__", None) or None

    @classmethod
    def _restore(
        cls, array: Array, flags: builtins.int, origin: Origin | None, *, storage: Storage | None = None
    ) -> Self:
        """Return a copied or unpickled tensor: marked if it was, or if this is inference mode."""
        if modes.current() is modes.INFERENCE:
            flags, origin = MARKED, origin or marks.CURRENT.get()
        return cls._wrap(array, flags, origin=origin, storage=storage)

    # ---- arithmetic

    __add__ = __radd__ = arithmetic.plus
    __sub__ = arithmetic.minus
    __rsub__ = arithmetic.rsub
    __mul__ = __rmul__ = arithmetic.mul
    __truediv__ = arithmetic.div
    __rtruediv__ = arithmetic.rdiv
    __floordiv__ = arithmetic.floor_divide
    __rfloordiv__ = arithmetic.rfloor_divide
    __mod__ = arithmetic.remainder
    __rmod__ = arithmetic.rremainder
    __pow__ = arithmetic.pow
    __rpow__ = arithmetic.rpow
    __neg__ = arithmetic.neg
    __abs__ = arithmetic.abs
    __iadd__ = arithmetic.add_
    __isub__ = arithmetic.sub_
    __imul__ = arithmetic.mul_
    __itruediv__ = arithmetic.div_
    __ifloordiv__ = arithmetic.floor_divide_
    __imod__ = arithmetic.remainder_
    __ipow__ = arithmetic.pow_

    add = arithmetic.add
    add_ = arithmetic.add_
    sub = subtract = arithmetic.sub
    sub_ = arithmetic.sub_
    mul = multiply = arithmetic.mul
    mul_ = arithmetic.mul_
    div = divide = true_divide = arithmetic.div
    div_ = arithmetic.div_
    floor_divide = arithmetic.floor_divide
    floor_divide_ = arithmetic.floor_divide_
    remainder = arithmetic.remainder
    remainder_ = arithmetic.remainder_
    pow = arithmetic.pow
    pow_ = arithmetic.pow_
    maximum = arithmetic.maximum
    minimum = arithmetic.minimum
    clamp = clip = arithmetic.clamp
    clamp_ = arithmetic.clamp_
    neg = negative = arithmetic.neg
    neg_ = arithmetic.neg_
    abs = absolute = arithmetic.abs
    abs_ = arithmetic.abs_
    sign = arithmetic.sign
    square = arithmetic.square
    square_ = arithmetic.square_
    floor = arithmetic.floor
    floor_ = arithmetic.floor_
    ceil = arithmetic.ceil
    ceil_ = arithmetic.ceil_
    round = arithmetic.round
    trunc = arithmetic.trunc
    exp = arithmetic.exp
    exp_ = arithmetic.exp_
    expm1 = arithmetic.expm1
    log = arithmetic.log
    log_ = arithmetic.log_
    log2 = arithmetic.log2
    log10 = arithmetic.log10
    log1p = arithmetic.log1p
    sqrt = arithmetic.sqrt
    sqrt_ = arithmetic.sqrt_
    rsqrt = arithmetic.rsqrt
    rsqrt_ = arithmetic.rsqrt_
    reciprocal = arithmetic.reciprocal
    reciprocal_ = arithmetic.reciprocal_
    sin = arithmetic.sin
    cos = arithmetic.cos
    erf = arithmetic.erf

    def where(self, condition: Tensor, other: Tensor | dtypes.Scalar) -> Tensor:
        """Return these elements where `condition` is true, those of `other` elsewhere."""
        return arithmetic.where(condition, self, other)

    # ---- comparisons and logic

    __eq__ = comparisons.eq  # type: ignore[assignment]
    __ne__ = comparisons.ne  # type: ignore[assignment]
    __lt__ = comparisons.lt
    __le__ = comparisons.le
    __gt__ = comparisons.gt
    __ge__ = comparisons.ge
    __and__ = __rand__ = comparisons.bitwise_and
    __or__ = __ror__ = comparisons.bitwise_or
    __xor__ = __rxor__ = comparisons.bitwise_xor
    __invert__ = comparisons.bitwise_not
    __iand__ = comparisons.bitwise_and_
    __ior__ = comparisons.bitwise_or_
    __ixor__ = comparisons.bitwise_xor_

    eq = comparisons.eq
    ne = not_equal = comparisons.ne
    lt = less = comparisons.lt
    le = less_equal = comparisons.le
    gt = greater = comparisons.gt
    ge = greater_equal = comparisons.ge
    logical_and = comparisons.logical_and
    logical_or = comparisons.logical_or
    logical_xor = comparisons.logical_xor
    logical_not = comparisons.logical_not
    logical_not_ = comparisons.logical_not_
    bitwise_and = comparisons.bitwise_and
    bitwise_or = comparisons.bitwise_or
    bitwise_xor = comparisons.bitwise_xor
    bitwise_not = comparisons.bitwise_not
    isnan = comparisons.isnan
    isinf = comparisons.isinf
    isfinite = comparisons.isfinite
    isclose = comparisons.isclose
    allclose = comparisons.allclose
    equal = comparisons.equal

    # ---- reductions

    sum = reductions.sum
    mean = reductions.mean
    var = reductions.var
    std = reductions.std
    prod = reductions.prod
    amax = reductions.amax
    amin = reductions.amin
    max = reductions.max
    min = reductions.min
    argmax = reductions.argmax
    argmin = reductions.argmin
    sort = reductions.sort
    argsort = reductions.argsort
    topk = reductions.topk
    cumsum = reductions.cumsum
    any = reductions.any
    all = reductions.all
    count_nonzero = reductions.count_nonzero
    norm = reductions.norm

    # ---- activations

    relu = activations.relu
    relu_ = activations.relu_
    sigmoid = activations.sigmoid
    sigmoid_ = activations.sigmoid_
    tanh = activations.tanh
    tanh_ = activations.tanh_
    softmax = activations.softmax
    log_softmax = activations.log_softmax
    logsumexp = activations.logsumexp

    # ---- products of matrices

    __matmul__ = linalg.matmul
    __rmatmul__ = linalg.rmatmul
    matmul = linalg.matmul
    mm = linalg.mm
    bmm = linalg.bmm
    mv = linalg.mv
    dot = linalg.dot
    outer = linalg.outer
    addmm = linalg.addmm

    # ---- random numbers

    bernoulli = sampling.bernoulli
    bernoulli_ = sampling.bernoulli_
    normal_ = sampling.normal_
    uniform_ = sampling.uniform_
    random_ = sampling.random_

    # ---- shapes

    view = shapes.view
    view_as = shapes.view_as
    reshape = shapes.reshape
    reshape_as = shapes.reshape_as
    flatten = shapes.flatten
    unflatten = shapes.unflatten
    ravel = shapes.ravel
    permute = shapes.permute
    transpose = swapaxes = swapdims = shapes.transpose
    t = shapes.t
    movedim = moveaxis = shapes.movedim
    squeeze = shapes.squeeze
    unsqueeze = shapes.unsqueeze
    expand = shapes.expand
    expand_as = shapes.expand_as
    broadcast_to = shapes.broadcast_to
    diagonal = shapes.diagonal
    contiguous = shapes.contiguous
    narrow = shapes.narrow
    select = shapes.select
    split = shapes.split
    chunk = shapes.chunk
    unbind = shapes.unbind
    repeat = shapes.repeat
    tile = shapes.tile
    flip = shapes.flip
    roll = shapes.roll
    tril = shapes.tril
    triu = shapes.triu

    @property
    def T(self) -> Tensor:  # noqa: N802 - PyTorch's name
        """A view with all dimensions in reverse order."""
        return shapes.permute(self, tuple(range(self._data.ndim))[::-1])

    @property
    def mT(self) -> Tensor:  # noqa: N802 - PyTorch's name
        """A view with the last two dimensions swapped."""
        return shapes.transpose(self, -2, -1)

    # ---- indexing

    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
    gather = indexing.gather
    scatter = indexing.scatter
    scatter_ = indexing.scatter_
    scatter_add = indexing.scatter_add
    scatter_add_ = indexing.scatter_add_
    index_select = indexing.index_select
    repeat_interleave = indexing.repeat_interleave
    masked_fill = indexing.masked_fill
    masked_fill_ = indexing.masked_fill_
    masked_select = indexing.masked_select
    nonzero = indexing.nonzero

    # ---- others in its dtype

    new_tensor = siblings.new_tensor
    new_zeros = siblings.new_zeros
    new_ones = siblings.new_ones
    new_empty = siblings.new_empty
    new_full = siblings.new_full

    # ---- conversions

    clone = shapes.clone
    detach = conversions.detach
    detach_ = conversions.detach_
    to = conversions.to
    type_as = conversions.type_as
    copy_ = conversions.copy_
    fill_ = conversions.fill_
    zero_ = conversions.zero_

    def cpu(self) -> Tensor:
        """Return this tensor: it is on the CPU."""
        return self

    # The builtins' names come last: from here on they mean these methods within the class.
    type = conversions.type
    double = conversions.double
    float = conversions.float
    half = conversions.half
    bfloat16 = conversions.bfloat16
    long = conversions.long
    int = conversions.int
    bool = conversions.bool


def _restored(cls: type[Tensor], array: Array, flags: int, origin: Origin | None) -> Tensor:
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    # A read-only array within the pickle comes back over the pickle's own bytes, though nobody else wants its memory.
    return cls._restore(array.copy() if type(owner) is bytes else array, flags, origin)


bases.results_are(Tensor)
