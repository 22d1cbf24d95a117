"""Every module that has a state: built inside inference mode, its initial values wait, and loading copies nothing."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.nn.deferred import DeferredParameter

# What the constructors of modules ask for, by the argument's name; a new module may add a name here.
ARGUMENTS: dict[str, Any] = {
    "cutoffs": [2],
    "d_model": 8,
    "decoder_layer": lambda: nn.TransformerDecoderLayer(8, 2),
    "dim": 1,
    "downscale_factor": 2,
    "embed_dim": 8,
    "embedding_dim": 4,
    "encoder_layer": lambda: nn.TransformerEncoderLayer(8, 2),
    "groups": 2,
    "hidden_size": 4,
    "in1_features": 3,
    "in2_features": 4,
    "in_channels": 4,
    "in_features": 4,
    "input_size": 3,
    "kernel_size": 3,
    "lambd": 0.5,
    "module": lambda: nn.Linear(3, 4),
    "mode": "LSTM",
    "nhead": 2,
    "n_classes": 6,
    "norm_type": 2,
    "normalized_shape": 4,
    "num_channels": 4,
    "num_chunks": 4,
    "num_classes": 6,
    "num_embeddings": 5,
    "num_features": 4,
    "num_groups": 2,
    "num_heads": 2,
    "num_layers": 2,
    "out_channels": 4,
    "out_features": 2,
    "output_size": 3,
    "padding": 1,
    "size": 4,
    "threshold": 0.1,
    "unflattened_size": (2, 2),
    "upscale_factor": 2,
    "value": 0.5,
    "bias": True,
}


def build(cls: type[nn.Module]) -> nn.Module:
    required = [
        each
        for each in inspect.signature(cls).parameters.values()
        if each.default is each.empty and each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)
    ]
    assert {each.name for each in required} <= set(ARGUMENTS), f"say in ARGUMENTS what {cls.__name__} takes"
    given = {each.name: ARGUMENTS[each.name] for each in required}
    if issubclass(cls, nn.FractionalMaxPool2d | nn.FractionalMaxPool3d):  # which ask for one of two
        given["output_size"] = 3
    return cls(**{name: value() if callable(value) else value for name, value in given.items()})


# Arguments that give a module more of a state than those that it must have.
VARIANTS = {
    "Embedding, padded": lambda: nn.Embedding(5, 4, padding_idx=1),
    "EmbeddingBag, padded": lambda: nn.EmbeddingBag(5, 4, padding_idx=1),
    "GRU, bidirectional": lambda: nn.GRU(3, 4, num_layers=2, bidirectional=True),
    "LSTM, projected": lambda: nn.LSTM(3, 4, proj_size=2),
    "InstanceNorm2d, affine": lambda: nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
    "MultiheadAttention, of other widths": lambda: nn.MultiheadAttention(8, 2, kdim=3, vdim=4, add_bias_kv=True),
    "Transformer": lambda: nn.Transformer(8, 2, 1, 1, 16),
    "ParameterList": lambda: nn.ParameterList([nn.Parameter(tensor.empty(2)), nn.Parameter(tensor.empty(3))]),
}
ABSTRACT = {"Module", "RNNBase", "RNNCellBase"}
CLASSES = {
    name: cls
    for name, cls in inspect.getmembers(nn, inspect.isclass)
    if issubclass(cls, nn.Module) and name not in ABSTRACT | {"Transformer"} and not name.startswith("Lazy")
}
BUILDERS = {**{name: lambda cls=cls: build(cls) for name, cls in CLASSES.items()}, **VARIANTS}


def read_only(value: tensor.Tensor) -> tensor.Tensor:
    """As a mapped file has it."""
    array = value.detach().numpy().copy()
    array.flags.writeable = False
    return tensor.from_numpy(array)


@pytest.mark.parametrize("name", BUILDERS)
def test_weights_are_used_as_they_are(name):
    state = {key: read_only(value) for key, value in BUILDERS[name]().state_dict().items()}
    with tensor.inference_mode():
        module = BUILDERS[name]()
        waiting = {key for key, parameter in module.named_parameters() if isinstance(parameter, DeferredParameter)}
        if name != "ParameterList":  # which has no initial values
            assert waiting == {key for key, _ in module.named_parameters()}
        module.load_state_dict(state)
        for key, value in module.state_dict().items():
            assert np.shares_memory(value.numpy(), state[key].numpy()), key
        assert not any(isinstance(parameter, DeferredParameter) for parameter in module.parameters())


@pytest.mark.parametrize("name", BUILDERS)
def test_initial_values_that_waited_are_there_when_they_are_read(name):
    """Of the same spread as outside; the order in which they are drawn may differ."""
    outside = BUILDERS[name]()
    with tensor.inference_mode():
        inside = BUILDERS[name]()
    for (key, there), (_, here) in zip(outside.named_parameters(), inside.named_parameters(), strict=True):
        there, here = there.detach().numpy(), here.numpy()
        assert there.shape == here.shape, key
        if name != "ParameterList":
            assert np.isfinite(here).all(), key
            assert len(set(there.ravel())) > 1 or np.array_equal(there, here), key  # a constant is the same


def test_every_module_with_parameters_is_here():
    """Also those that are made by nothing but other modules."""
    assert {"Linear", "Conv2d", "BatchNorm2d", "LayerNorm", "Embedding", "LSTM", "MultiheadAttention"} <= set(BUILDERS)
