"""Multi-head attention and transformers; their numbers are compared with torch's in tests/oracle."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import tensor
from tensor import nn
from tensor.nn import functional as F
from tensor.nn.attention import SDPBackend, sdpa_kernel

X = tensor.tensor(np.random.default_rng(0).normal(size=(2, 4, 6)).astype(np.float32))
PADDING = tensor.tensor([[False, False, True, True], [False] * 4])
CAUSAL = nn.Transformer.generate_square_subsequent_mask(4)


def encoder(**settings):
    options = {name: settings.pop(name) for name in ("enable_nested_tensor",) if name in settings}
    layer = nn.TransformerEncoderLayer(6, 2, 8, **{"dropout": 0.0, "batch_first": True, **settings})
    return nn.TransformerEncoder(layer, 2, **options)


@pytest.mark.parametrize("settings", [{}, {"kdim": 6, "vdim": 6}, {"add_bias_kv": True}, {"bias": False}], ids=str)
def test_attention_inside_inference_mode(settings):
    attention = nn.MultiheadAttention(6, 2, batch_first=True, **settings)
    expected = attention(X, X, X)
    with tensor.inference_mode():
        out, weights = attention(X, X, X)
        replica = nn.MultiheadAttention(6, 2, batch_first=True, **settings)
        inside, _ = replica(X, X, X, key_padding_mask=PADDING, need_weights=False)
    assert out.is_inference()
    assert weights.is_inference()
    assert inside.is_inference()
    np.testing.assert_allclose(out.tolist(), expected[0].tolist(), atol=1e-6)
    np.testing.assert_allclose(weights.tolist(), expected[1].tolist(), atol=1e-6)
    with pytest.raises(tensor.InferenceTensorError):
        attention(X, out, out)


def test_transformers_inside_inference_mode():
    model = nn.Transformer(6, 2, 1, 1, 8, dropout=0.0, batch_first=True)
    expected = model(X, X, tgt_mask=CAUSAL)
    with tensor.inference_mode():
        out = model(X, X, tgt_mask=CAUSAL)
    assert out.is_inference()
    np.testing.assert_allclose(out.tolist(), expected.tolist(), atol=1e-5)
    with pytest.raises(tensor.InferenceTensorError):
        model(out, X)


def test_there_are_zeros_in_the_place_of_padding_where_torch_has_them():
    model = encoder().eval()
    with tensor.no_grad():
        out = model(X, src_key_padding_mask=PADDING)
    assert out[0, 2:].tolist() == [[0] * 6] * 2
    assert 0 not in out[1].tolist()
    for other in (encoder(enable_nested_tensor=False), encoder(norm_first=True), encoder(activation=F.silu)):
        with tensor.no_grad():
            assert other.eval()(X, src_key_padding_mask=PADDING)[0, 2].abs().max() > 0
    assert model(X, src_key_padding_mask=PADDING)[0, 2].abs().max() > 0  # with a gradient
    np.testing.assert_allclose(model(X, src_key_padding_mask=PADDING)[0, :2].tolist(), out[0, :2].tolist(), atol=1e-5)


def test_later_elements_are_found_to_be_hidden():
    model = encoder()
    seen = []
    model.layers[0].register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["is_causal"]), with_kwargs=True
    )
    for mask in (CAUSAL, CAUSAL != 0, CAUSAL * 0, CAUSAL.expand(4, 4, 4), None):
        model(X, mask)
    model(X, CAUSAL, is_causal=False)
    assert seen == [True, True, False, False, False, False]


def test_an_activation_is_a_name_a_function_or_a_module():
    for named, function in (("relu", F.relu), ("gelu", F.gelu), (F.silu, F.silu)):
        assert nn.TransformerDecoderLayer(6, 2, 8, activation=named).activation is function
    layer = nn.TransformerDecoderLayer(6, 2, 8, activation=nn.GELU())
    assert "(activation): GELU(approximate='none')" in repr(layer)
    assert copy.deepcopy(layer).activation is F.relu  # as in torch
    assert isinstance(copy.deepcopy(nn.TransformerEncoderLayer(6, 2, 8, activation=nn.GELU())).activation, nn.GELU)


def test_layers_of_a_stack_are_copies():
    first, second = encoder().layers
    assert first.linear1.weight.tolist() == second.linear1.weight.tolist()
    assert first.linear1.weight is not second.linear1.weight


def test_dropout_in_training_alone():
    tensor.manual_seed(0)
    model = encoder(dropout=0.5, activation="gelu")
    assert model(X).tolist() != model(X).tolist()
    model.eval()
    assert model(X).tolist() == model(X).tolist()


def test_initial_values_of_attention():
    attention = nn.MultiheadAttention(100, 4, add_bias_kv=True)
    bound = (6 / (100 + 300)) ** 0.5
    assert 0.95 * bound < attention.in_proj_weight.abs().max().item() <= bound
    assert not attention.in_proj_bias.any()
    assert not attention.out_proj.bias.any()
    assert attention.bias_k.std().item() == pytest.approx((2 / 200) ** 0.5, rel=0.3)
    assert "NonDynamicallyQuantizableLinear(in_features=100, out_features=100, bias=True)" in repr(attention)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: nn.MultiheadAttention(6, 4), "divisible by num_heads, got 6 and 4"),
        (lambda: nn.MultiheadAttention(6, 0), "must be greater than 0"),
        (lambda: nn.MultiheadAttention(6, 2)(X, X, X, is_causal=True), "Need attn_mask"),
        (lambda: nn.TransformerEncoderLayer(6, 2, activation="tanh"), "relu/gelu, not tanh"),
        (lambda: nn.Transformer(6, 2, 1, 1, 8)(X, X[:, :3]), "batch number"),
        (lambda: nn.Transformer(6, 2, 1, 1, 8)(X[..., :5], X), "feature number"),
    ],
)
def test_what_does_not_fit_is_refused(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_any_implementation_of_attention_may_be_asked_for():
    expected = F.scaled_dot_product_attention(X, X, X)
    for asked in (SDPBackend.MATH, [SDPBackend.FLASH_ATTENTION, SDPBackend.MATH]):
        with sdpa_kernel(asked, set_priority=True):
            assert F.scaled_dot_product_attention(X, X, X).tolist() == expected.tolist()
    decorated = sdpa_kernel(SDPBackend.EFFICIENT_ATTENTION)(lambda: F.scaled_dot_product_attention(X, X, X))
    assert decorated().tolist() == expected.tolist()
    for wrong in ([], ["math"], [None]):
        with pytest.raises(ValueError, match="SDPBackend"), sdpa_kernel(wrong):
            pass


def test_subclasses_replace_blocks_by_pytorchs_names():
    class Layer(nn.TransformerEncoderLayer):
        def _sa_block(self, x, attn_mask, key_padding_mask, is_causal=False):
            return super()._sa_block(x, attn_mask, key_padding_mask, is_causal) * 0

        def _ff_block(self, x):
            return super()._ff_block(x) * 0

    assert Layer(6, 2, 8, norm_first=True)(X).tolist() == X.tolist()
