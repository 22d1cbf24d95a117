"""Transformers beside torch's."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tensor
from tests.oracle.twins import check, floats

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle


@pytest.fixture(autouse=True)
def _same_weights_each_time():
    torch.manual_seed(0)


TIME, MEMORY, BATCH, SIZE = 4, 3, 2, 6

LAYERS = [
    {},
    {"norm_first": True, "activation": "gelu"},
    {"batch_first": True},
    {"batch_first": True, "norm_first": True, "bias": False, "layer_norm_eps": 1e-3},
    {"bias": False, "activation": "gelu"},
]


def settings_of(nn, settings):
    """With what differs between the libraries taken from the one at hand."""
    return {
        name: nn.functional.silu if value == "silu" else nn.GELU("tanh") if value == "module" else value
        for name, value in {"dim_feedforward": 8, "dropout": 0.0, **settings}.items()
    }


def encoder_layer(settings):
    return lambda torch, nn: nn.TransformerEncoderLayer(SIZE, 2, **settings_of(nn, settings))


def decoder_layer(settings):
    return lambda torch, nn: nn.TransformerDecoderLayer(SIZE, 2, **settings_of(nn, settings))


def encoder(settings, *, final=False, **options):
    return lambda torch, nn: nn.TransformerEncoder(
        encoder_layer(settings)(torch, nn), 2, nn.LayerNorm(SIZE) if final else None, **options
    )


def decoder(settings, *, final=False):
    return lambda torch, nn: nn.TransformerDecoder(
        decoder_layer(settings)(torch, nn), 2, nn.LayerNorm(SIZE) if final else None
    )


def sequence(length, settings, *, batched=True, seed=0):
    batch = () if not batched else (BATCH,)
    shape = (*batch, length) if settings.get("batch_first") else (length, *batch)
    return floats(*shape, SIZE, seed=seed)


def masked(*names):
    """How to call a module with two sequences at most and then masks, which get no gradient."""

    def call(module, *given):
        count = len(given) - len(names)
        masks = {name: each if each is None else each.detach() for name, each in zip(names, given[count:], strict=True)}
        return module(*given[:count], **masks)

    return call


def hidden(*shape, floating=False):
    mask = np.random.default_rng([7, *shape]).integers(0, 2, shape).astype(bool)
    mask[..., 0] = False
    return np.where(mask, -np.inf, 0.0) if floating else mask


def causal(size, *, floating):
    mask = np.triu(np.ones((size, size), bool), 1)
    return np.where(mask, -np.inf, 0.0) if floating else mask


@pytest.mark.parametrize("batched", [True, False])
# The decoder's is copied before it is called, which turns an activation that is a module into relu.
@pytest.mark.parametrize("settings", [*LAYERS, {"activation": "silu"}, {"activation": "module"}], ids=str)
def test_layers(settings, batched):
    x, memory = sequence(TIME, settings, batched=batched), sequence(MEMORY, settings, batched=batched, seed=1)
    check(encoder_layer(settings), x)
    check(decoder_layer(settings), x, memory)


@pytest.mark.parametrize("floating", [True, False])
@pytest.mark.parametrize("settings", LAYERS, ids=str)
def test_masks_of_layers(settings, floating):
    x, memory = sequence(TIME, settings), sequence(MEMORY, settings, seed=1)
    padding, mask = hidden(BATCH, TIME, floating=floating), hidden(TIME, TIME, floating=floating)
    call = masked("src_mask", "src_key_padding_mask")
    for masks in ((mask, None), (None, padding), (mask, padding), (hidden(2 * BATCH, TIME, TIME), None)):
        check(encoder_layer(settings), x, *masks, call=call)
    call = masked("tgt_mask", "memory_mask", "tgt_key_padding_mask", "memory_key_padding_mask")
    others = hidden(TIME, MEMORY, floating=floating), hidden(BATCH, MEMORY, floating=floating)
    check(decoder_layer(settings), x, memory, mask, others[0], padding, others[1], call=call)
    check(decoder_layer(settings), x, memory, None, others[0], padding, None, call=call)


@pytest.mark.parametrize("floating", [True, False])
@pytest.mark.parametrize("settings", LAYERS[:3], ids=str)
def test_causal_layers(settings, floating):
    x, memory = sequence(TIME, settings), sequence(MEMORY, settings, seed=1)
    mask = causal(TIME, floating=floating)
    check(encoder_layer(settings), x, mask, call=lambda m, x, k: m(x, src_mask=k.detach(), is_causal=True))
    check(
        decoder_layer(settings),
        x,
        memory,
        mask,
        call=lambda m, x, y, k: m(x, y, tgt_mask=k.detach(), tgt_is_causal=True),
    )


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("settings", LAYERS, ids=str)
def test_encoders_and_decoders(settings, final):
    x, memory = sequence(TIME, settings), sequence(MEMORY, settings, seed=1)
    check(encoder(settings, final=final), x)
    check(decoder(settings, final=final), x, memory)
    single = sequence(TIME, settings, batched=False)
    check(encoder(settings, final=final), single)
    for floating in (True, False):
        for mask in (hidden(TIME, TIME, floating=floating), causal(TIME, floating=floating)):
            check(encoder(settings, final=final), x, mask, call=masked("mask"))
            check(encoder(settings, final=final), x, mask, call=lambda m, x, k: m(x, k.detach(), is_causal=False))
            check(decoder(settings, final=final), x, memory, mask, call=masked("tgt_mask"))
        padding = hidden(BATCH, TIME, floating=floating)
        check(encoder(settings, final=final), x, padding, call=masked("src_key_padding_mask"))


@pytest.mark.parametrize("floating", [True, False])
@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({"batch_first": True}, {}),
        ({"batch_first": True, "activation": "gelu"}, {"mask_check": False}),
        ({"batch_first": True}, {"enable_nested_tensor": False}),
        ({"batch_first": True, "norm_first": True}, {}),
        ({"batch_first": True, "activation": "silu"}, {}),
        ({"batch_first": True, "bias": False}, {}),
        ({}, {}),
    ],
    ids=str,
)
def test_padding_without_gradients(settings, options, floating):
    """Torch then has zeros in the place of padding, under conditions."""
    ends = np.array([[False, False, True, True], [False, False, False, False]])
    holes = np.array([[False, True, False, True], [False, False, False, True]])
    mask = np.triu(np.ones((TIME, TIME), bool), 1)

    def call(module, *inputs):
        mode = torch.no_grad if isinstance(module, torch.nn.Module) else tensor.inference_mode
        with mode():
            return masked("src_key_padding_mask", "mask")(module, *inputs)

    for padding, other in ((ends, None), (holes, None), (ends, mask)):
        if padding is holes and "mask_check" in options:
            continue  # which says that there are none
        given = np.where(padding, -np.inf, 0.0) if floating else padding
        other = None if other is None else np.where(other, -np.inf, 0.0) if floating else other
        for final in (True, False):
            x = sequence(TIME, settings)
            check(encoder(settings, final=final, **options), x, given, other, call=call, gradients=False)


@pytest.mark.parametrize("settings", LAYERS, ids=str)
def test_transformers(settings):
    def make(torch, nn):
        return nn.Transformer(SIZE, 2, 2, 1, **settings_of(nn, settings))

    x, y = sequence(MEMORY, settings), sequence(TIME, settings, seed=1)
    check(make, x, y)
    single = [sequence(length, settings, batched=False, seed=seed) for seed, length in enumerate((MEMORY, TIME))]
    check(make, *single)
    names = ["src_mask", "tgt_mask", "memory_mask"]
    names += ["src_key_padding_mask", "tgt_key_padding_mask", "memory_key_padding_mask"]
    masks = [
        hidden(MEMORY, MEMORY), causal(TIME, floating=False), hidden(TIME, MEMORY), hidden(BATCH, MEMORY),
        hidden(BATCH, TIME), hidden(BATCH, MEMORY),
    ]  # fmt: skip
    check(make, x, y, *masks, call=masked(*names))


def test_everything_may_be_dropped():
    for settings in ({"dropout": 1.0}, {"dropout": 1.0, "norm_first": True, "batch_first": True}):
        x, memory = sequence(TIME, settings), sequence(MEMORY, settings, seed=1)
        check(encoder(settings, final=True), x)
        check(decoder(settings, final=True), x, memory)


def test_masks_of_later_elements():
    for dtype in ("float32", "float64"):
        ours = tensor.nn.Transformer.generate_square_subsequent_mask(4, dtype=getattr(tensor, dtype))
        theirs = torch.nn.Transformer.generate_square_subsequent_mask(4, dtype=getattr(torch, dtype))
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        assert ours.numpy().dtype == dtype


def test_custom_parts():
    def make(torch, nn):
        inner = nn.TransformerEncoder(encoder_layer({})(torch, nn), 1)
        return nn.Transformer(SIZE, 2, custom_encoder=inner, num_decoder_layers=1, dim_feedforward=8, dropout=0.0)

    check(make, sequence(MEMORY, {}), sequence(TIME, {}, seed=1))


def test_errors_of_the_same_types():
    for library in (tensor, torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = library.nn.Transformer(6, 2, 1, 1, 8)
        with pytest.raises(RuntimeError, match="batch number"):
            module(library.zeros(3, 2, 6), library.zeros(3, 3, 6))
        with pytest.raises(RuntimeError, match="feature number"):
            module(library.zeros(3, 2, 5), library.zeros(3, 2, 6))
        with pytest.raises(RuntimeError, match="relu/gelu"):
            library.nn.TransformerEncoderLayer(6, 2, activation="tanh")
