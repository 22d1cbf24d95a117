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
    complexes,
    devices,
    dtypes,
    elements,
    factories,
    gradients,
    interop,
    layouts,
    legacy,
    marks,
    messages,
    modes,
    printing,
    queries,
    regions,
    residence,
    siblings,
    writes,
)
from tensor.bases import TensorBase, origin_of, storage_of
from tensor.dtypes import Array, dtype, is_floating
from tensor.errors import (
    DtypeError,
    GradientError,
    InferenceModeError,
    InferenceTensorError,
    ShapeError,
    UnsupportedError,
)
from tensor.history import refresh
from tensor.marks import HALF, MARKED, REQUIRES_GRAD, TRACED, Origin
from tensor.ops import (
    activations,
    arithmetic,
    axes,
    blends,
    choosing,
    comparisons,
    conversions,
    correlation,
    counting,
    decompositions,
    diagonals,
    dims,
    division,
    exponentials,
    extremes,
    factorizations,
    indexing,
    inplace_views,
    inserting,
    joining,
    linalg,
    logic,
    logits,
    masking,
    moments,
    ordering,
    peaks,
    placing,
    powers,
    quantiles,
    random_fills,
    rectifiers,
    reductions,
    refusals,
    rounding,
    sampling,
    scans,
    scattering,
    selecting,
    shapes,
    signs,
    slicing,
    special,
    systems,
    trigonometry,
    vector_norms,
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
    _copies_have_grad = True  # those that deepcopy makes

    def __init__(self, *data: Any) -> None:
        if hasattr(self, "_data"):  # a gradient, say, would get a mark that nobody looks for there
            raise UnsupportedError("__init__ was called on a tensor that exists already; write into it with copy_()")
        wanted = dtypes.get_default_dtype()
        if legacy.is_sizes(data):
            made = factories.empty(*data or (0,), dtype=wanted)
        else:
            made = factories.tensor(*data, dtype=wanted)
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

    # Whether it lives on a kind of device, or is of a kind, that PyTorch has.
    is_cpu = property(lambda self: True)
    is_cuda = is_mps = is_xpu = is_xla = is_meta = property(lambda self: False)
    is_sparse = is_sparse_csr = is_quantized = is_mkldnn = is_nested = property(lambda self: False)
    layout = property(lambda self: layouts.strided)

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

    is_contiguous = residence.is_contiguous

    def storage_offset(self) -> builtins.int:
        """Return how many elements into the memory of what it views the tensor starts."""
        return regions.offset_of(self)

    is_floating_point = queries.is_floating_point
    is_complex = complexes.is_complex
    is_signed = queries.is_signed
    is_nonzero = queries.is_nonzero
    is_same_size = queries.is_same_size

    def data_ptr(self) -> builtins.int:
        """Return the address of the first element; who wraps that memory again gets an inference-only tensor of one."""
        return aliases.hand_out(self).ctypes.data

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
        if not isinstance(requires_grad, builtins.bool):
            raise DtypeError(
                f"requires_grad_(): argument 'requires_grad' must be bool, not {builtins.type(requires_grad).__name__}"
            )
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
                    f"attempting to assign a gradient of size '{list(value._data.shape)}' to a tensor of size "
                    f"'{list(self._data.shape)}'. Please ensure that the gradient and the tensor are the same size"
                )
            if value._data.dtype != self._data.dtype:
                raise DtypeError(
                    f"attempting to assign a gradient with dtype '{value.dtype}' to a tensor with dtype "
                    f"'{self.dtype}'. Convert it with .to() first"
                )
        self._grad = value

    @property
    def data(self) -> Tensor:
        """The same memory without a history.

        As in PyTorch, a graph that kept the memory does not notice writes to it; it does those to a `detach()`. Inside
        inference mode both are noticed.
        """
        made = conversions.detach(self)
        if modes.current() is not modes.INFERENCE:
            known = storage_of(self)
            made._storage = Storage(marked=known.marked, readonly=known.readonly)
        return made

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

    register_post_accumulate_grad_hook = gradients.register_post_accumulate_grad_hook

    retain_grad = gradients.retain_grad

    @property
    def retains_grad(self) -> builtins.bool:
        """Whether `retain_grad` was called on this tensor, which is no leaf."""
        return gradients.retains_grad(self)

    # ---- element by element in Python

    apply_ = elements.apply_
    map_ = elements.map_
    to_sparse = elements.to_sparse
    to_dense = elements.to_dense
    coalesce = elements.coalesce
    indices = elements.indices
    values = elements.values

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
        return interop.to_array(self, dtype, copy)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return interop.from_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        return interop.call(func, args, kwargs)

    def __buffer__(self, flags: builtins.int, /) -> memoryview:
        """The memory as a buffer, from Python 3.12 on; before that, use `memoryview(t.numpy())`."""
        return interop.to_buffer(self, flags)

    def __dlpack__(self, **options: Any) -> Any:
        return interop.to_dlpack(self, options)

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
        return iter(slicing.unbind(self))

    def __contains__(self, element: Any) -> builtins.bool:
        if not (isinstance(element, TensorBase) or bases.is_scalar(element)):
            raise DtypeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {builtins.type(element)}."
            )
        return bool((self._data == (element._data if isinstance(element, TensorBase) else element)).any())

    def __repr__(self) -> str:
        refresh((self,))
        return printing.text(self)

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec) if self._data.ndim else format(self.item(), spec)

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
        if self._grad is not None and self._copies_have_grad:
            made.grad = self._grad.__deepcopy__(memo)  # checked: a memo may know it as something that is marked
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
    __truediv__ = division.quotient
    __rtruediv__ = division.rdiv
    __floordiv__ = division.floor_divide
    __rfloordiv__ = division.rfloor_divide
    __mod__ = division.remainder
    __rmod__ = division.rremainder
    __pow__ = powers.pow
    __rpow__ = powers.rpow
    __neg__ = arithmetic.neg
    __pos__ = arithmetic.positive
    __abs__ = signs.abs
    __iadd__ = arithmetic.add_
    __isub__ = arithmetic.sub_
    __imul__ = arithmetic.mul_
    __itruediv__ = division.div_
    __ifloordiv__ = division.floor_divide_
    __imod__ = division.remainder_
    __ipow__ = powers.pow_

    add = arithmetic.add
    add_ = arithmetic.add_
    sub = subtract = arithmetic.sub
    sub_ = subtract_ = arithmetic.sub_
    mul = multiply = arithmetic.mul
    mul_ = multiply_ = arithmetic.mul_
    neg = negative = arithmetic.neg
    neg_ = negative_ = arithmetic.neg_
    addcmul = arithmetic.addcmul
    addcmul_ = arithmetic.addcmul_
    addcdiv = arithmetic.addcdiv
    addcdiv_ = arithmetic.addcdiv_
    lerp = arithmetic.lerp
    lerp_ = arithmetic.lerp_
    positive = arithmetic.positive
    div = divide = true_divide = division.div
    div_ = divide_ = true_divide_ = division.div_
    floor_divide = division.floor_divide
    floor_divide_ = division.floor_divide_
    remainder = division.remainder
    remainder_ = division.remainder_
    fmod = division.fmod
    fmod_ = division.fmod_
    reciprocal = division.reciprocal
    reciprocal_ = division.reciprocal_
    gcd = division.gcd
    gcd_ = division.gcd_
    lcm = division.lcm
    lcm_ = division.lcm_
    pow = powers.pow
    pow_ = powers.pow_
    float_power = powers.float_power
    float_power_ = powers.float_power_
    square = powers.square
    square_ = powers.square_
    sqrt = powers.sqrt
    sqrt_ = powers.sqrt_
    rsqrt = powers.rsqrt
    rsqrt_ = powers.rsqrt_
    hypot = powers.hypot
    hypot_ = powers.hypot_
    ldexp = powers.ldexp
    ldexp_ = powers.ldexp_
    abs = absolute = signs.abs
    abs_ = absolute_ = signs.abs_
    sign = signs.sign
    sign_ = signs.sign_
    sgn = signs.sgn
    sgn_ = signs.sgn_
    copysign = signs.copysign
    copysign_ = signs.copysign_
    heaviside = signs.heaviside
    heaviside_ = signs.heaviside_
    nextafter = signs.nextafter
    nextafter_ = signs.nextafter_
    signbit = signs.signbit
    floor = rounding.floor
    floor_ = rounding.floor_
    ceil = rounding.ceil
    ceil_ = rounding.ceil_
    round = rounding.round
    round_ = rounding.round_
    trunc = fix = rounding.trunc
    trunc_ = fix_ = rounding.trunc_
    frac = rounding.frac
    frac_ = rounding.frac_
    exp = exponentials.exp
    exp_ = exponentials.exp_
    exp2 = exponentials.exp2
    exp2_ = exponentials.exp2_
    expm1 = exponentials.expm1
    expm1_ = exponentials.expm1_
    log = exponentials.log
    log_ = exponentials.log_
    log2 = exponentials.log2
    log2_ = exponentials.log2_
    log10 = exponentials.log10
    log10_ = exponentials.log10_
    log1p = exponentials.log1p
    log1p_ = exponentials.log1p_
    logit = exponentials.logit
    logit_ = exponentials.logit_
    xlogy = exponentials.xlogy
    xlogy_ = exponentials.xlogy_
    logaddexp = exponentials.logaddexp
    logaddexp2 = exponentials.logaddexp2
    sin = trigonometry.sin
    sin_ = trigonometry.sin_
    cos = trigonometry.cos
    cos_ = trigonometry.cos_
    tan = trigonometry.tan
    tan_ = trigonometry.tan_
    asin = arcsin = trigonometry.asin
    asin_ = arcsin_ = trigonometry.asin_
    acos = arccos = trigonometry.acos
    acos_ = arccos_ = trigonometry.acos_
    atan = arctan = trigonometry.atan
    atan_ = arctan_ = trigonometry.atan_
    atan2 = arctan2 = trigonometry.atan2
    atan2_ = arctan2_ = trigonometry.atan2_
    sinh = trigonometry.sinh
    sinh_ = trigonometry.sinh_
    cosh = trigonometry.cosh
    cosh_ = trigonometry.cosh_
    tanh = trigonometry.tanh
    tanh_ = trigonometry.tanh_
    asinh = arcsinh = trigonometry.asinh
    asinh_ = arcsinh_ = trigonometry.asinh_
    acosh = arccosh = trigonometry.acosh
    acosh_ = arccosh_ = trigonometry.acosh_
    atanh = arctanh = trigonometry.atanh
    atanh_ = arctanh_ = trigonometry.atanh_
    sinc = trigonometry.sinc
    sinc_ = trigonometry.sinc_
    deg2rad = trigonometry.deg2rad
    deg2rad_ = trigonometry.deg2rad_
    rad2deg = trigonometry.rad2deg
    rad2deg_ = trigonometry.rad2deg_
    erf = special.erf
    erf_ = special.erf_
    erfc = special.erfc
    erfc_ = special.erfc_
    erfinv = special.erfinv
    erfinv_ = special.erfinv_
    lgamma = special.lgamma
    lgamma_ = special.lgamma_
    digamma = special.digamma
    digamma_ = special.digamma_
    maximum = extremes.maximum
    minimum = extremes.minimum
    fmax = extremes.fmax
    fmin = extremes.fmin
    clamp = clip = extremes.clamp
    clamp_ = clip_ = extremes.clamp_
    clamp_min = extremes.clamp_min
    clamp_min_ = extremes.clamp_min_
    clamp_max = extremes.clamp_max
    clamp_max_ = extremes.clamp_max_
    nan_to_num = choosing.nan_to_num
    nan_to_num_ = choosing.nan_to_num_

    def where(self, condition: Tensor, other: Tensor | dtypes.Scalar) -> Tensor:
        """Return these elements where `condition` is true, those of `other` elsewhere."""
        result: Tensor = choosing.where(condition, self, other)
        return result

    # ---- comparisons and logic

    __eq__ = comparisons.eq  # type: ignore[assignment]
    __ne__ = comparisons.ne  # type: ignore[assignment]
    __lt__ = comparisons.lt
    __le__ = comparisons.le
    __gt__ = comparisons.gt
    __ge__ = comparisons.ge
    __and__ = __rand__ = logic.bitwise_and
    __or__ = __ror__ = logic.bitwise_or
    __xor__ = __rxor__ = logic.bitwise_xor
    __invert__ = logic.bitwise_not
    __lshift__ = logic.bitwise_left_shift
    __rlshift__ = logic.rlshift
    __rshift__ = logic.bitwise_right_shift
    __rrshift__ = logic.rrshift
    __iand__ = logic.bitwise_and_
    __ior__ = logic.bitwise_or_
    __ixor__ = logic.bitwise_xor_
    __ilshift__ = logic.bitwise_left_shift_
    __irshift__ = logic.bitwise_right_shift_

    eq = comparisons.eq
    eq_ = comparisons.eq_
    ne = not_equal = comparisons.ne
    ne_ = not_equal_ = comparisons.ne_
    lt = less = comparisons.lt
    lt_ = less_ = comparisons.lt_
    le = less_equal = comparisons.le
    le_ = less_equal_ = comparisons.le_
    gt = greater = comparisons.gt
    gt_ = greater_ = comparisons.gt_
    ge = greater_equal = comparisons.ge
    ge_ = greater_equal_ = comparisons.ge_
    isnan = comparisons.isnan
    isinf = comparisons.isinf
    isfinite = comparisons.isfinite
    isposinf = comparisons.isposinf
    isneginf = comparisons.isneginf
    isclose = comparisons.isclose
    allclose = comparisons.allclose
    equal = comparisons.equal
    logical_and = logic.logical_and
    logical_and_ = logic.logical_and_
    logical_or = logic.logical_or
    logical_or_ = logic.logical_or_
    logical_xor = logic.logical_xor
    logical_xor_ = logic.logical_xor_
    logical_not = logic.logical_not
    logical_not_ = logic.logical_not_
    bitwise_and = logic.bitwise_and
    bitwise_and_ = logic.bitwise_and_
    bitwise_or = logic.bitwise_or
    bitwise_or_ = logic.bitwise_or_
    bitwise_xor = logic.bitwise_xor
    bitwise_xor_ = logic.bitwise_xor_
    bitwise_not = logic.bitwise_not
    bitwise_not_ = logic.bitwise_not_
    bitwise_left_shift = logic.bitwise_left_shift
    bitwise_left_shift_ = logic.bitwise_left_shift_
    bitwise_right_shift = logic.bitwise_right_shift
    bitwise_right_shift_ = logic.bitwise_right_shift_

    # ---- reductions

    sum = reductions.sum
    mean = reductions.mean
    var = moments.var
    std = moments.std
    prod = reductions.prod
    amax = peaks.amax
    amin = peaks.amin
    max = peaks.max
    min = peaks.min
    argmax = peaks.argmax
    argmin = peaks.argmin
    sort = ordering.sort
    argsort = ordering.argsort
    topk = ordering.topk
    cumsum = scans.cumsum
    any = reductions.any
    all = reductions.all
    count_nonzero = reductions.count_nonzero
    norm = vector_norms.norm
    nansum = reductions.nansum
    nanmean = reductions.nanmean
    aminmax = peaks.aminmax
    msort = ordering.msort
    kthvalue = ordering.kthvalue
    median = ordering.median
    nanmedian = ordering.nanmedian
    mode = ordering.mode
    quantile = quantiles.quantile
    nanquantile = quantiles.nanquantile
    unique = counting.unique
    unique_consecutive = counting.unique_consecutive
    bincount = counting.bincount
    histc = counting.histc
    cumprod = scans.cumprod
    cumprod_ = scans.cumprod_
    cumsum_ = scans.cumsum_
    cummax = scans.cummax
    cummin = scans.cummin
    logcumsumexp = scans.logcumsumexp
    diff = scans.diff
    dist = vector_norms.dist
    renorm = vector_norms.renorm
    renorm_ = vector_norms.renorm_
    cov = correlation.cov
    corrcoef = correlation.corrcoef

    # ---- activations

    relu = rectifiers.relu
    relu_ = rectifiers.relu_
    prelu = rectifiers.prelu
    hardshrink = rectifiers.hardshrink
    sigmoid = activations.sigmoid
    sigmoid_ = activations.sigmoid_
    softmax = logits.softmax
    log_softmax = logits.log_softmax
    logsumexp = logits.logsumexp

    # ---- products of matrices

    __matmul__ = linalg.matmul
    __rmatmul__ = linalg.rmatmul
    matmul = linalg.matmul
    mm = linalg.mm
    bmm = linalg.bmm
    mv = linalg.mv
    dot = linalg.dot
    outer = linalg.outer
    addmm = blends.addmm
    addmm_ = blends.addmm_
    addmv_ = blends.addmv_
    addr_ = blends.addr_
    baddbmm_ = blends.baddbmm_
    addbmm_ = blends.addbmm_
    ger = linalg.outer
    vdot = linalg.vdot
    inner = linalg.inner
    kron = linalg.kron
    trace = linalg.trace
    cross = linalg.cross
    matrix_power = linalg.matrix_power
    addmv = blends.addmv
    addr = blends.addr
    baddbmm = blends.baddbmm
    addbmm = blends.addbmm
    inverse = decompositions.inv
    det = decompositions.det
    slogdet = decompositions.slogdet
    logdet = decompositions.logdet
    cholesky = decompositions.cholesky
    cholesky_solve = systems.cholesky_solve
    cholesky_inverse = systems.cholesky_inverse
    pinverse = systems.pinverse
    svd = factorizations.old_svd
    qr = factorizations.old_qr

    # ---- as a complex number

    real = property(complexes.real)
    imag = property(complexes.imag)
    angle = complexes.angle
    conj = conj_physical = complexes.conj
    resolve_conj = complexes.resolve_conj
    isreal = complexes.isreal

    def stft(self, *args: Any, **options: Any) -> Any:
        """Return the Fourier transforms of pieces of a signal; see `tensor.stft`."""
        from tensor.spectrograms import stft  # which needs functions that need this class

        return stft(self, *args, **options)

    # ---- random numbers

    bernoulli = sampling.bernoulli
    bernoulli_ = random_fills.bernoulli_
    normal_ = random_fills.normal_
    uniform_ = random_fills.uniform_
    random_ = random_fills.random_
    multinomial = sampling.multinomial
    exponential_ = random_fills.exponential_
    log_normal_ = random_fills.log_normal_
    cauchy_ = random_fills.cauchy_
    geometric_ = random_fills.geometric_

    # ---- shapes

    view = shapes.view
    view_as = shapes.view_as
    reshape = shapes.reshape
    reshape_as = shapes.reshape_as
    flatten = shapes.flatten
    unflatten = shapes.unflatten
    ravel = shapes.ravel
    squeeze = shapes.squeeze
    unsqueeze = shapes.unsqueeze
    expand = shapes.expand
    sum_to_size = elements.sum_to_size
    expand_as = shapes.expand_as
    broadcast_to = shapes.broadcast_to
    permute = axes.permute
    transpose = swapaxes = swapdims = axes.transpose
    t = axes.t
    adjoint = axes.adjoint
    movedim = moveaxis = axes.movedim
    flip = axes.flip
    fliplr = axes.fliplr
    flipud = axes.flipud
    rot90 = axes.rot90
    roll = axes.roll
    repeat = joining.repeat
    tile = joining.tile
    diagonal = diagonals.diagonal
    diag = diagonals.diag
    diag_embed = diagonals.diag_embed
    diagflat = diagonals.diagflat
    tril = diagonals.tril
    tril_ = diagonals.tril_
    triu = diagonals.triu
    triu_ = diagonals.triu_
    narrow = slicing.narrow
    narrow_copy = slicing.narrow_copy
    select = slicing.select
    split = unsafe_split = slicing.split
    split_with_sizes = slicing.split_with_sizes
    tensor_split = slicing.tensor_split
    hsplit = slicing.hsplit
    vsplit = slicing.vsplit
    dsplit = slicing.dsplit
    chunk = unsafe_chunk = slicing.chunk
    unbind = slicing.unbind
    unfold = slicing.unfold
    as_strided = slicing.as_strided

    T = property(axes.reversed_dims)
    mT = mH = property(axes.m_transposed)  # noqa: N815 - PyTorch's names
    H = property(axes.h_transposed)

    # ---- indexing

    __getitem__ = indexing.getitem
    __setitem__ = indexing.setitem
    select_scatter = inserting.select_scatter
    slice_scatter = inserting.slice_scatter
    diagonal_scatter = inserting.diagonal_scatter
    fill_diagonal_ = inserting.fill_diagonal_
    index_put = indexing.index_put
    index_put_ = indexing.index_put_
    gather = selecting.gather
    index_select = selecting.index_select
    take = selecting.take
    take_along_dim = selecting.take_along_dim
    repeat_interleave = selecting.repeat_interleave
    scatter = scattering.scatter
    scatter_ = scattering.scatter_
    scatter_add = scattering.scatter_add
    scatter_add_ = scattering.scatter_add_
    scatter_reduce = scattering.scatter_reduce
    scatter_reduce_ = scattering.scatter_reduce_
    index_add = placing.index_add
    index_add_ = placing.index_add_
    index_copy = placing.index_copy
    index_copy_ = placing.index_copy_
    index_fill = placing.index_fill
    index_fill_ = placing.index_fill_
    index_reduce = placing.index_reduce
    index_reduce_ = placing.index_reduce_
    put = scattering.put
    put_ = scattering.put_
    masked_fill = masking.masked_fill
    masked_fill_ = masking.masked_fill_
    masked_select = masking.masked_select
    masked_scatter = masking.masked_scatter
    masked_scatter_ = masking.masked_scatter_
    nonzero = masking.nonzero
    argwhere = masking.argwhere

    # ---- others in its dtype

    new = legacy.new
    new_tensor = siblings.new_tensor
    new_zeros = siblings.new_zeros
    new_ones = siblings.new_ones
    new_empty = siblings.new_empty
    new_full = siblings.new_full

    # ---- conversions

    clone = conversions.clone
    contiguous = conversions.contiguous
    detach = conversions.detach
    detach_ = conversions.detach_
    to = conversions.to
    type_as = conversions.type_as
    copy_ = conversions.copy_
    fill_ = conversions.fill_
    zero_ = conversions.zero_

    storage = refusals.storage
    untyped_storage = refusals.untyped_storage
    set_ = refusals.set_
    resize_ = refusals.resize_
    resize_as_ = refusals.resize_as_
    as_strided_ = refusals.as_strided_
    squeeze_ = inplace_views.squeeze_
    unsqueeze_ = inplace_views.unsqueeze_
    t_ = inplace_views.t_
    transpose_ = swapaxes_ = swapdims_ = inplace_views.transpose_

    cpu = residence.cpu
    cuda = residence.cuda
    get_device = residence.get_device
    pin_memory = residence.pin_memory
    is_pinned = residence.is_pinned
    is_shared = residence.is_shared
    share_memory_ = residence.share_memory_
    record_stream = residence.record_stream

    # The builtins' names come last: from here on they mean these methods within the class.
    type = legacy.type_of
    double = conversions.double
    float = conversions.float
    half = conversions.half
    bfloat16 = conversions.bfloat16
    long = conversions.long
    short = conversions.short
    char = conversions.char
    byte = conversions.byte
    int = conversions.int
    bool = conversions.bool


def _restored(cls: type[Tensor], array: Array, flags: int, origin: Origin | None) -> Tensor:
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if type(owner) is bytes:
        # A read-only array within the pickle comes back over the pickle's own bytes, though nobody else wants them.
        array, owner = array.copy(), None
    storage = None
    if owner is not None and not flags & MARKED and modes.current() is modes.INFERENCE:
        # Buffers that came beside the pickle belong to others, who may train on what is in them. A writable array
        # within it comes back over a bytearray, which could be either: a copy is ours.
        if isinstance(owner, memoryview) and type(owner.obj) is bytearray:
            array = array.copy()
        else:
            storage = Storage(marked=False, readonly=not array.flags.writeable)
    return cls._restore(array, flags, origin, storage=storage)


bases.results_are(Tensor)
