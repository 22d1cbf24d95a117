"""What users may import: exactly this, and each name from where it says."""

from __future__ import annotations

import importlib

import pytest

import cluster
import tensor
import workers


@pytest.mark.parametrize("package", [tensor, workers, cluster], ids=lambda package: package.__name__)
def test_all_is_sorted_and_there(package):
    assert list(package.__all__) == sorted(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None


def test_each_lazy_name_has_one_home():
    homes = cluster._HOMES
    names = sorted(name for found in homes.values() for name in found)
    assert names == cluster.__all__
    for home, found in homes.items():
        for name in found:
            assert getattr(importlib.import_module(home), name) is getattr(cluster, name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Pol'"):
        cluster.Pol  # noqa: B018


@pytest.mark.parametrize("package", [tensor, workers, cluster], ids=lambda package: package.__name__)
def test_no_module_bears_a_public_name(package):
    """`tensor/tensor.py` would replace `tensor.tensor` as soon as somebody imports it."""
    import pkgutil

    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    public_modules = {name for name in package.__all__ if hasattr(getattr(package, name), "__path__")}
    assert modules & set(package.__all__) <= public_modules
