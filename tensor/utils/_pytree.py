"""Nested structures of tensors: the part of PyTorch's `torch.utils._pytree` that model files use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = [
    "TreeSpec",
    "tree_all",
    "tree_any",
    "tree_flatten",
    "tree_leaves",
    "tree_map",
    "tree_map_only",
    "tree_unflatten",
]


@dataclass(frozen=True)
class TreeSpec:
    """The structure of a tree.

    Args:
        type: The class of its root, `None` for a leaf.
        context: The keys of a mapping.
        children_specs: The structures of its branches.
    """

    type: type[Any] | None
    context: Any
    children_specs: tuple[TreeSpec, ...]

    @property
    def num_leaves(self) -> int:
        """How many leaves the tree has."""
        return 1 if self.type is None else sum(child.num_leaves for child in self.children_specs)


_LEAF = TreeSpec(None, None, ())
IsLeaf = Callable[[Any], bool] | None


def _branches(tree: Any) -> tuple[list[Any], Any] | None:
    """The branches of a tree and its keys, nothing of a leaf. Only these types are structure, as in PyTorch."""
    if type(tree) in (dict, OrderedDict):
        return list(tree.values()), tuple(tree)
    if type(tree) in (list, tuple) or (isinstance(tree, tuple) and hasattr(tree, "_fields")):
        return list(tree), None
    return None


def tree_flatten(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[Any], TreeSpec]:
    """Return the leaves of nested lists, tuples and dictionaries, and their structure.

    Args:
        tree: The structure.
        is_leaf: Says of what else is not to be looked into.
    """
    found = None if is_leaf is not None and is_leaf(tree) else _branches(tree)
    if found is None:
        return [tree], _LEAF
    parts = [tree_flatten(branch, is_leaf) for branch in found[0]]
    leaves = [leaf for part, _ in parts for leaf in part]
    return leaves, TreeSpec(type(tree), found[1], tuple(spec for _, spec in parts))


def tree_unflatten(leaves: Any, treespec: TreeSpec) -> Any:
    """Return leaves in a structure.

    Args:
        leaves: The leaves, in order.
        treespec: The structure.

    Raises:
        ValueError: There are more or fewer of them.
    """
    given = list(leaves)
    if len(given) != treespec.num_leaves:
        raise ValueError(f"tree_unflatten: the structure has {treespec.num_leaves} leaves, got {len(given)}")
    return _grown(iter(given), treespec)


def _grown(leaves: Any, spec: TreeSpec) -> Any:
    if spec.type is None:
        return next(leaves)
    parts = [_grown(leaves, child) for child in spec.children_specs]
    if spec.context is not None:
        return spec.type(zip(spec.context, parts, strict=True))
    return spec.type(*parts) if hasattr(spec.type, "_fields") else spec.type(parts)


def tree_leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """Return the leaves of a structure; see `tree_flatten`."""
    return tree_flatten(tree, is_leaf)[0]


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: IsLeaf = None) -> Any:
    """Return a structure with a function called for each leaf, and for those of others that are alike.

    Args:
        func: Takes a leaf of each.
        tree: The structure.
        rests: The others.
        is_leaf: Says of what else is not to be looked into.
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    others = [tree_flatten(rest, is_leaf)[0] for rest in rests]
    return tree_unflatten([func(*each) for each in zip(leaves, *others, strict=True)], spec)


def tree_map_only(kind: Any, func: Callable[[Any], Any], tree: Any, is_leaf: IsLeaf = None) -> Any:
    """Return a structure with a function called for each leaf of a type.

    Args:
        kind: The type, or a tuple of them.
        func: Takes a leaf.
        tree: The structure.
        is_leaf: Says of what else is not to be looked into.
    """
    return tree_map(lambda leaf: func(leaf) if isinstance(leaf, kind) else leaf, tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf = None) -> bool:
    """Whether something is true of all leaves."""
    return all(map(pred, tree_leaves(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf = None) -> bool:
    """Whether something is true of any leaf."""
    return any(map(pred, tree_leaves(tree, is_leaf)))
