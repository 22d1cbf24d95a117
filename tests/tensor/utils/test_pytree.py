"""Nested structures: their leaves and back."""

from collections import OrderedDict, namedtuple

import pytest

import tensor as T
from tensor.utils import _pytree as pytree
from tensor.utils import dlpack

Point = namedtuple("Point", "x y")
TREE = {"a": [1, (2, 3)], "b": Point(4, OrderedDict(c=5)), "d": {6}}


def test_leaves_and_back():
    leaves, spec = pytree.tree_flatten(TREE)
    assert leaves == [1, 2, 3, 4, 5, {6}]
    assert spec.num_leaves == 6
    assert pytree.tree_unflatten(leaves, spec) == TREE
    with pytest.raises(ValueError, match="6 leaves"):
        pytree.tree_unflatten([1], spec)


def test_functions_of_leaves():
    assert pytree.tree_map(lambda x, y: x + y, [1, {"a": 2}], [10, {"a": 20}]) == [11, {"a": 22}]
    assert pytree.tree_map_only(int, lambda x: -x, (1, "s")) == (-1, "s")
    assert pytree.tree_leaves([(1, 2), 3], is_leaf=lambda x: isinstance(x, tuple)) == [(1, 2), 3]
    assert pytree.tree_all(lambda x: x > 0, [1, [2]])
    assert pytree.tree_any(lambda x: x > 1, [1, [2]])


def test_capsules_share_memory():
    x = T.ones(2)
    T.utils.dlpack.from_dlpack(dlpack.to_dlpack(x)).fill_(3)
    assert x.tolist() == [3, 3]
