"""Initialisers beside torch's: equal where nothing is drawn, else the same distribution."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import tensor
from tensor.nn import init

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(
    ("fill", "shape"),
    [
        (lambda init, w: init.constant_(w, 0.3), (2, 3)),
        (lambda init, w: init.ones_(w), (2, 3)),
        (lambda init, w: init.zeros_(w), (2, 3)),
        (lambda init, w: init.eye_(w), (2, 3)),
        (lambda init, w: init.dirac_(w), (4, 3, 3)),
        (lambda init, w: init.dirac_(w), (3, 4, 2, 5)),
        (lambda init, w: init.dirac_(w, groups=2), (6, 2, 3, 3)),
        (lambda init, w: init.dirac_(w, 3), (6, 2, 3, 1, 2)),
    ],
)
def test_what_is_not_drawn(fill, shape):
    mine = fill(init, tensor.full(shape, 7.0))
    np.testing.assert_array_equal(mine.numpy(), fill(torch.nn.init, torch.full(shape, 7.0)).numpy())


NONLINEARITIES = [
    "linear", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "sigmoid",
    "tanh", "relu", "leaky_relu", "selu",
]  # fmt: skip


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
def test_gains(nonlinearity):
    for param in (None, 0.3, 2):
        assert init.calculate_gain(nonlinearity, param) == torch.nn.init.calculate_gain(nonlinearity, param)


DRAWN = [
    (lambda init, w: init.uniform_(w, -1, 3), (300, 200)),
    (lambda init, w: init.normal_(w, 2, 0.5), (300, 200)),
    (lambda init, w: init.trunc_normal_(w, std=0.02), (300, 200)),
    (lambda init, w: init.trunc_normal_(w), (300, 200)),
    (lambda init, w: init.trunc_normal_(w, 1.0, 2.0, -1.0, 0.5), (300, 200)),
    (lambda init, w: init.trunc_normal_(w, 0.0, 1.0, 1.5, 4.0), (300, 200)),
    (lambda init, w: init.xavier_uniform_(w), (300, 20, 10)),
    (lambda init, w: init.xavier_uniform_(w, gain=2), (300, 200)),
    (lambda init, w: init.xavier_normal_(w, init.calculate_gain("tanh")), (300, 20, 2, 5)),
    (lambda init, w: init.kaiming_uniform_(w), (300, 200)),
    (lambda init, w: init.kaiming_uniform_(w, a=math.sqrt(5)), (300, 20, 2, 5)),
    (lambda init, w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"), (300, 20, 10)),
    (lambda init, w: init.kaiming_normal_(w, 0.2, "FAN_IN"), (300, 200)),
    (lambda init, w: init.sparse_(w, 0.3, std=0.5), (300, 200)),
    (lambda init, w: init.orthogonal_(w, gain=3), (300, 20, 10)),
]


@pytest.mark.parametrize(("fill", "shape"), DRAWN)
def test_distributions(fill, shape):
    """60,000 values of each with fixed seeds: equal mean, spread, and quantiles within a few of their errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tensor.manual_seed(1)
        torch.manual_seed(1)
        mine = fill(init, tensor.empty(*shape)).numpy()
        theirs = fill(torch.nn.init, torch.empty(*shape)).numpy()
    spread = theirs.std()
    assert abs(mine.mean() - theirs.mean()) < 0.02 * spread
    assert abs(mine.std() / spread - 1) < 0.02
    shares = np.linspace(0.05, 0.95, 19)
    assert np.abs(np.quantile(mine, shares) - np.quantile(theirs, shares)).max() < 0.05 * spread
    assert abs(mine.min() - theirs.min()) < 1.5 * spread
    assert abs(mine.max() - theirs.max()) < 1.5 * spread


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("bounds", [(-0.1, 0.1), (-2.0, 2.0), (0.3, 0.7)])
def test_truncated_values_are_within_the_bounds(bounds, dtype):
    tensor.manual_seed(0)
    values = init.trunc_normal_(tensor.empty(5000, dtype=getattr(tensor, dtype)), 0.0, 0.3, *bounds)
    low, high = (torch.tensor(bound, dtype=getattr(torch, dtype)).item() for bound in bounds)
    assert low <= values.min().item()
    assert values.max().item() <= high


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (6, 2, 2), (2, 3, 2)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_orthogonal(shape, dtype):
    tensor.manual_seed(0)
    w = init.orthogonal_(tensor.empty(*shape, dtype=getattr(tensor, dtype)), gain=2).numpy().reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("sparsity", [0, 0.1, 0.5, 1])
def test_sparse_has_as_many_zeros_in_each_column(sparsity):
    for library in (tensor, torch):
        zeros = (library.nn.init.sparse_(library.ones(7, 5), sparsity).numpy() == 0).sum(0)
        assert zeros.tolist() == [math.ceil(7 * sparsity)] * 5


def test_old_names():
    names = ["uniform", "normal", "eye", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"]
    for library in (tensor, torch):
        for name in [*names, "orthogonal"]:
            with pytest.warns(FutureWarning, match=f"nn.init.{name}"):
                getattr(library.nn.init, name)(library.empty(2, 3))
        with pytest.warns(FutureWarning):
            library.nn.init.sparse(library.empty(2, 3), 0.5)
        with pytest.warns(FutureWarning):
            library.nn.init.dirac(library.empty(2, 3, 3))


def test_all_public_names_are_there():
    assert [name for name in torch.nn.init.__all__ if not hasattr(init, name)] == []


@pytest.mark.parametrize(
    "fill",
    [
        lambda torch: torch.nn.init.eye_(torch.empty(3)),
        lambda torch: torch.nn.init.dirac_(torch.empty(3, 3)),
        lambda torch: torch.nn.init.dirac_(torch.empty(3, 3, 3), 2),
        lambda torch: torch.nn.init.orthogonal_(torch.empty(3)),
        lambda torch: torch.nn.init.sparse_(torch.empty(3), 0.1),
        lambda torch: torch.nn.init.xavier_uniform_(torch.empty(3)),
        lambda torch: torch.nn.init.kaiming_normal_(torch.empty(3)),
        lambda torch: torch.nn.init.kaiming_normal_(torch.empty(3, 3), mode="fan"),
        lambda torch: torch.nn.init.calculate_gain("swish"),
        lambda torch: torch.nn.init.calculate_gain("leaky_relu", "steep"),
    ],
)
def test_both_refuse(fill):
    for library in (torch, tensor):
        with pytest.raises(ValueError):
            fill(library)
