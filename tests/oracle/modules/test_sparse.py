"""Lookup tables and distances beside torch's."""

from __future__ import annotations

import numpy as np
import pytest

import tensor
from tests.oracle.twins import check, floats, ints

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ((6, 4), {}),
        ((6, 4), {"padding_idx": 2}),
        ((6, 4, -1), {}),
        ((6, 4), {"max_norm": 1.0}),
        ((6, 4), {"max_norm": 1.5, "norm_type": 1.0}),
        ((6, 4, 3, 1.0, 2.0, True), {}),
        ((6, 4), {"scale_grad_by_freq": True}),
    ],
)
@pytest.mark.parametrize("shape", [(5,), (2, 7), ()])
def test_embedding(arguments, options, shape):
    check(lambda torch, nn: nn.Embedding(*arguments, **options), np.asarray(ints(6, *shape)))


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize(
    "options", [{}, {"padding_idx": 2}, {"padding_idx": -1}, {"max_norm": 1.0}, {"max_norm": 1.0, "norm_type": 1.0}]
)
def test_embedding_bag(mode, options):
    make = lambda torch, nn: nn.EmbeddingBag(6, 4, mode=mode, **options)  # noqa: E731
    check(make, ints(6, 3, 5))
    check(make, ints(6, 9), np.array([0, 4, 4]))


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_embedding_bag_scaled_by_frequency(mode):
    """Beside torch's `Embedding`: its bags divide by the frequencies of other rows (pytorch 2.13, CPU)."""
    numbers, vectors = ints(6, 3, 5), floats(6, 4)
    gradients = []
    for library, name in ((tensor, "EmbeddingBag"), (torch, "Embedding")):
        options = {"mode": mode} if library is tensor else {}
        table = getattr(library.nn, name)(6, 4, scale_grad_by_freq=True, _weight=library.tensor(vectors), **options)
        out = table(library.tensor(numbers))
        out = out if library is tensor else getattr(out, mode)(1)
        (out * library.tensor(floats(3, 4))).sum().backward()
        gradients.append(table.weight.grad.numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-12)


def test_embedding_bag_with_weights_of_samples():
    check(
        lambda torch, nn: nn.EmbeddingBag(6, 4, mode="sum", include_last_offset=True),
        ints(6, 9),
        np.array([0, 4, 4, 9]),
        floats(9),
        call=lambda module, numbers, offsets, weights: module(numbers, offsets, per_sample_weights=weights),
    )


@pytest.mark.parametrize("freeze", [True, False])
def test_given_vectors(freeze):
    def embedding(torch, nn):
        return nn.Embedding.from_pretrained(torch.tensor(floats(6, 4).tolist()), freeze, padding_idx=1, max_norm=2.0)

    def bag(torch, nn):
        return nn.EmbeddingBag.from_pretrained(
            torch.tensor(floats(6, 4).tolist()), freeze, mode="sum", include_last_offset=True, padding_idx=1
        )

    check(embedding, ints(6, 2, 3), gradients=not freeze)
    check(bag, ints(6, 5), np.array([0, 2, 5]), gradients=not freeze)
    for make in (embedding, bag):
        assert make(tensor, tensor.nn).weight.requires_grad is not freeze


def test_vectors_are_shared_not_copied():
    vectors = tensor.ones(3, 2)
    for kind in (tensor.nn.Embedding, tensor.nn.EmbeddingBag):
        assert kind.from_pretrained(vectors).weight.data_ptr() == vectors.data_ptr()


def test_initial_vectors():
    tensor.manual_seed(2)
    for kind in (tensor.nn.Embedding, tensor.nn.EmbeddingBag):
        values = kind(200, 100, padding_idx=7).weight.detach().numpy()
        assert not values[7].any()
        rest = np.delete(values, 7, 0)
        assert abs(rest.mean()) < 0.03
        assert abs(rest.std() - 1) < 0.03


@pytest.mark.parametrize(
    "make",
    [
        lambda torch: torch.nn.Embedding(3, 2, padding_idx=3),
        lambda torch: torch.nn.EmbeddingBag(3, 2, padding_idx=-4),
        lambda torch: torch.nn.Embedding(3, 2, _weight=torch.ones(2, 2)),
        lambda torch: torch.nn.Embedding.from_pretrained(torch.ones(3)),
        lambda torch: torch.nn.EmbeddingBag.from_pretrained(torch.ones(3)),
        lambda torch: torch.nn.Embedding(3, 2)(torch.tensor([3])),
        lambda torch: torch.nn.Embedding(3, 2)(torch.tensor([1.0])),
        lambda torch: torch.nn.EmbeddingBag(3, 2)(torch.tensor([1, 2])),
        lambda torch: torch.nn.EmbeddingBag(3, 2, mode="median")(torch.tensor([[1, 2]])),
        lambda torch: torch.nn.EmbeddingBag(3, 2, mode="max", scale_grad_by_freq=True)(torch.tensor([[1, 2]])),
        lambda torch: torch.nn.EmbeddingBag(3, 2)(torch.tensor([[1, 2]]), per_sample_weights=torch.ones(1, 2)),
    ],
)
def test_both_refuse(make):
    for library in (torch, tensor):
        with pytest.raises((RuntimeError, ValueError, IndexError, TypeError, AssertionError, NotImplementedError)):
            make(library)


@pytest.mark.parametrize(
    ("make", "shapes"),
    [
        (lambda nn: nn.CosineSimilarity(), [(4, 5), (4, 5)]),
        (lambda nn: nn.CosineSimilarity(dim=-1, eps=1e-3), [(2, 4, 5), (4, 5)]),
        (lambda nn: nn.CosineSimilarity(0), [(5,), (5,)]),
        (lambda nn: nn.PairwiseDistance(), [(4, 5), (4, 5)]),
        (lambda nn: nn.PairwiseDistance(1, keepdim=True), [(4, 5), (1, 5)]),
        (lambda nn: nn.PairwiseDistance(p=3, eps=1e-2), [(5,), (5,)]),
    ],
)
def test_distances(make, shapes):
    check(lambda torch, nn: make(nn), *(floats(*shape, seed=seed) for seed, shape in enumerate(shapes)))
