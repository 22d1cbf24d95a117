"""`finfo` and `iinfo` against torch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

import tensor as T  # noqa: E402

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_finfo(name: str) -> None:
    ours, theirs = T.finfo(getattr(T, name)), torch.finfo(getattr(torch, name))
    for field in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "dtype"):
        assert getattr(ours, field) == getattr(theirs, field), field


@pytest.mark.parametrize("name", ["uint8", "int8", "int16", "int32", "int64"])
def test_iinfo(name: str) -> None:
    ours, theirs = T.iinfo(getattr(T, name)), torch.iinfo(getattr(torch, name))
    for field in ("bits", "max", "min", "dtype"):
        assert getattr(ours, field) == getattr(theirs, field), field


def test_the_wrong_kind_is_refused() -> None:
    for ours, theirs, name in ((T.finfo, torch.finfo, "int32"), (T.iinfo, torch.iinfo, "float32")):
        with pytest.raises(TypeError):
            theirs(getattr(torch, name))
        with pytest.raises(TypeError):
            ours(getattr(T, name))
