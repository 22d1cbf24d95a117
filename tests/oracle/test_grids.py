"""Grids beside torch's: whole transformations, and places where pixels end, which samples keep away from."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import tensor
from tests.oracle.twins import floats

pytestmark = pytest.mark.oracle

torch = pytest.importorskip("torch")

# On pixels' centres and sides, on the image's own and beyond. (What is not finite crashes torch.)
PLACES = [-3, -1.5, -1, -0.75, -0.5, 0, 0.5, 1, 1.25, 2.5, 7]


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("sizes", [(4, 5), (1, 2)])
def test_places_on_the_borders_of_pixels(mode, padding_mode, align_corners, sizes):
    grid = np.array([*itertools.product(PLACES, PLACES)]).reshape(1, len(PLACES), len(PLACES), 2)
    image = floats(1, 2, *sizes)
    results = []
    for t in (tensor, torch):
        x = t.tensor(image).requires_grad_()
        g = t.tensor(grid)
        out = t.nn.functional.grid_sample(x, g, mode, padding_mode, align_corners)
        out.backward(t.tensor(floats(*out.shape)))
        results.append([out.detach().numpy(), x.grad.numpy()])
    for mine, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align_corners", [True, False])
def test_no_gradient_flows_to_a_grid_that_was_moved_inside(padding_mode, align_corners):
    grid = np.array([*itertools.product(PLACES, PLACES)]).reshape(1, len(PLACES), len(PLACES), 2)
    gradients = []
    for t in (tensor, torch):
        g = t.tensor(grid).requires_grad_()
        x = t.tensor(floats(1, 2, 4, 5))
        t.nn.functional.grid_sample(x, g, "bilinear", padding_mode, align_corners).sum().backward()
        gradients.append(g.grad.numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("size", [(2, 3, 4, 5), (2, 3, 1, 4), (2, 1, 3, 4, 2)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_affine_grids(align_corners, size, dtype):
    dims = len(size) - 2
    results = []
    for t in (tensor, torch):
        theta = t.tensor(floats(2, dims, dims + 1).astype(dtype)).requires_grad_()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            grid = t.nn.functional.affine_grid(theta, size, align_corners=align_corners)
        (grid * t.tensor(floats(*grid.shape).astype(dtype))).sum().backward()
        results.append([grid.detach().numpy(), theta.grad.numpy()])
    for mine, theirs in zip(*results, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_allclose(mine, theirs, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6)
