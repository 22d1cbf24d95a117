"""Attention: block by block the same as at once, with dropout too; what is kept; refusals."""

from __future__ import annotations

import numpy as np
import pytest

import tensor as T
from tensor.nn import functional as F
from tensor.nn.functional import attention

RANDOM = np.random.default_rng(0)


def some(*shape: int) -> T.Tensor:
    return T.tensor(RANDOM.normal(size=shape), requires_grad=True)


def plainly(q, k, v, mask=None, causal=False):
    """By the formula, with all the weights at once."""
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        scores = scores.masked_fill(T.ones(scores.shape[-2:]).tril() == 0, -np.inf)
    if mask is not None:
        scores = scores.masked_fill(~mask, -np.inf)
    return scores.softmax(-1) @ v


@pytest.mark.parametrize("block", [1, 60, 100, 1 << 20])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_blocks_of_any_size_give_the_same(monkeypatch, block, causal, masked):
    monkeypatch.setattr(attention, "_BLOCK", block)
    monkeypatch.setattr(attention, "_FEW_QUERIES", 3)
    monkeypatch.setattr(attention, "_FEWEST_QUERIES", 2)
    q, k, v = some(2, 3, 7, 4), some(2, 3, 5, 4), some(2, 3, 5, 2)
    mask = None
    if masked:
        mask = T.tensor(RANDOM.random((7, 5)) < 0.6)
        mask[:, 0] = True
    expected = plainly(q, k, v, mask, causal)
    if masked and causal:
        mask, causal = mask & T.ones(7, 5, dtype=T.bool).tril(), False
    found = F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal)
    seed = T.tensor(RANDOM.normal(size=found.shape))
    np.testing.assert_allclose(found.detach().numpy(), expected.detach().numpy(), atol=1e-12)
    for one, other in zip(
        T.autograd.grad(found, [q, k, v], seed), T.autograd.grad(expected, [q, k, v], seed), strict=True
    ):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-12)


@pytest.mark.parametrize("block", [1, 1 << 20])
def test_dropout_drops_the_same_weights_in_both_directions(monkeypatch, block):
    monkeypatch.setattr(attention, "_BLOCK", block)
    q, k, v = some(2, 5, 3), some(2, 40, 3), some(2, 40, 2)

    def drop(*given):
        T.manual_seed(7)
        return F.scaled_dot_product_attention(*given, dropout_p=0.3)

    assert T.equal(drop(q, k, v), drop(q, k, v))
    assert not T.equal(drop(q, k, v), F.scaled_dot_product_attention(q, k, v))
    assert T.autograd.gradcheck(drop, [q, k, v])


def test_dropout_keeps_the_mean():
    T.manual_seed(0)
    q, k, v = T.zeros(1, 1), T.zeros(100_000, 1), T.ones(100_000, 1)
    assert abs(F.scaled_dot_product_attention(q, k, v, dropout_p=0.25).item() - 1) < 0.01
    assert F.scaled_dot_product_attention(q, k, v, dropout_p=1.0).item() == 0


def test_queries_that_see_nothing_get_zeros_and_give_no_gradient():
    q, k, v = some(3, 4), some(5, 4), some(5, 2)
    out = F.scaled_dot_product_attention(q, k, v, T.zeros(3, 5, dtype=T.bool))
    assert out.tolist() == [[0, 0]] * 3
    out.sum().backward()
    assert not any(each.grad.any() for each in (q, k, v))


def test_a_mask_that_is_learnt_gets_its_gradient():
    q, k, v, mask = some(2, 3, 4), some(2, 5, 4), some(2, 5, 4), some(3, 5)
    assert T.autograd.gradcheck(F.scaled_dot_product_attention, [q, k, v, mask])


def test_nothing_of_the_size_of_the_weights_is_kept():
    q, k, v = some(4, 64, 8), some(4, 64, 8), some(4, 64, 8)
    node = F.scaled_dot_product_attention(q, k, v).grad_fn
    kept = [each for each in node.saved.values() if isinstance(each, np.ndarray)]
    assert max(each.size for each in kept) == q.numel()


def test_only_what_is_asked_for_is_computed():
    q, k, v = some(2, 3, 4), some(2, 5, 4).detach(), some(2, 5, 4).detach()
    out = F.scaled_dot_product_attention(q, k, v)
    (gradient,) = T.autograd.grad(out.sum(), [q])
    assert gradient.shape == q.shape


REFUSED = {
    "a mask beside is_causal": (
        lambda q: F.scaled_dot_product_attention(q, q, q, q @ q.mT, is_causal=True), "Explicit",
    ),
    "heads that do not divide": (
        lambda q: F.scaled_dot_product_attention(q, q[:, :2], q[:, :2], enable_gqa=True), "must divide",
    ),
    "another dtype": (lambda q: F.scaled_dot_product_attention(q, q.double(), q), "same floating point dtype"),
    "integers": (lambda q: F.scaled_dot_product_attention(q.long(), q.long(), q.long()), "floating point"),
    "a mask of integers": (lambda q: F.scaled_dot_product_attention(q, q, q, T.ones(4, 4).long()), "bool or float"),
    "no probability": (lambda q: F.scaled_dot_product_attention(q, q, q, dropout_p=1.5), "between 0 and 1"),
    "other sizes": (lambda q: F.scaled_dot_product_attention(q, q[..., :1], q), "need one size"),
    "vectors": (lambda q: F.scaled_dot_product_attention(q[0, 0, 0], q, q), "at least 2 dimensional"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case):
    call, said = REFUSED[case]
    with pytest.raises(T.TensorError, match=said):
        call(T.ones(1, 3, 4, 2))


# --- several heads


def heads(**given):
    x = T.ones(3, 2, 4)
    arguments = {
        "query": x, "key": x, "value": x, "embed_dim_to_check": 4, "num_heads": 2, "in_proj_weight": T.ones(12, 4),
        "in_proj_bias": None, "bias_k": None, "bias_v": None, "add_zero_attn": False, "dropout_p": 0.0,
        "out_proj_weight": T.ones(4, 4), "out_proj_bias": None,
    }  # fmt: skip
    return F.multi_head_attention_forward(**(arguments | given))


HEADS_REFUSED = {
    "another size": ({"embed_dim_to_check": 5}, "embedding dimension of 5, but got 4"),
    "heads that do not divide": ({"num_heads": 3}, "not divisible"),
    "a hint without a mask": ({"is_causal": True}, "Need attn_mask"),
    "no weights": ({"in_proj_weight": None}, "in_proj_weight is None"),
    "no separate weights": ({"use_separate_proj_weight": True}, "q_proj_weight is None"),
    "half a bias": ({"bias_k": T.ones(1, 1, 4)}, "belong together"),
    "a mask of another shape": ({"attn_mask": T.ones(2, 2)}, "should be"),
    "a mask of integers": ({"attn_mask": T.ones(3, 3).long()}, "only bool and floating"),
    "another padding": ({"key_padding_mask": T.ones(2, 4)}, "key_padding_mask of shape"),
    "static keys of another shape": ({"static_k": T.ones(1, 3, 2)}, "static_k of shape"),
    "four dimensions": ({"query": T.ones(1, 1, 1, 4)}, "unbatched 2D or batched 3D"),
}


@pytest.mark.parametrize("case", HEADS_REFUSED)
def test_heads_that_do_not_fit_are_refused(case):
    given, said = HEADS_REFUSED[case]
    with pytest.raises(T.TensorError, match=said):
        heads(**given)


def test_static_keys_take_the_place_of_projected_ones():
    static = T.ones(4, 5, 2)
    out, weights = heads(static_k=static, static_v=static)
    assert tuple(out.shape) == (3, 2, 4)
    assert tuple(weights.shape) == (2, 3, 5)


def test_weights_are_dropped_in_training_alone():
    T.manual_seed(0)
    assert T.equal(heads(dropout_p=0.5, training=False)[0], heads()[0])
    assert not T.equal(heads(dropout_p=0.5)[0], heads()[0])


def test_masks_of_two_dtypes_are_warned_of():
    with pytest.warns(UserWarning, match="mismatched"):
        heads(attn_mask=T.zeros(3, 3), key_padding_mask=T.zeros(2, 3, dtype=T.bool))
