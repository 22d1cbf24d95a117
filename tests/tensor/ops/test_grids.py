"""Grids: images read at other places, and what is refused."""

from __future__ import annotations

import math

import pytest

import tensor as T
from tensor.nn import functional as F

IMAGE = T.arange(12.0).reshape(1, 1, 3, 4)
GRID = T.zeros(1, 2, 2, 2)
TURNED = T.tensor([[[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]])  # by half a turn


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("align_corners", [True, False])
def test_half_a_turn_reads_an_image_backwards(mode, align_corners):
    grid = F.affine_grid(TURNED, [1, 1, 3, 4], align_corners)
    out = F.grid_sample(IMAGE, grid, mode, align_corners=align_corners)
    assert T.allclose(out, IMAGE.flip(2, 3), atol=1e-5)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("place", [math.nan, math.inf, -math.inf, 1e30])
def test_places_that_are_none_read_something_finite(mode, padding_mode, place):
    image, grid = IMAGE.clone().requires_grad_(), T.full((1, 2, 2, 2), place).requires_grad_()
    out = F.grid_sample(image, grid, mode, padding_mode, False)
    out.sum().backward()
    assert all(each.isfinite().all().item() for each in (out, image.grad, grid.grad))
    if padding_mode == "zeros":
        assert out.abs().sum().item() == 0


REFUSED = {
    "mode": (lambda: F.grid_sample(IMAGE, GRID, "cubic"), T.errors.ArgumentError, "expected mode to be one of"),
    "padding": (lambda: F.grid_sample(IMAGE, GRID, padding_mode="wrap"), T.errors.ArgumentError, "padding_mode to be"),
    "dims": (lambda: F.grid_sample(IMAGE[0], GRID), T.ShapeError, "expected 4D or 5D input and grid"),
    "batch": (lambda: F.grid_sample(IMAGE, GRID.expand(2, 2, 2, 2)), T.ShapeError, "to have same batch size"),
    "last": (lambda: F.grid_sample(IMAGE, GRID[..., :1]), T.ShapeError, "expected grid to have size 2 in last"),
    "empty": (lambda: F.grid_sample(IMAGE[:, :, :0], GRID), T.ShapeError, "non-empty spatial dimensions"),
    "dtypes": (lambda: F.grid_sample(IMAGE, GRID.double(), align_corners=True), T.DtypeError, "to have same dtype"),
    "volumes": (
        lambda: F.grid_sample(IMAGE[None], T.zeros(1, 1, 1, 1, 3), "bicubic"),
        T.errors.ArgumentError,
        "only supports 4D",
    ),
    "integers": (lambda: F.affine_grid(TURNED.long(), [1, 1, 3, 4], True), T.DtypeError, "floating point type"),
    "sizes": (lambda: F.affine_grid(TURNED, [1, 3, 4], True), T.errors.UnsupportedError, "only supports 4D and 5D"),
    "matrices": (lambda: F.affine_grid(TURNED, [2, 1, 3, 4], True), T.ShapeError, r"of shape \(2, 2, 3\)"),
    "nothing": (lambda: F.affine_grid(TURNED, [1, 1, 0, 4], True), T.errors.ArgumentError, "positive output size"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_arguments_are_refused(case):
    call, error, said = REFUSED[case]
    with pytest.raises(error, match=said):
        call()


def test_the_default_of_align_corners_is_worth_a_warning():
    with pytest.warns(UserWarning, match="align_corners is False by default"):
        grid = F.affine_grid(TURNED, [1, 1, 3, 4])
    with pytest.warns(UserWarning, match="align_corners is False by default"):
        out = F.grid_sample(IMAGE, grid, "nearest")
    assert out.tolist() == IMAGE.flip(2, 3).tolist()
