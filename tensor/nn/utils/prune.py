"""Pruning: parameters some of whose elements are held at 0, by a mask that is a buffer.

What is trained is `name_orig`; `name_mask` says which elements stay, and before each call a hook sets `name` to their
product. Pruning again prunes what is left.

Source: https://docs.pytorch.org/docs/stable/nn.html#utilities
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any, ClassVar, TypeVar

from tensor.errors import ArgumentError, DimensionError, DtypeError, ShapeError
from tensor.factories import ones_like, rand, rand_like, zeros_like
from tensor.nn.modules.module import Module
from tensor.nn.utils.convert_parameters import parameters_to_vector
from tensor.nn.utils.owned import check_replaceable
from tensor.ops.ordering import topk
from tensor.ops.vector_norms import norm
from tensor.scopes import no_grad
from tensor.tensors import Tensor

ModuleT = TypeVar("ModuleT", bound=Module)

__all__ = [
    "BasePruningMethod",
    "CustomFromMask",
    "Identity",
    "L1Unstructured",
    "LnStructured",
    "PruningContainer",
    "RandomStructured",
    "RandomUnstructured",
    "custom_from_mask",
    "global_unstructured",
    "identity",
    "is_pruned",
    "l1_unstructured",
    "ln_structured",
    "random_structured",
    "random_unstructured",
    "remove",
]


class BasePruningMethod(ABC):
    """A way to choose what to prune, and the hook that applies the mask before each call.

    Subclasses define `compute_mask`, and say by `PRUNING_TYPE` what of a tensor that is pruned already they are shown:
    the elements that are left (`"unstructured"`), the slices that are left (`"structured"`), or all (`"global"`).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.BasePruningMethod.html
    """

    PRUNING_TYPE: ClassVar[str] = "unstructured"
    _tensor_name: str

    def __call__(self, module: Module, inputs: Any) -> None:
        """Apply the mask, before the module is called."""
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return what stays, as 1, of a tensor.

        Args:
            t: what tells how important each element is.
            default_mask: what has stayed so far, of the same shape.
        """

    def apply_mask(self, module: Module) -> Tensor:
        """Return the pruned tensor, to whose original gradients flow."""
        mask, original = (getattr(module, f"{self._tensor_name}_{each}") for each in ("mask", "orig"))
        pruned: Tensor = mask.to(original.dtype) * original
        return pruned

    @classmethod
    def apply(
        cls, module: Module, name: str, *args: Any, importance_scores: Tensor | None = None, **kwargs: Any
    ) -> BasePruningMethod:
        """Prune a parameter of a module, once more if it is pruned already.

        Args:
            module: the module.
            name: the parameter.
            args: for the method's constructor.
            importance_scores: what tells how important each element is; by default the parameter.
            kwargs: for the method's constructor.

        Returns:
            The hook.

        Raises:
            ShapeError: the scores are not of the parameter's shape.
        """
        check_replaceable(f"{cls.__name__}.apply", module)
        method = cls(*args, **kwargs)
        method._tensor_name = name
        tensor = getattr(module, name)
        scores = tensor if importance_scores is None else importance_scores
        if scores.shape != tensor.shape:
            raise ShapeError(
                f"importance_scores should have the same shape as parameter {name} of {module}, got "
                f"{tuple(scores.shape)} vs {tuple(tensor.shape)}"
            )
        key, before = _hook_of(module, name)
        hook: BasePruningMethod = method
        if before is not None:
            hook = before if isinstance(before, PruningContainer) else PruningContainer(before)
            before_mask = getattr(module, f"{name}_mask").detach().clone()
        else:
            before_mask = ones_like(tensor)
        with no_grad():
            mask = _combined(method, scores, before_mask)
        if before is None:
            del module._parameters[name]
            module.register_parameter(f"{name}_orig", tensor)
        else:
            del module._forward_pre_hooks[key]
        if isinstance(hook, PruningContainer):
            hook.add_pruning_method(method)
        module.register_buffer(f"{name}_mask", mask)
        hook(module, ())
        module.register_forward_pre_hook(hook)
        return hook

    def prune(self, t: Tensor, default_mask: Tensor | None = None, importance_scores: Tensor | None = None) -> Tensor:
        """Return a tensor, pruned.

        Args:
            t: the tensor.
            default_mask: what has stayed so far.
            importance_scores: what tells how important each element is; by default the tensor.
        """
        mask = ones_like(t) if default_mask is None else default_mask
        pruned: Tensor = t * self.compute_mask(t if importance_scores is None else importance_scores, mask)
        return pruned

    def remove(self, module: Module) -> None:
        """Make the pruned values the parameter's own, under its old name; the caller takes the hook off."""
        name = self._tensor_name
        check_replaceable("prune.remove", module)
        with no_grad():
            weight = self.apply_mask(module)
        delattr(module, name)
        original = module._parameters.pop(f"{name}_orig")
        assert original is not None, "pruning registered it"
        original.data = weight
        del module._buffers[f"{name}_mask"]
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several methods that were applied to one parameter, one after the other.

    Args:
        args: the methods, for one parameter.
    """

    PRUNING_TYPE = "global"

    def __init__(self, *args: BasePruningMethod) -> None:
        self._pruning_methods: tuple[BasePruningMethod, ...] = ()
        for method in args:
            self._tensor_name = method._tensor_name
            self.add_pruning_method(method)

    def add_pruning_method(self, method: BasePruningMethod) -> None:
        """Add a method.

        Raises:
            DtypeError: it is none.
            ArgumentError: it is for another parameter.
        """
        if not isinstance(method, BasePruningMethod):
            raise DtypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method._tensor_name != self._tensor_name:
            raise ArgumentError(
                f"Can only add pruning methods acting on the parameter named {self._tensor_name!r} to this container, "
                f"got one for {method._tensor_name!r}"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Any:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: int) -> BasePruningMethod:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return what the last method leaves of what has stayed so far."""
        return _combined(self._pruning_methods[-1], t, default_mask)


class Identity(BasePruningMethod):
    """Prunes nothing, but leaves the parameter with a mask."""

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return what has stayed so far."""
        return default_mask


class CustomFromMask(BasePruningMethod):
    """Prunes where a mask says.

    Args:
        mask: 0 where to prune, of the parameter's shape.
    """

    PRUNING_TYPE = "global"

    def __init__(self, mask: Tensor) -> None:
        self.mask = mask

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return what stays by both masks."""
        if default_mask.shape != self.mask.shape:
            raise ShapeError(f"expected a mask of shape {tuple(default_mask.shape)}, got {tuple(self.mask.shape)}")
        both: Tensor = default_mask * self.mask.to(default_mask.dtype)
        return both


class _ByAmount(BasePruningMethod):
    """Prunes a share, or a number, of what there is.

    Args:
        amount: a number of elements or slices, or a share from 0.0 to 1.0.

    Raises:
        DtypeError: it is no number.
        ArgumentError: it is negative, or a share above 1.
    """

    amount: Any

    def __init__(self, amount: float) -> None:
        self.amount = amount
        if not isinstance(self.amount, Real):
            raise DtypeError(f"Invalid type for amount: {amount}. Must be int or float.")
        if amount < 0 or (not isinstance(self.amount, Integral) and amount > 1):
            raise ArgumentError(
                f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer"
            )

    def _count(self, size: int) -> int:
        count = int(self.amount) if isinstance(self.amount, Integral) else round(self.amount * size)
        if count > size:
            raise ArgumentError(f"amount={count} should be smaller than the number of parameters to prune={size}")
        return count


class _Unstructured(_ByAmount):
    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return a mask without the elements that count least."""
        mask = default_mask.clone()
        count = self._count(t.numel())
        if count:
            mask.view(-1)[topk(self._weights(t).reshape(-1), count, largest=False).indices] = 0
        return mask

    @abstractmethod
    def _weights(self, t: Tensor) -> Tensor: ...


class L1Unstructured(_Unstructured):
    """Prunes the elements with the least absolute values; see `_ByAmount`."""

    def _weights(self, t: Tensor) -> Tensor:
        return t.abs()


class RandomUnstructured(_Unstructured):
    """Prunes random elements."""

    def _weights(self, t: Tensor) -> Tensor:
        return rand_like(t)


class _Structured(_ByAmount):
    """Prunes whole slices along a dimension.

    Args:
        amount: how many, or which share of them.
        dim: the dimension.
    """

    PRUNING_TYPE = "structured"

    def __init__(self, amount: float, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def compute_mask(self, t: Tensor, default_mask: Tensor) -> Tensor:
        """Return a mask without the slices that count least."""
        if t.ndim < 2:
            raise ArgumentError(
                "Structured pruning can only be applied to multidimensional tensors. Found tensor of shape "
                f"{tuple(t.shape)} with {t.ndim} dims"
            )
        if not -t.ndim <= self.dim < t.ndim:
            raise DimensionError(f"Invalid index {self.dim} for tensor of size {tuple(t.shape)}")
        size = t.shape[self.dim]
        count = self._count(size)
        if not count:
            return default_mask
        kept = topk(self._weights(t), size - count).indices
        mask = zeros_like(t).index_fill(self.dim, kept, 1.0)
        return mask * default_mask.to(mask.dtype)

    @abstractmethod
    def _weights(self, t: Tensor) -> Tensor: ...


class RandomStructured(_Structured):
    """Prunes random slices; see `_Structured`."""

    def _weights(self, t: Tensor) -> Tensor:
        return rand(t.shape[self.dim])


class LnStructured(_Structured):
    """Prunes the slices with the least norms.

    Args:
        amount: how many, or which share of them.
        n: the norm's order.
        dim: the dimension.
    """

    def __init__(self, amount: float, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _weights(self, t: Tensor) -> Tensor:
        return norm(t, self.n, [each for each in range(t.ndim) if each != self.dim % t.ndim])


def _combined(method: BasePruningMethod, t: Tensor, mask: Tensor) -> Tensor:
    """What stays after one more method, which is shown what is left only."""
    if method.PRUNING_TYPE == "unstructured":
        left: Any = mask == 1
    elif method.PRUNING_TYPE == "structured":
        dim = getattr(method, "dim", None)
        if dim is None or not -t.ndim <= dim < t.ndim:
            raise DimensionError(
                f"a structured method needs an attribute `dim` that {t.ndim} dimensions have, got {dim}"
            )
        whole = mask.sum([each for each in range(t.ndim) if each != dim % t.ndim]) if t.ndim > 1 else mask
        left = (slice(None),) * (dim % t.ndim) + (whole != 0,)
    elif method.PRUNING_TYPE == "global":
        left = ...
    else:
        raise ArgumentError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}: use unstructured, structured or global")
    both = mask.to(t.dtype, copy=True)
    both[left] = method.compute_mask(t[left], default_mask=mask[left]).to(t.dtype)
    return both


def _hook_of(module: Module, name: str) -> tuple[int, BasePruningMethod | None]:
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            return key, hook
    return -1, None


def identity(module: ModuleT, name: str) -> ModuleT:
    """Give a parameter a mask that prunes nothing.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.identity.html
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module: ModuleT, name: str, amount: float) -> ModuleT:
    """Prune random elements of a parameter.

    Args:
        module: the module.
        name: the parameter.
        amount: how many, or which share from 0.0 to 1.0, of the elements that are left.

    Returns:
        The module.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.random_unstructured.html
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module: ModuleT, name: str, amount: float, importance_scores: Tensor | None = None) -> ModuleT:
    """Prune the elements of a parameter that have the least absolute values.

    Args:
        module: the module.
        name: the parameter.
        amount: how many, or which share from 0.0 to 1.0, of the elements that are left.
        importance_scores: whose absolute values count in place of the parameter's.

    Returns:
        The module.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.l1_unstructured.html
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module: ModuleT, name: str, amount: float, dim: int) -> ModuleT:
    """Prune random slices of a parameter along a dimension.

    Args:
        module: the module.
        name: the parameter.
        amount: how many, or which share from 0.0 to 1.0, of the slices that are left.
        dim: the dimension.

    Returns:
        The module.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.random_structured.html
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(
    module: ModuleT, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None
) -> ModuleT:
    """Prune the slices of a parameter along a dimension that have the least norms.

    Args:
        module: the module.
        name: the parameter.
        amount: how many, or which share from 0.0 to 1.0, of the slices that are left.
        n: the norm's order.
        dim: the dimension.
        importance_scores: whose norms count in place of the parameter's.

    Returns:
        The module.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.ln_structured.html
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module: ModuleT, name: str, mask: Tensor) -> ModuleT:
    """Prune a parameter where a mask says 0.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.custom_from_mask.html
    """
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(
    parameters: Iterable[tuple[Module, str]],
    pruning_method: type[BasePruningMethod],
    importance_scores: Mapping[tuple[Module, str], Tensor] | None = None,
    **kwargs: Any,
) -> None:
    """Prune several parameters as if all their elements stood in one vector.

    Args:
        parameters: pairs of a module and a parameter's name.
        pruning_method: an unstructured one, such as `L1Unstructured`.
        importance_scores: by pairs, what counts in place of the parameters.
        kwargs: for the method's constructor, such as `amount`.

    Raises:
        DtypeError: the method is not unstructured.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.global_unstructured.html
    """
    if pruning_method.PRUNING_TYPE != "unstructured":
        raise DtypeError(f"Only unstructured methods can prune globally, got {pruning_method}")
    pairs = list(parameters)
    for module, _ in pairs:
        check_replaceable("global_unstructured", module)
    with no_grad():
        tensors = [getattr(module, name) for module, name in pairs]
        given = importance_scores or {}
        scores = [given.get(pair, tensor) for pair, tensor in zip(pairs, tensors, strict=True)]
        masks = [
            getattr(module, f"{name}_mask", ones_like(tensor))
            for (module, name), tensor in zip(pairs, tensors, strict=True)
        ]
        mask = _combined(pruning_method(**kwargs), parameters_to_vector(scores), parameters_to_vector(masks))
        parts = mask.split([tensor.numel() for tensor in tensors])
    for (module, name), tensor, part in zip(pairs, tensors, parts, strict=True):
        custom_from_mask(module, name, part.view_as(tensor))


def remove(module: ModuleT, name: str) -> ModuleT:
    """Make a pruned parameter an ordinary one, that has zeros where it was pruned.

    Args:
        module: the module.
        name: the parameter.

    Returns:
        The module.

    Raises:
        ArgumentError: it is not pruned.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.remove.html
    """
    key, hook = _hook_of(module, name)
    if hook is None:
        raise ArgumentError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")
    hook.remove(module)
    del module._forward_pre_hooks[key]
    return module


def is_pruned(module: Module) -> bool:
    """Whether anything in a module is pruned.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.prune.is_pruned.html
    """
    hooks = [hook for each in module.modules() for hook in each._forward_pre_hooks.values()]
    return any(isinstance(hook, BasePruningMethod) for hook in hooks)
