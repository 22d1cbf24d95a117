"""Programs of 50 operations, views and in-place writes among them: the same values and gradients as torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

import tensor as T  # noqa: E402
from tests.oracle.comparing import SEEN, to_array, to_torch  # noqa: E402

pytestmark = pytest.mark.oracle

LENGTH = 50
LEAVES = ((3, 4), (4,), (2, 3, 4))
MAX_ELEMENTS = 60


def _fits(a: Any, b: Any) -> bool:
    return all(x == y or 1 in (x, y) for x, y in zip(reversed(a.shape), reversed(b.shape), strict=False))


def _meet(a: Any, b: Any) -> tuple[Any, Any]:
    """Two tensors that broadcast: the second one's mean, where they do not."""
    return (a, b) if _fits(a, b) else (a, b.mean())


def _last(a: Any) -> Any:
    return a if a.dim() else a.unsqueeze(0)


def _apart(t: Any, a: Any) -> Any:
    """The elements moved apart: what is equal but for rounding would be a tie in one library only."""
    return a + 0.0137 * t.arange(a.numel(), dtype=t.float64).reshape(a.shape)


def _matmul(t: Any, a: Any, b: Any) -> Any:
    a, b = _last(a), _last(b)
    if b.dim() > 1:
        b = b.reshape(-1, b.shape[-1])
    return a @ (b.T if a.shape[-1] == b.shape[-1] and b.dim() > 1 else a.reshape(-1, a.shape[-1]).T) / 4


def _binary(fn: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    return lambda t, a, b: fn(t, *_meet(a, b))


def _joined(t: Any, a: Any, b: Any) -> Any:
    return t.cat([a.reshape(-1), b.reshape(-1)])


def _written(t: Any, a: Any, b: Any) -> Any:
    """A copy of `a` with `b` added to its first places, through a view."""
    whole = a.clone().contiguous()
    part = whole.reshape(-1)[: b.numel()]
    part.add_(b.reshape(-1)[: part.numel()])
    return whole


def _scaled_in_place(t: Any, a: Any, b: Any) -> Any:
    """A result that is written to after it was used elsewhere."""
    c = a * 2
    d = c + 1
    c.mul_(b.mean())
    return c + d


UNARY: dict[str, Callable[[Any, Any], Any]] = {
    "tanh": lambda t, a: t.tanh(a),
    "sigmoid": lambda t, a: t.sigmoid(a),
    "sin": lambda t, a: t.sin(a),
    "softmax": lambda t, a: t.softmax(_last(a), -1),
    "log_softmax": lambda t, a: t.log_softmax(_last(a), 0) / 4,
    "exp": lambda t, a: t.exp(-a * a),
    "log1p": lambda t, a: t.log1p(a * a),
    "sqrt": lambda t, a: t.sqrt(a * a + 1),
    "relu": lambda t, a: t.relu(_apart(t, a)),
    "gelu": lambda t, a: t.nn.functional.gelu(a),
    "clamp": lambda t, a: _apart(t, a).clamp(-0.7, 0.9),
    "mean": lambda t, a: _last(a).mean(-1),
    "sum": lambda t, a: _last(a).sum(0, keepdim=True) / 4,
    "var": lambda t, a: (a if a.numel() > 1 else t.cat([a.reshape(1)] * 2)).var(),
    "amax": lambda t, a: _apart(t, _last(a)).amax(-1),
    "cumsum": lambda t, a: _last(a).cumsum(0) / 4,
    "logsumexp": lambda t, a: _last(a).logsumexp(-1),
    "flatten": lambda t, a: a.flatten(),
    "transpose": lambda t, a: a.transpose(0, -1) if a.dim() > 1 else a,
    "unsqueeze": lambda t, a: a.unsqueeze(-1),
    "squeeze": lambda t, a: a.squeeze(),
    "flip": lambda t, a: _last(a).flip(0),
    "expand": lambda t, a: _last(a)[:1].expand(2, *_last(a).shape[1:]),
    "index": lambda t, a: _last(a)[0],
    "slice": lambda t, a: _last(a)[..., ::2],
    "gathered": lambda t, a: _last(a)[t.tensor([0, -1, 0])],
    "mask": lambda t, a: t.where(_apart(t, a) > 0, a, a * 0.1),
    "sort": lambda t, a: (
        t.sort(_apart(t, a.reshape(-1)), stable=True).values
    ),  # topk and others may choose among equals
    "detached": lambda t, a: a.detach() * a,
    "layer_norm": lambda t, a: t.nn.functional.layer_norm(_last(a), (_last(a).shape[-1],)),
}
BINARY: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": _binary(lambda t, a, b: a + b),
    "sub": _binary(lambda t, a, b: a - 0.5 * b),
    "mul": _binary(lambda t, a, b: a * b),
    "div": _binary(lambda t, a, b: a / (1 + b * b)),
    "maximum": _binary(lambda t, a, b: t.maximum(_apart(t, a), b)),
    "where": _binary(lambda t, a, b: t.where(_apart(t, a) > b, a, b.tanh())),
    "matmul": _matmul,
    "cat": _joined,
    "written": _written,
    "scaled in place": _scaled_in_place,
}
STEPS: dict[str, Callable[..., Any]] = {**UNARY, **BINARY}

PROGRAMS = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 10**6), st.integers(0, 10**6)),
    min_size=LENGTH,
    max_size=LENGTH,
)


def _run(t: Any, leaves: list[Any], program: list[tuple[str, int, int]]) -> list[Any]:
    """Compute each step from what was computed before it, the latest results being the likeliest."""
    values = list(leaves)
    for name, first, second in program:
        recent = values[-6:]
        a, b = recent[first % len(recent)], values[second % len(values)]
        made = STEPS[name](t, a) if name in UNARY else STEPS[name](t, a, b)
        values.append(made if made.numel() <= MAX_ELEMENTS else made.reshape(-1)[:MAX_ELEMENTS])
    return values


def _gradients(t: Any, leaves: list[Any], program: list[tuple[str, int, int]]) -> list[Any]:
    """The values of a program's last steps, and the gradients of its leaves; zeros where there is none."""
    values = _run(t, leaves, program)
    sum(each.tanh().sum() for each in values[-10:]).backward()
    return [*values[-10:], *[t.zeros(each.shape) if each.grad is None else each.grad for each in leaves]]


# Failing programs are not shrunk: fifty steps of two libraries take minutes to.
@settings(max_examples=150, deadline=None, database=None, phases=[Phase.generate])
@given(PROGRAMS, st.integers(0, 2**32 - 1))
def test_programs_of_fifty_operations(program: list[tuple[str, int, int]], seed: int) -> None:
    random = np.random.default_rng(seed)
    arrays = [random.uniform(-1, 1, shape) for shape in LEAVES]
    nearby = [each * (1 + 1e-13 * random.uniform(-1, 1, each.shape)) for each in arrays]
    ours = _gradients(T, [T.tensor(each, requires_grad=True) for each in arrays], program)
    theirs = _gradients(torch, [to_torch(each, requires_grad=True) for each in arrays], program)
    moved = _gradients(torch, [to_torch(each, requires_grad=True) for each in nearby], program)
    seen = SEEN["random graphs"]
    seen.cases += 1
    for mine, yours, close_by in zip(ours, theirs, moved, strict=True):
        assert tuple(mine.shape) == tuple(yours.shape)
        a, b, c = to_array(mine), to_array(yours), to_array(close_by)
        assert np.array_equal(np.isfinite(a), np.isfinite(b))
        finite = np.isfinite(b) & np.isfinite(c)
        scale = max(1.0, np.abs(b[finite]).max(initial=0))
        apart = np.abs(a - b)[finite].max(initial=0) / scale
        # What changes so much from a change in the last bits, such as at a tie, tells nothing.
        slack = 1e3 * np.abs(b - c)[finite].max(initial=0) / scale
        assert apart <= 1e-9 + slack, f"{apart:.3g} apart\nours:\n{a}\ntheirs:\n{b}"
        if slack < 1e-9:
            seen.worst["float64"] = max(seen.worst["float64"], apart)
