"""Losses: corners, values that overflow, old arguments, warnings, refusals."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import tensor as T
from tensor.nn import functional as F

X, Y = T.tensor([[0.5, -1.0, 2.0], [1.0, 0.0, -2.0]]), T.tensor([0, 2])


@pytest.mark.parametrize(
    ("average", "reduce", "reduction"),
    [(None, False, "none"), (True, False, "none"), (False, True, "sum"), (False, None, "sum"), (True, None, "mean"),
     (None, True, "mean")],
)  # fmt: skip
def test_old_arguments_stand_for_reductions(average, reduce, reduction):
    with pytest.warns(UserWarning, match=f"please use reduction='{reduction}'"):
        found = F.cross_entropy(X, Y, None, average, -100, reduce)
    assert T.equal(found, F.cross_entropy(X, Y, reduction=reduction))


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_sizes_that_differ_are_warned_of(name):
    with pytest.warns(UserWarning, match="different to the input size"):
        getattr(F, name)(X, X[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(F, name)(X, X)


def test_the_mean_divergence_is_warned_of():
    with pytest.warns(UserWarning, match="batchmean"):
        F.kl_div(X, X.softmax(1))


def test_nothing_but_ignored_classes_has_no_mean():
    for smoothing in (0.0, 0.1):
        logits = X.clone().requires_grad_()
        loss = F.cross_entropy(logits, T.tensor([-100, -100]), label_smoothing=smoothing)
        assert math.isnan(loss.item())
        loss.backward()
        assert not logits.grad.any()
    assert F.cross_entropy(X, T.tensor([-100, -100]), reduction="sum").item() == 0


def test_an_ignored_class_may_be_infinite():
    logits = T.tensor([[math.inf, 0.0], [0.0, 0.0]])
    assert F.nll_loss(logits, T.tensor([-100, 1])).item() == 0


def test_a_wrong_certainty_costs_100():
    probabilities = T.tensor([0.0, 1.0], requires_grad=True)
    losses = F.binary_cross_entropy(probabilities, T.tensor([1.0, 0.0]), reduction="none")
    assert losses.tolist() == [100, 100]
    losses.sum().backward()
    assert np.isfinite(probabilities.grad.numpy()).all()


@pytest.mark.parametrize("logit", [-1e4, -100.0, 0.0, 100.0, 1e4])
def test_logits_of_any_size_cost_what_they_should(logit):
    for target in (0.0, 1.0):
        x = T.tensor([logit], requires_grad=True)
        loss = F.binary_cross_entropy_with_logits(x, T.tensor([target]), pos_weight=T.tensor([2.0]))
        wrong = -logit if target else logit
        assert loss.item() == pytest.approx((1 + target) * (max(wrong, 0) + math.log1p(math.exp(-abs(logit)))))
        loss.backward()
        chance = 0.5 * (1 + math.tanh(wrong / 2))
        assert abs(x.grad.item()) == pytest.approx((1 + target) * chance, abs=1e-6)


def test_large_margins_do_not_overflow():
    x = T.tensor([1e4], requires_grad=True)
    loss = F.soft_margin_loss(x, T.tensor([-1.0]))
    loss.backward()
    assert loss.item() == 1e4
    assert x.grad.item() == 1


def test_smooth_losses_meet_where_they_change_over():
    at = T.tensor([0.999999, 1.0, 1.000001], dtype=T.float64)
    zero = T.zeros(3, dtype=T.float64)
    for loss in (F.smooth_l1_loss(at, zero, reduction="none"), F.huber_loss(at, zero, reduction="none")):
        np.testing.assert_allclose(loss.numpy(), 0.5, atol=2e-6)
    assert F.smooth_l1_loss(at, zero, beta=0).item() == F.l1_loss(at, zero).item()


def test_labels_count_up_to_the_first_negative_one():
    scores = T.tensor([0.1, 0.2, 0.4, 0.8])
    loss = F.multilabel_margin_loss(scores, T.tensor([3, 0, -1, 1]))
    assert loss.item() == pytest.approx(0.25 * (0.4 + 0.6 + 1.1 + 1.3))


def test_marked_variances_are_not_looked_at_by_training():
    with T.inference_mode():
        variances = T.ones(2, 3)
    assert F.gaussian_nll_loss(X, X, variances).is_inference()


REFUSED = {
    "a class beyond": (lambda: F.nll_loss(X, T.tensor([0, 3])), "Target 3 is out of bounds"),
    "classes of floats": (lambda: F.nll_loss(X, T.ones(2)), "integers"),
    "classes of another batch": (lambda: F.nll_loss(X, T.tensor([0])), "expected targets"),
    "logits of integers": (lambda: F.nll_loss(X.long(), Y), "floats"),
    "weights of other classes": (lambda: F.cross_entropy(X, Y, T.ones(2)), "a weight for each of 3"),
    "probabilities and ignore_index": (lambda: F.cross_entropy(X, X.softmax(1), ignore_index=1), "not supported"),
    "too much smoothing": (lambda: F.cross_entropy(X, Y, label_smoothing=2), "between 0.0 and 1.0"),
    "no such reduction": (lambda: F.cross_entropy(X, Y, reduction="max"), "not a valid value"),
    "a linear map of another size": (lambda: F.linear_cross_entropy(X, T.ones(4, 2), Y), "in_features"),
    "options": (lambda: F.linear_cross_entropy(X, T.ones(4, 3), Y, options=1), "leave options out"),
    "integers": (lambda: F.mse_loss(Y, Y), "floats"),
    "a negative beta": (lambda: F.smooth_l1_loss(X, X, beta=-1), "beta"),
    "delta of zero": (lambda: F.huber_loss(X, X, delta=0), "delta"),
    "weights of another size": (lambda: F.mse_loss(X, X, weight=T.ones(3)), "same size"),
    "variances of another size": (lambda: F.gaussian_nll_loss(X, X, T.ones(3)), "incorrect size"),
    "a negative variance": (lambda: F.gaussian_nll_loss(X, X, -1.0), "negative"),
    "no probabilities": (lambda: F.binary_cross_entropy(X, X), "between 0 and 1"),
    "other sizes": (lambda: F.binary_cross_entropy_with_logits(X, X[0]), "must be the same"),
    "targets of integers": (lambda: F.binary_cross_entropy_with_logits(X, X.long()), "Found dtype"),
    "a margin of zero": (lambda: F.triplet_margin_loss(X, X, X, 0), "greater than 0"),
    "points of other dimensions": (lambda: F.triplet_margin_loss(X, X[0], X), "same number of dimensions"),
    "another power": (lambda: F.multi_margin_loss(X, Y, 3), "p == 1 and p == 2"),
    "labels of another shape": (lambda: F.multilabel_margin_loss(X, Y), "of one shape"),
    "labels beyond": (lambda: F.multilabel_margin_loss(X, X.long() + 3), "out of bounds"),
    "pdist of one dimension": (lambda: F.pdist(X[0]), "2D"),
    "cosine of integers": (lambda: F.cosine_similarity(Y, Y, 0), "floats"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case):
    call, said = REFUSED[case]
    with pytest.raises(T.TensorError, match=said):
        call()


# --- connectionist temporal classification


def test_a_loss_of_paths_is_that_of_all_of_them():
    """Three steps, one label: it may be seen at any of them, in a row."""
    log_probs = T.randn(3, 1, 2, dtype=T.float64).log_softmax(-1)
    p = log_probs.exp().numpy()[:, 0]
    paths = [(1, 1, 1), (0, 1, 1), (1, 1, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)]
    expected = -math.log(sum(p[0, a] * p[1, b] * p[2, c] for a, b, c in paths))
    assert F.ctc_loss(log_probs, T.tensor([[1]]), [3], [1]).item() == pytest.approx(expected)


def test_the_gradient_is_that_of_the_loss_without_a_softmax_too():
    log_probs = T.randn(6, 3, 4, dtype=T.float64, requires_grad=True)
    targets = T.tensor([[1, 2], [1, 1], [3, 0]])
    assert T.autograd.gradcheck(lambda x: F.ctc_loss(x, targets, (6, 5, 3), [2, 2, 1], reduction="none"), [log_probs])


def test_what_does_not_fit_its_time_costs_infinity_or_nothing():
    log_probs = T.zeros(2, 1, 3).log_softmax(-1).requires_grad_()
    assert F.ctc_loss(log_probs, T.tensor([[1, 1]]), [2], [2]).item() == math.inf
    loss = F.ctc_loss(log_probs, T.tensor([[1, 1]]), [2], [2], zero_infinity=True)
    loss.backward()
    assert loss.item() == 0
    assert not log_probs.grad.any()


P = T.zeros(2, 1, 3)
CTC_REFUSED = {
    "a label beyond": (lambda: F.ctc_loss(P, T.tensor([[3]]), [2], [1]), "labels must be"),
    "a blank beyond": (lambda: F.ctc_loss(P, T.tensor([[1]]), [2], [1], blank=3), "label range"),
    "too long a time": (lambda: F.ctc_loss(P, T.tensor([[1]]), [3], [1]), "at most 2"),
    "lengths of another batch": (lambda: F.ctc_loss(P, T.tensor([[1]]), [2, 2], [1]), "batch_size"),
    "lengths of floats": (lambda: F.ctc_loss(P, T.tensor([[1]]), [2.0], [1]), "integral"),
    "targets of floats": (lambda: F.ctc_loss(P, T.ones(1, 1), [2], [1]), "integral"),
    "too few targets": (lambda: F.ctc_loss(P, T.tensor([[1]]), [2], [2]), "at least 2"),
    "targets that do not add up": (lambda: F.ctc_loss(P, T.tensor([1, 1]), [2], [1]), "add up"),
    "too many dimensions": (lambda: F.ctc_loss(P[None], T.tensor([[1]]), [2], [1]), "time, batch, classes"),
}


@pytest.mark.parametrize("case", CTC_REFUSED)
def test_sequences_that_do_not_fit_are_refused(case):
    call, said = CTC_REFUSED[case]
    with pytest.raises(T.TensorError, match=said):
        call()
