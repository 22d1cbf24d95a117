"""`Module`: the base of all layers and models, holding parameters, buffers and other modules by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from tensor.complexes import is_complex
from tensor.dtypes import bfloat16, dtype, float16, float32, float64
from tensor.errors import UnsupportedError
from tensor.factories import empty
from tensor.legacy import dtype_of
from tensor.nn.buffer import Buffer
from tensor.nn.gradients import clear_grad
from tensor.nn.modules.conversion import Conversion
from tensor.nn.modules.hooks import Hooked
from tensor.nn.modules.hooks import register_module_backward_hook as register_module_backward_hook
from tensor.nn.modules.hooks import register_module_forward_hook as register_module_forward_hook
from tensor.nn.modules.hooks import register_module_forward_pre_hook as register_module_forward_pre_hook
from tensor.nn.modules.hooks import register_module_full_backward_hook as register_module_full_backward_hook
from tensor.nn.modules.hooks import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from tensor.nn.modules.stateful import Stateful, StateHooks
from tensor.nn.parameter import Parameter
from tensor.nn.state_dict import IncompatibleKeys
from tensor.tensors import Tensor

_IncompatibleKeys = IncompatibleKeys  # as model files import it

ModuleT = TypeVar("ModuleT", bound="Module")


def _forward_unimplemented(self: Module, *input: Any) -> Any:
    """Compute the module's output; subclasses define it."""
    raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')


class Module(Hooked, Stateful):
    """Base class of layers and models, as PyTorch's.

    Assigning a `Parameter` or a `Module` to an attribute registers it under that name; `register_buffer` registers
    other tensors that belong to the state. Call the module, not its `forward`: the call runs the hooks.

        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.hidden = nn.Linear(64, 32)
                self.out = nn.Linear(32, 10)

            def forward(self, x):
                return self.out(F.relu(self.hidden(x)))

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
    """

    _version = 1  # kept beside the state, for classes whose state changes its form
    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _transient_buffers: set[str]
    _modules: dict[str, Module | None]
    _state_hooks: StateHooks

    def __init__(self) -> None:
        super().__init__()
        # Not by attribute: `__setattr__` needs these to be there.
        self.__dict__.update(
            training=True,
            _parameters={},
            _buffers={},
            _transient_buffers=set(),
            _modules={},
            _state_hooks=StateHooks(),
        )

    forward: Callable[..., Any] = _forward_unimplemented

    # --- Attributes ---------------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        for table in _TABLES:
            members = self.__dict__.get(table, {})
            if name in members:
                return members[name]
        hint = "" if "_parameters" in self.__dict__ else "; its __init__ has not called super().__init__()"
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'{hint}")

    def __setattr__(self, name: str, value: Any) -> None:
        if "_parameters" not in self.__dict__:
            if isinstance(value, Parameter | Module):
                kind = "parameters" if isinstance(value, Parameter) else "module"
                raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
            object.__setattr__(self, name, value)
        elif isinstance(value, Parameter):
            self._forget(name, but="_parameters")
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self._forget(name, but="_modules")
            self.register_module(name, value)
        elif isinstance(value, Buffer):
            self._forget(name, but="_buffers")
            self.register_buffer(name, value.detach(), value.persistent)
        else:
            self._set_plain(name, value)

    def _set_plain(self, name: str, value: Any) -> None:
        """Set an attribute to what is neither a parameter nor a module: a registered name takes only its own kind."""
        for table, wanted in _TABLES.items():
            if name in self.__dict__[table]:
                if not (value is None or (table == "_buffers" and isinstance(value, Tensor))):
                    raise TypeError(f"cannot assign '{type(value).__name__}' as '{name}' ({wanted} or None expected)")
                self.__dict__[table][name] = value
                return
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        if not self._forget(name):
            object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._parameters, *self._buffers, *self._modules})

    def _forget(self, name: str, *, but: str | None = None) -> bool:
        """Unregister a name; one that is about to be put in the table `but` may stay there, and keep its place."""
        if but is not None:
            self.__dict__.pop(name, None)
        tables = [self.__dict__[table] for table in _TABLES if table != but and name in self.__dict__[table]]
        for table in tables:
            del table[name]
        self._transient_buffers.discard(name)
        return bool(tables)

    # --- Registration -------------------------------------------------------------------------------------------------

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; `None` keeps the name without one.

        Args:
            name: the attribute it is read from.
            param: the parameter.

        Raises:
            TypeError: it is no `Parameter`.
            KeyError: the name is empty, has a dot, or belongs to something else.
        """
        self._check_name("_parameters", name)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' (nn.Parameter or None required)"
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that belongs to the module's state but is not trained, such as a running mean.

        Args:
            name: the attribute it is read from.
            tensor: the buffer; a complex one must not be persistent.
            persistent: whether `state_dict` covers it.

        Raises:
            TypeError: it is no tensor.
            KeyError: the name is empty, has a dot, or belongs to something else.
        """
        self._check_name("_buffers", name)
        if not _is_buffer(tensor, persistent):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (Tensor or None required)"
            )
        self._buffers[name] = tensor
        (self._transient_buffers.discard if persistent else self._transient_buffers.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child; `None` keeps the name without one.

        Args:
            name: the attribute it is read from.
            module: the child.

        Raises:
            TypeError: it is no `Module`.
            KeyError: the name is empty, has a dot, or belongs to something else.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(module).__name__} is not a Module subclass")
        self._check_name("_modules", name)
        self._modules[name] = module

    register_module = add_module

    def _check_name(self, table: str, name: str) -> None:
        if table not in self.__dict__:
            raise AttributeError("cannot register anything before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"a name should be a string, got {type(name).__name__}")
        if not name or "." in name:
            raise KeyError(f'a name can be neither empty nor contain ".", got {name!r}')
        if hasattr(self, name) and name not in self.__dict__[table]:
            raise KeyError(f"attribute '{name}' already exists")

    # --- Walks --------------------------------------------------------------------------------------------------------

    def children(self) -> Iterator[Module]:
        """Yield the modules directly inside this one, each once."""
        return (child for _, child in self.named_children())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Yield the modules directly inside this one with their names, each once."""
        seen: set[Module] = set()
        for name, child in self._modules.items():
            if child is not None and child not in seen:
                seen.add(child)
                yield name, child

    def modules(self) -> Iterator[Module]:
        """Yield this module and all inside it, each once."""
        return (module for _, module in self.named_modules())

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """Yield this module and all inside it with their dotted names.

        Args:
            memo: modules to pass over, added to as it goes.
            prefix: put before each name.
            remove_duplicate: whether a module that stands in several places comes once.
        """
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, child in self._modules.items():
            if child is not None:
                yield from child.named_modules(memo, _dotted(prefix, name), remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield the parameters, each once: what an optimiser wants.

        Args:
            recurse: whether those of inner modules too.
        """
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield the parameters with their dotted names.

        Args:
            prefix: put before each name.
            recurse: whether those of inner modules too.
            remove_duplicate: whether a parameter that stands in several places comes once.
        """
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield the buffers, each once.

        Args:
            recurse: whether those of inner modules too.
        """
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield the buffers with their dotted names.

        Args:
            prefix: put before each name.
            recurse: whether those of inner modules too.
            remove_duplicate: whether a buffer that stands in several places comes once.
        """
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def _named_members(self, table: str, prefix: str, recurse: bool, unique: bool) -> Iterator[tuple[str, Any]]:
        owners = self.named_modules(prefix=prefix, remove_duplicate=unique) if recurse else [(prefix, self)]
        seen: set[int] = set()
        for owner_name, owner in owners:
            for name, member in owner.__dict__[table].items():
                if member is not None and id(member) not in seen:
                    if unique:
                        seen.add(id(member))
                    yield _dotted(owner_name, name), member

    def get_submodule(self, target: str) -> Module:
        """Return the module with a dotted name; the empty name is this module's.

        Raises:
            AttributeError: there is none.
        """
        module: Any = self
        for name in target.split(".") if target else []:
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` of {target!r} is not an nn.Module")
        return module  # type: ignore[no-any-return]  # narrowed in the loop only

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter with a dotted name.

        Raises:
            AttributeError: there is none.
        """
        owner, _, name = target.rpartition(".")
        if not isinstance(parameter := getattr(self.get_submodule(owner), name), Parameter):
            raise AttributeError(f"`{target}` is not an nn.Parameter")
        return parameter

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer with a dotted name.

        Raises:
            AttributeError: there is none.
        """
        owner, _, name = target.rpartition(".")
        if (buffer := self.get_submodule(owner)._buffers.get(name)) is None:
            raise AttributeError(f"`{target}` is not a buffer")
        return buffer

    def set_submodule(self, target: str, module: Module) -> None:
        """Replace the module with a dotted name.

        Raises:
            AttributeError: there is none.
            ValueError: the name is empty.
        """
        if not target:
            raise ValueError("Cannot set the submodule without a target name!")
        self.get_submodule(target)
        owner, _, name = target.rpartition(".")
        setattr(self.get_submodule(owner), name, module)

    def apply(self: ModuleT, fn: Callable[[Module], None]) -> ModuleT:
        """Call a function on every module, inner ones first.

        Args:
            fn: such as one that initialises the parameters of certain layers.

        Returns:
            This module.
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # --- Settings -----------------------------------------------------------------------------------------------------

    def train(self: ModuleT, mode: bool = True) -> ModuleT:
        """Set training mode, which some layers (`Dropout`) heed, on all modules.

        Args:
            mode: false means evaluation.

        Returns:
            This module.
        """
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, got {mode!r}")
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self: ModuleT) -> ModuleT:
        """Set evaluation mode on all modules; the same as `train(False)`."""
        return self.train(False)

    def requires_grad_(self: ModuleT, requires_grad: bool = True) -> ModuleT:
        """Say of all parameters whether they are trained.

        Args:
            requires_grad: false freezes them.

        Returns:
            This module.

        Raises:
            InferenceTensorError: a parameter is inference-only and cannot be trained.
        """
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters.

        Args:
            set_to_none: false fills them with zeros instead.
        """
        for parameter in self.parameters():
            clear_grad(parameter, set_to_none=set_to_none)

    def to(self: ModuleT, *args: Any, **kwargs: Any) -> ModuleT:
        """Convert parameters and buffers in place, as `Tensor.to` does; a dtype changes the floating-point ones only.

        The CPU is the only device, so `to("cpu")` does nothing.

        Returns:
            This module.

        Raises:
            TypeError: the dtype is not a floating-point one.
        """
        empty(0).to(*args, **kwargs)  # refuses bad arguments, also where there is nothing to convert
        wanted = [value for value in (*args, *kwargs.values()) if isinstance(value, dtype | Tensor)]
        if not wanted:
            return self
        target = wanted[0].dtype if isinstance(wanted[0], Tensor) else wanted[0]
        if not target.is_floating_point:
            raise TypeError(f"nn.Module.to only accepts floating point dtypes, but got desired dtype={target}")
        return self._apply(lambda tensor: tensor.to(target) if tensor.is_floating_point() else tensor)

    def cpu(self: ModuleT) -> ModuleT:
        """Do nothing: the CPU is the only device."""
        return self

    def float(self: ModuleT) -> ModuleT:
        """Convert floating-point parameters and buffers to float32."""
        return self.to(float32)

    def double(self: ModuleT) -> ModuleT:
        """Convert floating-point parameters and buffers to float64."""
        return self.to(float64)

    def half(self: ModuleT) -> ModuleT:
        """Convert floating-point parameters and buffers to float16."""
        return self.to(float16)

    def bfloat16(self: ModuleT) -> ModuleT:
        """Convert floating-point parameters and buffers to bfloat16."""
        return self.to(bfloat16)

    def type(self: ModuleT, dst_type: Any) -> ModuleT:
        """Convert all parameters and buffers, counts too, to a dtype, or what `"tensor.HalfTensor"` names."""
        target = dtype_of(dst_type)
        return self._apply(lambda tensor: tensor.to(target))

    def cuda(self: ModuleT, device: Any = None) -> ModuleT:
        """Refuse: the CPU is the only device. Model files ask `tensor.cuda.is_available()` first."""
        return self.to("cuda" if device is None else device)

    def to_empty(self: ModuleT, *, device: Any, recurse: bool = True) -> ModuleT:
        """Do nothing: the CPU is the only device, and memory is there already.

        Args:
            device: the CPU.
            recurse: whether inner modules too.
        """
        return self.to(device)

    def share_memory(self: ModuleT) -> ModuleT:
        """Refuse: parameters in memory that several processes write to are not offered."""
        raise UnsupportedError(
            "share_memory() would let several processes write to one module. Pool shares weights that are only read, "
            "and TrainingPool trains in several processes."
        )

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: modules run as they are."""

    def _apply(self: ModuleT, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> ModuleT:
        """Replace the value of each parameter and buffer; parameters stay the same objects where they can.

        Goes from module to module, so that a class may override it to convert other tensors that it has.
        """
        if isinstance(fn, Conversion):
            conversion = fn
        else:
            conversion = Conversion(fn)
            conversion.check([*self.named_parameters(), *self.named_buffers()])
        for child in self.children() if recurse else ():
            child._apply(conversion)
        for name, parameter in self._parameters.items():
            if parameter is not None:
                self._parameters[name] = conversion.of(parameter)
        for name, buffer in self._buffers.items():
            self._buffers[name] = None if buffer is None else conversion(buffer)
        return self

    # --- Text ---------------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """Return what stands in the parentheses of this module's `repr`; subclasses override it."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr().splitlines()
        children = [f"({name}): {_addindent(repr(child), 2)}" for name, child in self._modules.items()]
        if not children and len(extra) <= 1:
            return f"{self._get_name()}({''.join(extra)})"
        return "\n  ".join([f"{self._get_name()}(", *extra, *children]) + "\n)"

    def _get_name(self) -> str:
        return type(self).__name__

    @property
    def _non_persistent_buffers_set(self) -> set[str]:  # PyTorch's name, which model files read
        return self._transient_buffers


# The tables of registered names in a module's __dict__, and what each holds.
_TABLES = {"_parameters": "nn.Parameter", "_buffers": "Tensor", "_modules": "nn.Module"}


def _is_buffer(value: Any, persistent: bool) -> bool:
    return value is None or isinstance(value, Tensor) or (is_complex(value) and not persistent)


def _dotted(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _addindent(s_: str, numSpaces: int) -> str:  # noqa: N803 - PyTorch's names
    """Return text with spaces before all its lines but the first."""
    return s_.replace("\n", "\n" + numSpaces * " ")
