"""Pruning beside torch's: masks, names, values, and gradients of what is left."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from tests.oracle.twins import assert_same, check, copy_state, floats

torch = pytest.importorskip("torch")
pytest.importorskip("torch.nn.utils.prune")  # which torch does not load itself

pytestmark = pytest.mark.oracle


def pruned(prune, layer, how):
    for each in how:
        each(prune, layer)
    return layer


HOW = {
    "l1": [lambda p, m: p.l1_unstructured(m, "weight", 0.3)],
    "l1 twice": [lambda p, m: p.l1_unstructured(m, "weight", 5), lambda p, m: p.l1_unstructured(m, "weight", 0.5)],
    "slices": [lambda p, m: p.ln_structured(m, "weight", 2, n=2, dim=0)],
    "slices, then elements": [
        lambda p, m: p.ln_structured(m, "weight", 0.4, n=1, dim=-1),
        lambda p, m: p.l1_unstructured(m, "weight", 3),
        lambda p, m: p.ln_structured(m, "weight", 1, n=float("inf"), dim=1),
    ],
    "identity": [lambda p, m: p.identity(m, "bias")],
    "removed": [lambda p, m: p.l1_unstructured(m, "weight", 4), lambda p, m: p.remove(m, "weight")],
}


@pytest.mark.parametrize("name", HOW)
def test_pruned_layers(name):
    layers = torch.nn.Linear(4, 6), tensor.nn.Linear(4, 6)
    copy_state(*layers)
    states = []
    for library, layer in zip((torch, tensor), layers, strict=True):
        pruned(library.nn.utils.prune, layer, HOW[name])
        layer(library.ones(2, 4)).square().sum().backward()
        states.append(layer)
        assert library.nn.utils.prune.is_pruned(layer) is (name != "removed")
    theirs, mine = states
    assert [*mine.state_dict()] == [*theirs.state_dict()]
    assert_same([*mine.state_dict().values()], [*theirs.state_dict().values()], 1e-6, "state")
    assert_same([p.grad for p in mine.parameters()], [p.grad for p in theirs.parameters()], 1e-5, "gradients")


def test_a_pruned_layer_computes_and_trains():
    check(
        lambda torch, nn: nn.utils.prune.custom_from_mask(
            nn.Linear(4, 2), "weight", torch.tensor([[1.0, 0, 1, 0], [0, 1, 1, 1]])
        ),
        floats(3, 4),
    )


def test_pruning_all_layers_as_one():
    models = [library.nn.Sequential(library.nn.Linear(4, 6), library.nn.Linear(6, 2)) for library in (torch, tensor)]
    copy_state(*models)
    for library, model in zip((torch, tensor), models, strict=True):
        prune = library.nn.utils.prune
        prune.global_unstructured(
            [(layer, "weight") for layer in model], pruning_method=prune.L1Unstructured, amount=0.5
        )
    theirs, mine = (model.state_dict() for model in models)
    assert [*mine] == [*theirs]
    assert_same([*mine.values()], [*theirs.values()], 1e-6, "state")


@pytest.mark.parametrize("library", [torch, tensor], ids=["torch", "tensor"])
def test_random_pruning_takes_as_many_as_it_says(library):
    prune = library.nn.utils.prune
    layer = prune.random_unstructured(library.nn.Linear(4, 6), "weight", 7)
    assert int((layer.weight_mask == 0).sum()) == 7
    layer = prune.random_structured(library.nn.Linear(4, 6), "weight", 0.5, dim=0)
    assert np.array_equal(np.unique(layer.weight_mask.sum(1).numpy(), return_counts=True)[1], [3, 3])
    with pytest.raises(ValueError, match="amount"):
        prune.l1_unstructured(layer, "bias", 1.5)
    with pytest.raises(ValueError, match="has to be pruned"):
        prune.remove(layer, "bias")
