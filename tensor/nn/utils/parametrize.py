"""Parametrizations: a parameter that is computed, each time it is read, from others by a module.

    class Symmetric(nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).transpose(-1, -2)

    parametrize.register_parametrization(layer, "weight", Symmetric())

What is trained and saved is `layer.parametrizations.weight.original`, of which `layer.weight` is computed. The layer's
class becomes one that is made for it, with a property for each such name.

Source: https://docs.pytorch.org/docs/stable/nn.html#parametrizations
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from tensor.errors import ArgumentError, DtypeError, ShapeError, TensorError, UnsupportedError
from tensor.nn.modules.container import ModuleDict, ModuleList
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.nn.utils.owned import check_replaceable
from tensor.scopes import no_grad
from tensor.tensors import Tensor
from tensor.writes import check_assigned

ModuleT = TypeVar("ModuleT", bound=Module)

_cache: ContextVar[dict[tuple[int, str], Tensor] | None] = ContextVar("computed", default=None)


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrized tensor once in this block, however often it is read.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.cached.html
    """
    if _cache.get() is not None:
        yield
        return
    token = _cache.set({})
    try:
        yield
    finally:
        _cache.reset(token)


class ParametrizationList(ModuleList):
    """The parametrizations of one tensor, in the order in which they are applied, and what the first is applied to.

    Args:
        modules: the parametrizations, one or more.
        original: the tensor as it was; it becomes the attribute `original`, or through the last parametrization's
            `right_inverse` several, `original0` and so on.
        unsafe: whether shape and dtype may change.

    Raises:
        ArgumentError: there are no parametrizations, or one returns what does not fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.ParametrizationList.html
    """

    original: Tensor

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ArgumentError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, dtype = original.shape, original.dtype
        with no_grad():
            new: Any = original
            for module in reversed(list(self)):
                new = _inverse(module, new)
        self.is_tensor = isinstance(new, Tensor)
        if self.is_tensor:
            _check_same("right_inverse", new, dtype=dtype)
            if new is not original:
                original.data = new
            _register(self, "original", original)
            self.ntensors = 1
        elif isinstance(new, Sequence) and all(isinstance(each, Tensor) for each in new):
            self.ntensors = len(new)
            for number, each in enumerate(new):
                if isinstance(original, Parameter):
                    each = Parameter(each, requires_grad=original.requires_grad)
                _register(self, f"original{number}", each)
        else:
            raise ArgumentError(f"'right_inverse' must return a Tensor or a sequence of tensors, got {_kind(new)}")
        if not unsafe:
            _check_same("Registering a parametrization", self(), dtype=dtype, shape=shape)

    @property
    def _originals(self) -> list[Tensor]:
        return [self.original] if self.is_tensor else [getattr(self, f"original{n}") for n in range(self.ntensors)]

    @no_grad()
    def right_inverse(self, value: Tensor) -> None:
        """Set the originals to what the tensor is computed from where it has a given value.

        Args:
            value: of the computed tensor's shape and dtype.

        Raises:
            TensorError: a parametrization has no `right_inverse`.
            ArgumentError: it returns what does not fit.
            InferenceTensorError: the value is inference-only, the originals are not.
        """
        for original in self._originals:
            if not original.is_inference():  # nor is what a parametrization may keep of the value beside them
                check_assigned("a parametrized tensor", value, original)
        new: Any = value
        for module in reversed(list(self)):
            if not hasattr(module, "right_inverse"):
                raise TensorError(
                    f"parametrization {type(module).__name__} does not implement right_inverse: what it computes "
                    "cannot be assigned to; assign to the original"
                )
            new = module.right_inverse(new)
        news = [new] if self.is_tensor else new
        if not isinstance(news, Sequence) or len(news) != self.ntensors:
            raise ArgumentError(f"'right_inverse' must return a sequence of {self.ntensors} tensors, got {_kind(new)}")
        for old, each in zip(self._originals, news, strict=True):
            _check_same("right_inverse", each, dtype=old.dtype)
        for old, each in zip(self._originals, news, strict=True):
            old.data = each

    def forward(self) -> Tensor:
        """Return the tensor, computed by all parametrizations one after the other."""
        first, *others = self
        x: Tensor = first(*self._originals)
        for module in others:
            x = module(x)
        return x


def register_parametrization(
    module: ModuleT, tensor_name: str, parametrization: Module, *, unsafe: bool = False
) -> ModuleT:
    """Have a parameter or buffer computed by a module, from what it was so far.

    Args:
        module: the owner of the tensor.
        tensor_name: its name.
        parametrization: takes the tensor and returns what is to be read instead. With a method `right_inverse` it can
            be assigned to, and what it starts from can be several tensors.
        unsafe: whether shape and dtype may change, and `right_inverse` may return whatever.

    Returns:
        The module.

    Raises:
        ArgumentError: there is no such tensor, or the parametrization does not return tensors that fit.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html
    """
    check_replaceable("register_parametrization", module)
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_another(getattr(module, tensor_name), parametrization)
        existing = module.parametrizations[tensor_name]
        existing.append(parametrization)
        existing.unsafe |= unsafe
        return module
    if tensor_name not in module._buffers and tensor_name not in module._parameters:
        raise ArgumentError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    computed = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        module.parametrizations = ModuleDict()
    module.parametrizations[tensor_name] = computed
    _give_class(module, type_before_parametrizations(module), module.parametrizations)
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations, or one of a given tensor.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.is_parametrized.html
    """
    parametrizations = module._modules.get("parametrizations")
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: ModuleT, tensor_name: str, leave_parametrized: bool = True) -> ModuleT:
    """Make a parametrized tensor a plain one again.

    Args:
        module: the owner of the tensor.
        tensor_name: its name.
        leave_parametrized: whether it keeps the value that is computed; else it gets its original back.

    Returns:
        The module.

    Raises:
        ArgumentError: the tensor is not parametrized, or its original is several tensors and is to come back.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.remove_parametrizations.html
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(f"Module {module} does not have a parametrization on {tensor_name}")
    check_replaceable("remove_parametrizations", module)
    computed = module.parametrizations[tensor_name]
    if not computed.is_tensor and not leave_parametrized:
        raise ArgumentError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    if leave_parametrized:
        with no_grad():
            value = computed()
        if computed.is_tensor:
            original = computed.original
            original.data = value
        elif any(isinstance(each, Parameter) for each in computed._originals):
            original = Parameter(value, requires_grad=any(each.requires_grad for each in computed._originals))
        else:
            original = value
    else:
        original = computed.original
    base = type_before_parametrizations(module)
    del module.parametrizations[tensor_name]
    names = [*module.parametrizations]
    if not names:
        del module.parametrizations
    _give_class(module, base, names)
    _register(module, tensor_name, original)
    return module


def type_before_parametrizations(module: Module) -> type[Module]:
    """Return the class that a module has without its parametrizations."""
    kind = type(module)
    return kind._parametrized if issubclass(kind, _Parametrized) else kind


def transfer_parametrizations_and_params(
    from_module: Module, to_module: ModuleT, tensor_name: str | None = None
) -> ModuleT:
    """Give a module the parametrizations of another, and the tensors that these start from.

    Args:
        from_module: the one.
        to_module: the other.
        tensor_name: whose parametrizations; by default of all tensors that have some.

    Returns:
        The other module.
    """
    if not is_parametrized(from_module):
        return to_module
    for name in [*from_module.parametrizations] if tensor_name is None else [tensor_name]:
        given = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for parametrization in given:
            register_parametrization(to_module, name, parametrization)
        for key, original in [*given._parameters.items(), *given._buffers.items()]:
            setattr(to_module.parametrizations[name], key, original)
    return to_module


class _Parametrized:
    """A class that was made for a module; each has its own, so that a copy can change without the other."""

    _parametrized: type[Module]

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        replica = self._parametrized.__new__(self._parametrized)
        memo[id(self)] = replica
        replica.__dict__.update(copy.deepcopy(self.__dict__, memo))
        _give_class(replica, self._parametrized, replica.parametrizations)
        return replica

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise UnsupportedError(
            "Modules with parametrizations cannot be pickled: their class exists in this process only. Save their "
            "state_dict, and register the parametrizations again before loading it; or call remove_parametrizations."
        )


def _give_class(module: Module, base: type[Module], names: Iterable[str]) -> None:
    computed = {name: _property(name) for name in names}
    if not computed:
        module.__class__ = base
        return
    about = {"_parametrized": base, "__module__": base.__module__, **computed}
    module.__class__ = type(f"Parametrized{base.__name__}", (_Parametrized, base), about)


def _property(name: str) -> property:
    def read(module: Module) -> Tensor:
        computed = module.parametrizations[name]
        known = _cache.get()
        if known is None:
            return _checked(computed())
        key = (id(module), name)
        if key not in known:
            known[key] = _checked(computed())
        return known[key]

    def assign(module: Module, value: Tensor) -> None:
        module.parametrizations[name].right_inverse(value)

    return property(read, assign)


def _checked(value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise DtypeError(f"A parametrization must return a tensor, got {_kind(value)}")
    return value


def _register(module: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        module.register_parameter(name, tensor)
    else:
        module.register_buffer(name, tensor)


def _inverse(module: Module, value: Any) -> Any:
    """What a parametrization has to start from; the value itself, where it cannot tell."""
    if not hasattr(module, "right_inverse"):
        return value
    try:
        return module.right_inverse(value)
    except NotImplementedError:
        return value


def _check_another(before: Tensor, parametrization: Module) -> None:
    after = parametrization(before)
    _check_same("Registering a parametrization", after, dtype=before.dtype, shape=before.shape)
    inverse = _inverse(parametrization, after)
    _check_same("right_inverse", inverse, dtype=before.dtype, shape=before.shape)


def _check_same(what: str, found: Any, *, dtype: Any, shape: Any = None) -> None:
    if not isinstance(found, Tensor):
        raise ArgumentError(f"{what}: expected a tensor, got {_kind(found)}")
    if found.dtype != dtype:
        raise ArgumentError(
            f"{what} may not change the dtype, unless `unsafe` is set: it was {dtype}, became {found.dtype}"
        )
    if shape is not None and found.shape != shape:
        raise ShapeError(
            f"{what} may not change the shape, unless `unsafe` is set: it was {tuple(shape)}, became "
            f"{tuple(found.shape)}"
        )


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}" + (f" of {len(value)}" if isinstance(value, Sequence) else "")
