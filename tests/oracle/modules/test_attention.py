"""Multi-head attention beside torch's."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from tests.oracle.twins import check, floats

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle


@pytest.fixture(autouse=True)
def _same_weights_each_time():
    torch.manual_seed(0)
    tensor.manual_seed(0)


BATCH, QUERIES, KEYS, EMBED = 2, 3, 4, 6

SETTINGS = [
    {"num_heads": 1},
    {"num_heads": 2, "batch_first": True},
    {"num_heads": 3, "bias": False},
    {"num_heads": 2, "add_bias_kv": True, "add_zero_attn": True},
    {"num_heads": 2, "add_zero_attn": True, "batch_first": True},
    {"num_heads": 2, "kdim": 5, "vdim": 4},
    {"num_heads": 3, "kdim": 6, "vdim": 4, "bias": False, "batch_first": True, "add_bias_kv": True},
]


def made(settings):
    return lambda torch, nn: nn.MultiheadAttention(EMBED, **settings)


def inputs(settings, *, batched=True):
    sizes = [(QUERIES, EMBED), (KEYS, settings.get("kdim", EMBED)), (KEYS, settings.get("vdim", EMBED))]
    first = settings.get("batch_first", False)
    return [
        floats(*((BATCH, length) if first and batched else (length, BATCH) if batched else (length,)), size, seed=n)
        for n, (length, size) in enumerate(sizes)
    ]


def hidden(*shape, floating=False):
    """A mask that hides something, but never the first key."""
    mask = np.random.default_rng([7, *shape]).integers(0, 2, shape).astype(bool)
    mask[..., 0] = False
    return np.where(mask, -np.inf, 0.25) if floating else mask


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_settings(settings, batched):
    check(made(settings), *inputs(settings, batched=batched))
    for average, need in ((False, True), (True, False)):
        options = {"average_attn_weights": average, "need_weights": need}
        check(made(settings), *inputs(settings, batched=batched), call=lambda m, *x, o=options: m(*x, **o))


@pytest.mark.parametrize("need", [True, False])
@pytest.mark.parametrize("floating", [True, False])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_masks(settings, floating, need):
    heads = settings["num_heads"]

    def call(module, q, k, v, *masks):
        masks = [None if each is None else each.detach() for each in masks]
        return module(q, k, v, key_padding_mask=masks[0], attn_mask=masks[1], need_weights=need)

    for padding, attn in [
        (hidden(BATCH, KEYS, floating=floating), None),
        (None, hidden(QUERIES, KEYS, floating=floating)),
        (None, hidden(BATCH * heads, QUERIES, KEYS, floating=floating)),
        (hidden(BATCH, KEYS, floating=floating), hidden(QUERIES, KEYS, floating=floating)),
    ]:
        check(made(settings), *inputs(settings), padding, attn, call=call)
    unbatched = inputs(settings, batched=False)
    check(made(settings), *unbatched, hidden(KEYS, floating=floating), None, call=call)
    check(made(settings), *unbatched, None, hidden(heads, QUERIES, KEYS, floating=floating), call=call)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("need", [True, False])
def test_self_attention_with_a_causal_mask(need, batch_first):
    mask = np.triu(np.ones((4, 4), bool), 1)

    def call(module, x, mask):
        return module(x, x, x, attn_mask=mask, is_causal=True, need_weights=need)

    settings = {"num_heads": 2, "batch_first": batch_first}
    check(made(settings), floats(4, 4, EMBED), mask, call=call)
    check(made(settings), floats(4, EMBED), mask, call=call)
    check(made(settings), floats(4, 2, EMBED), floats(4, 2, EMBED, seed=1), call=lambda m, q, k: m(q, k, k))


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_without_gradients(settings):
    """Torch then takes another way."""

    def call(module, *inputs):
        mode = torch.inference_mode if isinstance(module, torch.nn.Module) else tensor.inference_mode
        with mode():
            return module(*inputs)

    check(made(settings), *inputs(settings), call=call, gradients=False)
    if "kdim" not in settings:
        check(made(settings), floats(4, 4, EMBED), call=lambda m, x: call(m, x, x, x), gradients=False)


def test_all_weights_may_be_dropped():
    check(made({"num_heads": 2, "dropout": 1.0}), *inputs({}))
    check(made({"num_heads": 2, "dropout": 1.0}), *inputs({}), call=lambda m, *x: m(*x, need_weights=False))


def test_the_distribution_of_initial_values():
    for settings in ({}, {"kdim": 40, "vdim": 20}, {"add_bias_kv": True}):
        ours = tensor.nn.MultiheadAttention(120, 4, **settings)
        theirs = torch.nn.MultiheadAttention(120, 4, **settings)
        for (name, mine), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            assert mine.std().item() == pytest.approx(other.std().item(), rel=0.2, abs=1e-9), name
            if name.endswith("weight"):
                assert mine.abs().max().item() == pytest.approx(other.abs().max().item(), rel=0.02), name


def test_errors_of_the_same_types():
    for library in (tensor, torch):
        with pytest.raises((ValueError, AssertionError), match="divisible"):
            library.nn.MultiheadAttention(6, 4)
        with pytest.raises(ValueError, match="greater than 0"):
            library.nn.MultiheadAttention(0, 1)
        module = library.nn.MultiheadAttention(6, 2)
        x = library.zeros(3, 2, 6)
        with pytest.raises((RuntimeError, AssertionError), match="embedding dim"):
            module(library.zeros(3, 2, 4), library.zeros(3, 2, 4), library.zeros(3, 2, 4))
        with pytest.raises((RuntimeError, AssertionError), match="attn_mask"):
            module(x, x, x, attn_mask=library.zeros(2, 2))
        with pytest.raises(RuntimeError, match="attn_mask"):
            module(x, x, x, is_causal=True)
