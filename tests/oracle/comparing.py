"""Running a sample in both libraries, and how far apart the results are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import tensor as T
from tests.samples import Draw, Sample

# The largest difference allowed, relative to the largest element.
TOLERANCES = {"float64": 1e-10, "float32": 1e-5, "float16": 2e-3, "bfloat16": 1.6e-2}


@dataclass
class Seen:
    """What was compared in one family of operations: how often, and the largest relative difference per dtype."""

    cases: int = 0
    refused: int = 0
    worst: dict[str, float] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.worst = defaultdict(float)


SEEN: defaultdict[str, Seen] = defaultdict(Seen)


def to_torch(array: np.ndarray, *, requires_grad: bool = False) -> torch.Tensor:
    """A copy of an array as a tensor of torch's."""
    if array.dtype.name == "bfloat16":
        made = torch.tensor(array.view(np.int16)).view(torch.bfloat16)
    else:
        made = torch.tensor(array)
    return made.requires_grad_(requires_grad)


def to_array(tensor: Any) -> np.ndarray:
    """A tensor of either library as an array: floats in float64."""
    detached = tensor.detach()
    if isinstance(detached, torch.Tensor) and detached.is_floating_point():
        detached = detached.double()
    array = np.asarray(detached.numpy())
    return array.astype(np.float64) if array.dtype.kind in "fV" else array


def leaves(result: Any) -> list[Any]:
    """The tensors and values in a result, in order."""
    if isinstance(result, tuple | list):
        return [leaf for each in result for leaf in leaves(each)]
    return [result]


def difference(ours: np.ndarray, theirs: np.ndarray, *, floor: float) -> float:
    """The largest difference of two arrays of one shape, relative to the largest finite element, or to `floor`."""
    assert np.array_equal(np.isnan(ours), np.isnan(theirs)), f"nan in other places:\n{ours}\n{theirs}"
    infinite = np.isinf(theirs) | np.isinf(ours)
    assert np.array_equal(ours[infinite], theirs[infinite]), f"other infinities:\n{ours}\n{theirs}"
    finite = np.isfinite(theirs)
    if not finite.any():
        return 0.0
    scale = max(np.abs(theirs[finite]).max(), floor)
    return float(np.abs(ours[finite] - theirs[finite]).max() / scale)


def assert_close(ours: Any, theirs: Any, *, family: str, tolerance: float = 1.0, floor: float = 1e-2) -> None:
    """Raise unless two results have the same structure, shapes and dtypes, and nearly the same values."""
    pairs = list(zip(leaves(ours), leaves(theirs), strict=True))
    for mine, yours in pairs:
        if not isinstance(yours, torch.Tensor):
            assert mine == yours
            continue
        name = str(yours.dtype).removeprefix("torch.")
        assert str(mine.dtype).removeprefix("tensor.") == name
        assert tuple(mine.shape) == tuple(yours.shape)
        a, b = to_array(mine), to_array(yours)
        if not yours.is_floating_point():
            assert np.array_equal(a, b), f"ours:\n{a}\ntheirs:\n{b}"
            continue
        # Half precision loses what is small beside the operands, which are of size 1: there sums cancel.
        apart = difference(a, b, floor=1.0 if name in ("float16", "bfloat16") else floor)
        seen = SEEN[family]
        seen.worst[name] = max(seen.worst[name], apart)
        allowed = TOLERANCES[name] * tolerance
        assert apart <= allowed, f"{name}: {apart:.3g} apart, allowed {allowed:.3g}\nours:\n{a}\ntheirs:\n{b}"


def compare(sample: Sample, draw: Draw, *, family: str, tolerance: float = 1.0) -> None:
    """Compute a sample in both libraries, and compare values, dtypes, shapes, gradients and the in-place variant.

    What torch refuses we refuse; what it has no kernel for (`not implemented for 'Half'`) is not compared.
    """
    wanted = [sample.wants_gradient(at) for at in range(len(sample.arrays))]
    theirs_in = [to_torch(each, requires_grad=want) for each, want in zip(sample.arrays, wanted, strict=True)]
    ours_in = [T.tensor(each, requires_grad=want) for each, want in zip(sample.arrays, wanted, strict=True)]
    seen = SEEN[family]
    try:
        theirs = sample.fn(torch, *theirs_in)
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        if "not implemented" in str(error) or "not supported" in str(error):
            return
        seen.refused += 1
        with _raises_for_users(error):
            sample.fn(T, *ours_in)
        return
    ours = sample.fn(T, *ours_in)
    seen.cases += 1
    assert_close(ours, theirs, family=family, tolerance=tolerance)
    if sample.gradients:
        _compare_gradients(leaves(ours), leaves(theirs), ours_in, theirs_in, draw, family, tolerance)
    if sample.inplace is not None:
        _compare_inplace(sample, wanted, family, tolerance)


def _compare_gradients(
    ours: Sequence[Any],
    theirs: Sequence[Any],
    ours_in: Sequence[Any],
    theirs_in: Sequence[Any],
    draw: Draw,
    family: str,
    tolerance: float,
) -> None:
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if isinstance(b, torch.Tensor)]
    for mine, yours in pairs:
        assert mine.requires_grad == yours.requires_grad
    roots = [(mine, yours) for mine, yours in pairs if yours.requires_grad]
    if not roots:
        return
    seeds = [draw.random.normal(size=tuple(yours.shape)) for _, yours in roots]
    try:
        torch.autograd.backward(
            [yours for _, yours in roots],
            [torch.tensor(seed).to(yours.dtype) for seed, (_, yours) in zip(seeds, roots, strict=True)],
        )
    except (RuntimeError, NotImplementedError) as error:
        if "not implemented" in str(error):
            return
        raise
    T.autograd.backward(
        [mine for mine, _ in roots],
        [T.tensor(seed).to(mine.dtype) for seed, (mine, _) in zip(seeds, roots, strict=True)],
    )
    for mine, yours in zip(ours_in, theirs_in, strict=True):
        if yours.requires_grad:
            assert (mine.grad is None) == (yours.grad is None)
            if yours.grad is not None:
                # Two rounded operations follow each other where one did forward; and what arrived was of size 1.
                assert_close(mine.grad, yours.grad, family=family, tolerance=tolerance * 4, floor=1.0)


def _compare_inplace(sample: Sample, wanted: Sequence[bool], family: str, tolerance: float) -> None:
    assert sample.inplace is not None
    inputs = []
    for make in (T.tensor, to_torch):
        leaves_in = [make(each, requires_grad=want) for each, want in zip(sample.arrays, wanted, strict=True)]
        target = leaves_in[0].clone()
        inputs.append((leaves_in, target, [target, *leaves_in[1:]]))
    (ours_in, ours_target, ours_all), (theirs_in, theirs_target, theirs_all) = inputs
    try:
        theirs = sample.inplace(torch, *theirs_all)
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        if "not implemented" not in str(error):
            with _raises_for_users(error):
                sample.inplace(T, *ours_all)
        return
    ours = sample.inplace(T, *ours_all)
    assert ours is ours_target
    assert theirs is theirs_target
    assert ours._version > 0
    assert_close(ours, theirs, family=family, tolerance=tolerance)
    if sample.gradients and theirs.requires_grad:
        ours.sum().backward()
        theirs.sum().backward()
        for mine, yours in zip(ours_in, theirs_in, strict=True):
            if yours.requires_grad and yours.grad is not None:
                assert_close(mine.grad, yours.grad, family=family, tolerance=tolerance * 4, floor=1.0)


class _raises_for_users:
    """Expect an error that a handler of torch's would catch as well."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: object) -> bool:
        assert error is not None, f"torch raises {type(self.error).__name__}: {self.error}"
        assert isinstance(error, T.TensorError | type(self.error)), f"{error!r} where torch raises {self.error!r}"
        return True
