"""What users may import: exactly this, and each name from where it says."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import cluster
import tensor
import workers


@pytest.mark.parametrize("package", [tensor, workers, cluster], ids=lambda package: package.__name__)
def test_every_public_name_is_there_once(package):
    assert len(set(package.__all__)) == len(package.__all__)  # that they are sorted is for the linter to say
    for name in package.__all__:
        assert hasattr(package, name)


def test_each_lazy_name_has_one_home():
    homes = cluster._HOMES
    names = sorted(name for found in homes.values() for name in found)
    assert names == sorted(cluster.__all__)
    for home, found in homes.items():
        for name in found:
            assert getattr(importlib.import_module(home), name) is getattr(cluster, name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Pol'"):
        cluster.Pol


@pytest.mark.parametrize("package", [tensor, workers, cluster], ids=lambda package: package.__name__)
def test_no_module_bears_a_public_name(package):
    """`tensor/tensor.py` would replace `tensor.tensor` as soon as somebody imports it."""
    modules = {module.name for module in pkgutil.iter_modules(package.__path__)}
    public_modules = {name for name in package.__all__ if inspect.ismodule(getattr(package, name))}
    assert modules & set(package.__all__) <= public_modules
