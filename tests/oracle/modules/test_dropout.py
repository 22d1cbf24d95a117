"""Dropout beside torch's: what it keeps, how often it drops, and what it refuses."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tensor
from tests.oracle.twins import check, floats

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

LAYERS = [
    ("Dropout", (4, 5)),
    ("Dropout1d", (2, 3, 4)),
    ("Dropout1d", (3, 4)),
    ("Dropout2d", (2, 3, 4, 5)),
    ("Dropout3d", (2, 3, 2, 2, 2)),
    ("Dropout3d", (3, 2, 2, 2)),
    ("AlphaDropout", (4, 5)),
    ("FeatureAlphaDropout", (2, 3, 4)),
]


@pytest.mark.parametrize(("name", "shape"), LAYERS)
@pytest.mark.parametrize("p", [0.3, 0, 1.0])
@pytest.mark.parametrize("inplace", [False, True])
def test_what_does_not_depend_on_chance(name, shape, p, inplace):
    check(
        lambda torch, nn: getattr(nn, name)(p, inplace=inplace),
        floats(*shape),
        call=lambda module, x: module(x * 1),
        modes=["train", "eval"] if p in (0, 1) else ["eval"],
    )


@pytest.mark.parametrize("name", [name for name, _ in LAYERS if "Alpha" not in name])
def test_what_writes_over_its_input(name):
    shape = dict(LAYERS)[name]
    for library in (torch, tensor):
        library.manual_seed(0)
        module = getattr(library.nn, name)(0.5, True)
        x = library.ones(*shape)
        out = module(x)
        assert out.data_ptr() == x.data_ptr()
        assert set(np.unique(x.numpy())) <= {0.0, 2.0}


@pytest.mark.parametrize("name", [name for name, _ in LAYERS])
def test_distribution(name):
    """Twice as many standard errors as a fixed seed needs: the same shares, values and whole channels in both."""
    p, drops = 0.3, 20_000
    whole = name in ("Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout")
    inner = {"Dropout2d": (2, 1), "Dropout3d": (2, 1, 1)}.get(name, (2,))
    shape = (drops // 10, 10, *inner) if whole else (drops // 10, 10)
    values = []
    for library in (torch, tensor):
        library.manual_seed(1)
        out = getattr(library.nn, name)(p)(library.ones(*shape)).numpy()
        if whole:
            assert (out.reshape(drops, -1) == out.reshape(drops, -1)[:, :1]).all()
        dropped = out < np.float32(0.9)
        assert abs(dropped.mean() - p) < 4 * np.sqrt(p * (1 - p) / drops)
        values.append(np.unique(out))
    np.testing.assert_allclose(*values, rtol=1e-6)


def test_images_without_a_batch_are_taken_as_torch_does():
    for library in (torch, tensor):
        library.manual_seed(0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            library.nn.Dropout2d()(library.ones(3, 4, 5))
        assert len(caught) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda torch: torch.nn.Dropout(1.5),
        lambda torch: torch.nn.Dropout2d(-0.1),
        lambda torch: torch.nn.AlphaDropout(p=2),
        lambda torch: torch.nn.Dropout1d()(torch.ones(3)),
        lambda torch: torch.nn.FeatureAlphaDropout()(torch.ones(3)),
    ],
)
def test_both_refuse(make):
    for library in (torch, tensor):
        with pytest.raises((RuntimeError, ValueError)):
            make(library)
