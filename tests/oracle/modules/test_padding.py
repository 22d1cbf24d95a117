"""Padding layers beside torch's."""

from __future__ import annotations

import pytest

from tests.oracle.twins import check, floats

pytestmark = pytest.mark.oracle

WIDTHS = (1, 2, 0, 3, 2, 1)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Zero", "Reflection", "Replication", "Circular"])
@pytest.mark.parametrize("batched", [True, False])
def test_pads(kind, dims, batched):
    input = floats(2, 3, *(6, 5, 4)[-dims:])
    for widths in (2, WIDTHS[: 2 * dims], (-1, 1, 1, 0, -1, 0)[: 2 * dims]):
        check(lambda torch, nn, widths=widths: getattr(nn, f"{kind}Pad{dims}d")(widths), input if batched else input[0])


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_constant_pads(dims):
    for widths in (1, WIDTHS[: 2 * dims]):
        make = lambda torch, nn, widths=widths: getattr(nn, f"ConstantPad{dims}d")(widths, -1.5)  # noqa: E731
        check(make, floats(2, 3, 4, 5))
