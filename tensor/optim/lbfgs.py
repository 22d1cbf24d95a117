"""L-BFGS: a quasi-Newton method that remembers the last few steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tensor.dtypes import HALF, Array
from tensor.errors import UnsupportedError
from tensor.optim.line_search import Point, strong_wolfe
from tensor.optim.optimizer import Optimizer, ParamsT, with_numbers
from tensor.optim.options import check_at_least_zero
from tensor.optim.state import State, check_unmarked, state_tensor
from tensor.scopes import enable_grad, no_grad
from tensor.tensors import Tensor


class LBFGS(Optimizer):
    """Steps along the gradient times an estimate of the inverse Hessian, which the last steps give.

    Args:
        params: the parameters to train, in one group.
        lr: the size of a step, or with a line search of the first one that it tries.
        max_iter: iterations of one `step`.
        max_eval: how often one `step` calls the closure; 1.25 times the iterations, if left out.
        tolerance_grad: ends a `step` when no gradient is larger.
        tolerance_change: ends a `step` when neither parameters nor loss change by more.
        history_size: how many steps are remembered.
        line_search_fn: None or "strong_wolfe".

    Raises:
        InferenceTensorError: a parameter is inference-only.
        ValueError: an option is out of range, or there are several groups.
        UnsupportedError: another line search.

    Source: Liu and Nocedal, 1989, https://doi.org/10.1007/BF01589116;
    https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_at_least_zero(lr=lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Go on until a tolerance or a number of iterations is reached.

        Args:
            closure: clears the gradients, computes the loss and goes backward; it is called many times.

        Returns:
            What the closure returned the first time.

        Raises:
            InferenceTensorError: an option or something in the state is inference-only, and nothing has changed then;
                or a loss is.
            ReadOnlyError: a parameter's memory is read-only; nothing has changed then.
            UnsupportedError: another line search than "strong_wolfe".
        """
        options = with_numbers(self.param_groups[0])
        if options["line_search_fn"] not in (None, "strong_wolfe"):
            raise UnsupportedError(f"only 'strong_wolfe' is supported, not {options['line_search_fn']!r}")
        for parameter in options["params"]:
            self._check_step(parameter)
        with no_grad(), np.errstate(all="ignore"):
            return self._minimise(closure, options, self.state[options["params"][0]])

    def _minimise(self, closure: Callable[[], Any], options: dict[str, Any], state: State) -> Any:
        tolerance_change, tolerance_grad = options["tolerance_change"], options["tolerance_grad"]
        first, loss, gradient = self._evaluate(closure)
        evaluations = 1
        state["func_evals"] = state.get("func_evals", 0) + 1
        state.setdefault("n_iter", 0)
        if _size(gradient) <= tolerance_grad:
            return first
        history = _History(state, options["history_size"])
        iteration = 0
        while iteration < options["max_iter"]:
            iteration += 1
            state["n_iter"] += 1
            direction = history.direction(gradient)
            history.gradient, history.loss = gradient.copy(), loss
            t = options["lr"] * (min(1.0, 1.0 / float(np.abs(gradient).sum())) if state["n_iter"] == 1 else 1.0)
            history.t = t
            slope = _dot(gradient, direction)
            if slope > -tolerance_change:
                break
            used = 0
            if options["line_search_fn"]:
                begin = [parameter._data.copy() for parameter in options["params"]]

                def evaluate(t: float, begin: list[Array] = begin, direction: Array = direction) -> Point:
                    self._move(t, direction)
                    _, loss, gradient = self._evaluate(closure)
                    for parameter, values in zip(self._parameters(), begin, strict=True):
                        parameter._writable_array()[...] = values
                    return Point(t, loss, gradient, _dot(gradient, direction))

                found, used = strong_wolfe(
                    evaluate,
                    Point(0.0, loss, gradient, slope),
                    t,
                    direction_size=_size(direction),
                    tolerance_change=tolerance_change,
                    max_trials=options["max_eval"] - evaluations,
                )
                history.t = t = found.t
                loss, gradient = found.loss, found.gradient
                self._move(t, direction)
            else:
                self._move(t, direction)
                if iteration != options["max_iter"]:
                    _, loss, gradient = self._evaluate(closure)
                    used = 1
            evaluations += used
            state["func_evals"] += used
            if (
                evaluations >= options["max_eval"]
                or _size(gradient) <= tolerance_grad
                or _size(direction) * abs(t) <= tolerance_change
                or abs(loss - history.loss) < tolerance_change
            ):
                break
        history.save(state)
        return first

    def _evaluate(self, closure: Callable[[], Any]) -> tuple[Any, float, Array]:
        """Return what the closure returns, as a number too, and all gradients in one array."""
        with enable_grad():
            result = closure()
        check_unmarked(result, "loss")
        loss = result.detach().item() if isinstance(result, Tensor) else float(result)
        parts = []
        for parameter in self._parameters():
            array = np.zeros_like(parameter._data) if parameter.grad is None else parameter.grad._data
            parts.append((array.astype(np.float32) if array.dtype in HALF else array).reshape(-1))
        return result, loss, np.concatenate(parts)

    def _move(self, t: float, direction: Array) -> None:
        """Add `t` times a direction to the parameters."""
        start = 0
        for parameter in self._parameters():
            array = parameter._writable_array()
            stop = start + array.size
            array[...] = array + t * direction[start:stop].reshape(array.shape)
            start = stop


class _History:
    """The last steps, and how the gradient changed along each; kept under PyTorch's names between calls."""

    def __init__(self, state: State, size: int) -> None:
        self.size = size
        self.changes: list[Array] = [each._data for each in state.get("old_dirs") or []]
        self.steps: list[Array] = [each._data for each in state.get("old_stps") or []]
        self.inverses = [float(each) for each in state.get("ro") or []]
        self.scale = float(state.get("H_diag", 1))
        self.last: Array | None = state["d"]._data if state.get("d") is not None else None
        self.t = float(state.get("t") or 0)
        self.gradient: Array | None = state["prev_flat_grad"]._data if state.get("prev_flat_grad") is not None else None
        self.loss = float(state.get("prev_loss") or 0)

    def direction(self, gradient: Array) -> Array:
        """Return where to go from a place with this gradient, having remembered the step that led there."""
        if self.last is None or self.gradient is None:
            self.last = -gradient
            return self.last
        change, step = gradient - self.gradient, self.last * self.t
        curvature = _dot(change, step)
        if curvature > 1e-10:
            for each in (self.changes, self.steps, self.inverses):
                del each[: max(0, len(each) + 1 - self.size)]
            self.changes.append(change)
            self.steps.append(step)
            self.inverses.append(1.0 / curvature)
            self.scale = curvature / _dot(change, change)
        direction = -gradient
        shares = []
        for change, step, inverse in [*zip(self.changes, self.steps, self.inverses, strict=True)][::-1]:
            shares.append(_dot(step, direction) * inverse)
            direction -= shares[-1] * change
        direction *= self.scale
        for change, step, inverse, share in zip(self.changes, self.steps, self.inverses, shares[::-1], strict=True):
            direction += (share - _dot(change, direction) * inverse) * step
        self.last = direction
        return direction

    def save(self, state: State) -> None:
        """Write the history into a state."""
        if self.last is None or self.gradient is None:  # no iteration was asked for
            return
        state["d"] = state_tensor(self.last)
        state["t"] = self.t
        state["old_dirs"] = [state_tensor(each) for each in self.changes]
        state["old_stps"] = [state_tensor(each) for each in self.steps]
        state["ro"] = self.inverses
        state["H_diag"] = self.scale
        state["prev_flat_grad"] = state_tensor(self.gradient)
        state["prev_loss"] = self.loss


def _dot(one: Array, other: Array) -> float:
    return float(one.dot(other))


def _size(array: Array) -> float:
    """Return the size of the largest element."""
    return float(np.abs(array).max(initial=0.0))
