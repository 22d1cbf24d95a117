"""Losses beside torch's: values, gradients, and the buffers with weights."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from tests.oracle.twins import check, floats, ints

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

REDUCTIONS = ("mean", "sum", "none")
CLASS_WEIGHTS = [0.5, 2.0, 0.25, 1.0, 3.0]


def probabilities(*shape: int, seed: int = 0) -> np.ndarray:
    return 1 / (1 + np.exp(-floats(*shape, seed=seed)))


def signs(*shape: int, seed: int = 0) -> np.ndarray:
    return np.where(floats(*shape, seed=seed) > 0, 1, -1)


def of_each_dtype(make, *inputs, targets=(), **options):
    """`check`, with targets of the input's dtype that ask for no gradient."""

    def call(module, *given):
        return module(*given[: len(inputs)], *(each.detach() for each in given[len(inputs) :]))

    check(make, *inputs, *targets, call=call, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    "make",
    [
        lambda nn, r: nn.L1Loss(reduction=r),
        lambda nn, r: nn.MSELoss(reduction=r),
        lambda nn, r: nn.SmoothL1Loss(reduction=r),
        lambda nn, r: nn.SmoothL1Loss(reduction=r, beta=0.5),
        lambda nn, r: nn.HuberLoss(reduction=r),
        lambda nn, r: nn.HuberLoss(r, 2.0),
    ],
)
def test_regression(make, reduction):
    check(lambda torch, nn: make(nn, reduction), floats(4, 3), floats(4, 3, seed=1))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("log_input", [True, False])
@pytest.mark.parametrize("full", [True, False])
def test_poisson(log_input, full, reduction):
    of_each_dtype(
        lambda torch, nn: nn.PoissonNLLLoss(log_input, full, reduction=reduction),
        probabilities(4, 3),
        targets=[ints(4, 4, 3).astype(float)],
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("variances", [(4, 3), (4, 1), (4,)])
def test_gaussian(full, variances, reduction):
    check(
        lambda torch, nn: nn.GaussianNLLLoss(full=full, reduction=reduction),
        floats(4, 3),
        floats(4, 3, seed=1),
        probabilities(*variances),
    )


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
@pytest.mark.parametrize("log_target", [True, False])
def test_kl_div(log_target, reduction):
    target = probabilities(4, 3, seed=1)
    check(
        lambda torch, nn: nn.KLDivLoss(reduction=reduction, log_target=log_target),
        np.log(probabilities(4, 3)),
        np.log(target) if log_target else target,
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.0]])
def test_binary_cross_entropy(weight, reduction):
    of_each_dtype(
        lambda torch, nn: nn.BCELoss(None if weight is None else torch.tensor(weight), reduction=reduction),
        probabilities(4, 3),
        targets=[ints(2, 4, 3).astype(float)],
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, [0.5, 2.0, 1.0]])
@pytest.mark.parametrize("pos_weight", [None, [3.0, 0.25, 1.0]])
def test_binary_cross_entropy_with_logits(pos_weight, weight, reduction):
    def make(torch, nn):
        given = [None if each is None else torch.tensor(each) for each in (weight, pos_weight)]
        return nn.BCEWithLogitsLoss(given[0], reduction=reduction, pos_weight=given[1])

    of_each_dtype(make, 5 * floats(4, 3), targets=[ints(2, 4, 3).astype(float)])


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(5,), (4, 5), (4, 5, 2, 3)])
@pytest.mark.parametrize("ignore_index", [-100, 1])
@pytest.mark.parametrize("weight", [None, CLASS_WEIGHTS])
@pytest.mark.parametrize(
    "make",
    [
        lambda nn, *a, **k: nn.NLLLoss(*a, **k),
        lambda nn, *a, **k: nn.CrossEntropyLoss(*a, **k),
        lambda nn, *a, **k: nn.CrossEntropyLoss(*a, label_smoothing=0.1, **k),
    ],
)
def test_classes(make, weight, ignore_index, shape, reduction):
    target = ints(5, *shape[:1], *shape[2:]) if len(shape) > 1 else np.asarray(3)
    check(
        lambda torch, nn: make(
            nn, None if weight is None else torch.tensor(weight), ignore_index=ignore_index, reduction=reduction
        ),
        floats(*shape),
        target,
        modes=["train"],
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(5,), (4, 5), (4, 5, 2)])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_class_probabilities(smoothing, shape, reduction):
    check(
        lambda torch, nn: nn.CrossEntropyLoss(
            torch.tensor(CLASS_WEIGHTS), reduction=reduction, label_smoothing=smoothing
        ),
        floats(*shape),
        probabilities(*shape),
        modes=["train"],
    )


@pytest.mark.parametrize("out_features", [(), (2, 3)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("weight", [None, CLASS_WEIGHTS])
def test_linear_cross_entropy(weight, bias, out_features):
    check(
        lambda torch, nn: nn.LinearCrossEntropyLoss(
            3, 5, out_features=out_features, bias=bias, weight=None if weight is None else torch.tensor(weight)
        ),
        floats(4, 3),
        ints(5, 4, *out_features),
    )


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    ("make", "inputs", "target"),
    [
        (lambda torch, nn, r: nn.HingeEmbeddingLoss(reduction=r), [floats(4, 3)], signs(4, 3, seed=1)),
        (lambda torch, nn, r: nn.HingeEmbeddingLoss(0.5, reduction=r), [floats(4, 3)], signs(4, 3, seed=1)),
        (lambda torch, nn, r: nn.SoftMarginLoss(reduction=r), [floats(4, 3)], signs(4, 3, seed=1)),
        (lambda torch, nn, r: nn.MarginRankingLoss(reduction=r), [floats(4), floats(4, seed=1)], signs(4, seed=2)),
        (lambda torch, nn, r: nn.MarginRankingLoss(0.5, reduction=r), [floats(4), floats(4, seed=1)], signs(4)),
        (lambda torch, nn, r: nn.CosineEmbeddingLoss(reduction=r), [floats(4, 3), floats(4, 3, seed=1)], signs(4)),
        (lambda torch, nn, r: nn.CosineEmbeddingLoss(0.2, reduction=r), [floats(3), floats(3, seed=1)], signs(1)[0]),
        (lambda torch, nn, r: nn.MultiMarginLoss(reduction=r), [floats(4, 5)], ints(5, 4)),
        (
            lambda torch, nn, r: nn.MultiMarginLoss(2, 0.5, torch.tensor(CLASS_WEIGHTS), reduction=r),
            [floats(4, 5)],
            ints(5, 4),
        ),
        (
            lambda torch, nn, r: nn.MultiLabelMarginLoss(reduction=r),
            [floats(2, 4)],
            np.array([[3, 0, -1, 1], [1, -1, -1, -1]]),
        ),
        (
            lambda torch, nn, r: nn.MultiLabelSoftMarginLoss(torch.tensor(CLASS_WEIGHTS), reduction=r),
            [floats(4, 5)],
            ints(2, 4, 5),
        ),
        (lambda torch, nn, r: nn.MultiLabelSoftMarginLoss(reduction=r), [floats(4, 5)], ints(2, 4, 5)),
    ],
)
def test_margins(make, inputs, target, reduction):
    check(lambda torch, nn: make(torch, nn, reduction), *inputs, np.asarray(target))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(
    "make",
    [
        lambda nn, r: nn.TripletMarginLoss(reduction=r),
        lambda nn, r: nn.TripletMarginLoss(0.5, p=1, eps=1e-3, swap=True, reduction=r),
        lambda nn, r: nn.TripletMarginWithDistanceLoss(reduction=r),
        lambda nn, r: nn.TripletMarginWithDistanceLoss(distance_function=nn.CosineSimilarity(), swap=True, reduction=r),
        lambda nn, r: nn.TripletMarginWithDistanceLoss(
            distance_function=lambda a, b: (a - b).abs().amax(1), margin=2.0, reduction=r
        ),
    ],
)
def test_triplets(make, reduction):
    check(lambda torch, nn: make(nn, reduction), floats(4, 3), floats(4, 3, seed=1), floats(4, 3, seed=2))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("zero_infinity", [True, False])
def test_ctc(zero_infinity, reduction):
    check(
        lambda torch, nn: nn.CTCLoss(1, reduction, zero_infinity),
        floats(7, 3, 5),
        np.array([[2, 3, 4, 2], [3, 3, 0, 0], [2, 4, 0, 0]]),
        np.array([7, 6, 5]),
        np.array([4, 2, 1]),
        call=lambda module, x, *rest: module(x.log_softmax(-1), *rest),
    )


@pytest.mark.parametrize(
    ("size_average", "reduce", "reduction"),
    [(None, False, "none"), (False, None, "sum"), (True, True, "mean"), (False, True, "sum"), (True, False, "none")],
)
def test_old_arguments(size_average, reduce, reduction):
    for library in (torch, tensor):
        with pytest.warns(UserWarning, match=f"reduction='{reduction}'"):
            loss = library.nn.MSELoss(size_average, reduce)
        assert loss.reduction == reduction
        with pytest.warns(UserWarning, match=f"reduction='{reduction}'"):
            loss = library.nn.NLLLoss(None, size_average, -1, reduce)
        assert (loss.reduction, loss.ignore_index) == (reduction, -1)


@pytest.mark.parametrize(
    "make",
    [
        lambda torch: torch.nn.MultiMarginLoss(p=3),
        lambda torch: torch.nn.MultiMarginLoss(weight=torch.ones(2, 2)),
        lambda torch: torch.nn.TripletMarginLoss(margin=0.0),
        lambda torch: torch.nn.TripletMarginWithDistanceLoss(margin=-1.0),
        lambda torch: torch.nn.HuberLoss(delta="1"),
        lambda torch: torch.nn.HuberLoss(delta=0)(torch.ones(2), torch.ones(2)),
        lambda torch: torch.nn.LinearCrossEntropyLoss(2, 3, weight=torch.ones(2)),
        lambda torch: torch.nn.LinearCrossEntropyLoss(2, 3, label_smoothing=1.5),
        lambda torch: torch.nn.MSELoss(reduction="median")(torch.ones(2), torch.ones(2)),
        lambda torch: torch.nn.BCELoss()(torch.ones(2), torch.ones(3)),
        lambda torch: torch.nn.BCELoss()(2 * torch.ones(2), torch.ones(2)),
        lambda torch: torch.nn.BCEWithLogitsLoss()(torch.ones(2), torch.ones(3)),
        lambda torch: torch.nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([0, 3])),
        lambda torch: torch.nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([0, 1, 2])),
        lambda torch: torch.nn.CrossEntropyLoss(torch.ones(2))(torch.ones(2, 3), torch.tensor([0, 1])),
        lambda torch: torch.nn.CrossEntropyLoss(label_smoothing=2.0)(torch.ones(2, 3), torch.tensor([0, 1])),
        lambda torch: torch.nn.GaussianNLLLoss()(torch.ones(2), torch.ones(2), -torch.ones(2)),
    ],
)
def test_both_refuse(make):
    for library in (torch, tensor):
        with pytest.raises((RuntimeError, ValueError, IndexError, TypeError)):
            make(library)


def test_private_bases_that_model_files_import():
    from tensor.nn.modules.loss import _Loss, _WeightedLoss

    assert issubclass(_WeightedLoss, _Loss)
    assert isinstance(tensor.nn.CrossEntropyLoss(), _WeightedLoss)
