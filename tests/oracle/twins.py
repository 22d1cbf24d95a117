"""One module built twice, by torch and by tensor, and asked the same: states, outputs, gradients, and states after.

A case is a function of the two namespaces, written as a model file would write it:

    check(lambda torch, nn: nn.Conv2d(3, 8, 3, padding=1), floats(2, 3, 8, 8))
"""

from __future__ import annotations

import itertools
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import tensor

torch = pytest.importorskip("torch")

Make = Callable[[Any, Any], Any]
TOLERANCE = {"float32": 1e-5, "float64": 1e-10}  # relative to the largest element of what is compared


def floats(*shape: int, seed: int = 0) -> np.ndarray:
    """Normal values in float64: `check` gives them the module's dtype."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def ints(high: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).integers(0, high, shape)


def check(
    make: Make,
    *inputs: Any,
    call: Callable[..., Any] | None = None,
    dtypes: Sequence[str] = ("float32", "float64"),
    modes: Sequence[str] = ("train", "eval"),
    tolerance: Mapping[str, float] = TOLERANCE,
    compare_repr: bool = True,
    gradients: bool = True,
    gradient_scale: float = 0.1,
) -> None:
    """Fail unless both libraries agree about a module.

    Args:
        make: makes the module of the namespaces `(torch, torch.nn)` or `(tensor, tensor.nn)`.
        inputs: arrays (floats take the module's dtype, and ask for a gradient), or other values, or lists of them.
        call: what to do with `(module, *inputs)`; calling the module when left out.
        dtypes: of the parameters and the float inputs.
        modes: "train" and "eval".
        tolerance: relative to the largest element, for each dtype.
        compare_repr: whether both say the same in `repr`.
        gradients: whether to go backward.
        gradient_scale: the least scale that a parameter's gradient is measured on, as a part of the largest gradient: a
            bias before a norm has a gradient of zero, but for rounding. Running means are measured on it itself.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype, mode in itertools.product(dtypes, modes):
            torch.manual_seed(0)
            expected_module = make(torch, torch.nn).to(getattr(torch, dtype))
            module = make(tensor, tensor.nn).to(getattr(tensor, dtype))
            if compare_repr:
                assert repr(module) == repr(expected_module)
            copy_state(expected_module, module)
            _check_mode(module, expected_module, inputs, call, dtype, mode, tolerance[dtype], gradients, gradient_scale)


def copy_state(source: Any, target: Any) -> None:
    """Give one of our modules the parameters and buffers of one of torch's, whose keys and shapes must be the same."""
    state = source.state_dict()
    own = target.state_dict()
    assert list(own) == list(state)
    assert {k: tuple(v.shape) for k, v in own.items()} == {k: tuple(v.shape) for k, v in state.items()}
    assert {k: _dtype(v) for k, v in own.items()} == {k: _dtype(v) for k, v in state.items()}
    assert set(own._metadata) == set(state._metadata)
    copied = OrderedDict((name, tensor.tensor(value.numpy().copy())) for name, value in state.items())
    copied._metadata = state._metadata  # the versions that modules which override loading ask for
    target.load_state_dict(copied)
    tables = dict(source.named_buffers())  # with those that no checkpoint keeps: each library computes its own
    assert [name for name, _ in target.named_buffers()] == list(tables)
    for name, buffer in target.named_buffers():
        if name not in state:
            assert_same(buffer, tables[name], 1e-6, f"buffer {name}")
            buffer.copy_(tensor.tensor(tables[name].numpy().copy()))


def _check_mode(
    module: Any,
    expected_module: Any,
    inputs: Sequence[Any],
    call: Callable[..., Any] | None,
    dtype: str,
    mode: str,
    tolerance: float,
    gradients: bool,
    gradient_scale: float,
) -> None:
    runs = []
    for library, each in ((tensor, module), (torch, expected_module)):
        each.train(mode == "train")
        given = [_given(value, library, dtype, gradients) for value in inputs]
        out = (call or (lambda m, *a: m(*a)))(each, *given)
        if gradients:
            _backward(out, library)
        runs.append((each, given, out))
    (mine, my_inputs, my_out), (theirs, their_inputs, their_out) = runs
    where = f"{dtype}, {mode}"
    assert_same(my_out, their_out, tolerance, f"output, {where}")
    parameters = dict(theirs.named_parameters())
    assert [name for name, _ in mine.named_parameters()] == list(parameters)
    if gradients:
        assert_same(_gradients(my_inputs), _gradients(their_inputs), tolerance, f"gradients of inputs, {where}")
        largest = max(
            (float(p.grad.abs().max()) for p in parameters.values() if p.grad is not None and p.numel()), default=0
        )
        for name, parameter in mine.named_parameters():
            what = f"gradient of {name}, {where}"
            assert_same(parameter.grad, parameters[name].grad, tolerance, what, least_scale=gradient_scale * largest)
    after = theirs.state_dict()
    for name, value in mine.state_dict().items():
        assert_same(value, after[name], tolerance, f"{name} afterwards, {where}", least_scale=gradient_scale)


def _given(value: Any, library: ModuleType, dtype: str, gradients: bool) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_given(each, library, dtype, gradients) for each in value)
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind != "f":
        return library.tensor(value.copy())
    return library.tensor(value.astype(dtype)).requires_grad_(gradients)


def flat(value: Any) -> list[Any]:
    """The tensors of nested tuples, lists and dicts, in order; None too."""
    if isinstance(value, Mapping):
        return [leaf for each in value.values() for leaf in flat(each)]
    if isinstance(value, list | tuple):
        return [leaf for each in value for leaf in flat(each)]
    return [value] if value is None or hasattr(value, "detach") else []


def _backward(out: Any, library: ModuleType) -> None:
    """Backward along a fixed direction, which tells elements apart as a plain sum would not."""
    total = 0
    for number, each in enumerate(flat(out)):
        if each is not None and each.requires_grad:
            direction = np.linspace(-1, 2 + number, each.numel()) if each.ndim else np.ones(())
            total = total + (each * library.tensor(direction.reshape(tuple(each.shape))).to(each.dtype)).sum()
    total.backward()


def _gradients(inputs: Sequence[Any]) -> list[Any]:
    return [None if each is None else each.grad for each in flat(inputs)]


def _dtype(value: Any) -> str:
    return str(value.dtype).removeprefix("torch.").removeprefix("tensor.")


def assert_same(mine: Any, theirs: Any, tolerance: float, what: str, *, least_scale: float = 0.0) -> None:
    """Fail unless nested tensors have the same shapes, dtypes and, relative to the largest element, values."""
    ours, others = flat(mine), flat(theirs)
    assert len(ours) == len(others), what
    for one, other in zip(ours, others, strict=True):
        assert (one is None) == (other is None), what
        if one is None:
            continue
        assert tuple(one.shape) == tuple(other.shape), what
        assert _dtype(one) == _dtype(other), what
        actual, expected = one.detach().numpy(), other.detach().numpy()
        if not expected.size:
            continue
        if expected.dtype.kind != "f":
            np.testing.assert_array_equal(actual, expected, err_msg=what)
            continue
        assert np.array_equal(np.isnan(actual), np.isnan(expected)), what
        scale = max(float(np.nanmax(np.abs(expected))), least_scale, 1e-3)
        np.testing.assert_allclose(actual / scale, expected / scale, rtol=0, atol=tolerance, err_msg=what)
