"""The training worker: one rank of a data-parallel trainer, on the normal gradient path.

The driver holds the step together: each rank computes the gradients of its rows, the driver averages them weighted by
rows, and each rank applies the same average. Equal parameters and equal gradients give equal parameters, bit by bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Mapping
from typing import Any

import numpy as np

import tensor
from tensor import Tensor
from tensor.nn.state_dict import like, slots_of
from workers.columns import Columns, take_rows
from workers.errors import PredictorError
from workers.failures import Step, failure_of, naming_columns
from workers.messages import (
    ApplyGradients,
    BuildFailed,
    BuildTrainer,
    Command,
    ComputeGradients,
    DigestState,
    Done,
    Gradients,
    LoadState,
    OpenData,
    ReadState,
    Ready,
    Report,
    State,
    TrainingFailed,
)
from workers.reading import read_shard
from workers.weights import weights_digest


class TrainingWorker:
    """Builds a trainer and carries out the driver's steps.

    Args:
        command: How to build it.
    """

    def __init__(self, command: BuildTrainer) -> None:
        self._command = command
        self._name = command.code.name
        self._trainer: Any = None
        self._rows: Columns = {}

    def start(self) -> Report:
        """Build the trainer."""
        command = self._command
        step = Step("source", "opening the weights")
        try:
            arguments = {} if command.weights is None else {"weights": command.weights.tensors()}
            step = Step("user", f"{self._name}.__init__")
            tensor.manual_seed(command.seed)
            self._trainer = command.code.resolve()(
                **arguments, rank=command.rank, world_size=command.world_size, **command.init
            )
            for name in ("model", "optimizer", "loss"):
                if not hasattr(self._trainer, name):
                    raise PredictorError(
                        f"{self._name} has no {name!r}; a trainer has model, optimizer and loss(batch)"
                    )
        except Exception as error:
            return BuildFailed(failure_of(error, step))
        return Ready(pid=os.getpid())

    def look_ahead(self, command: Command | None, say: Callable[[Report], None]) -> None:
        """Nothing can be done ahead: each step needs the one before."""

    def close(self) -> None:
        """Nothing was begun."""

    def handle(self, command: Command) -> Generator[Report, None, None]:
        """Carry out one command; exceptions of the user's code become `TrainingFailed`."""
        step = Step("user", f"{self._name}.loss")
        try:
            match command:
                case ComputeGradients():
                    report: Report = self._compute(command)
                case ApplyGradients():
                    step = Step("user", f"{self._name}.optimizer.step")
                    self._apply(command)
                    report = Done("ApplyGradients")
                case OpenData(shard=shard):
                    step = Step("source", "reading the training rows")
                    self._rows = read_shard(shard)
                    report = Done("OpenData")
                case LoadState(state=state):
                    self._load(state)
                    report = Done("LoadState")
                case ReadState():
                    report = State(tensors=self._state())
                case DigestState():
                    parameters = dict(self._trainer.model.named_parameters())
                    report = State(weights_digest({name: value.detach().numpy() for name, value in parameters.items()}))
                case _:
                    raise TypeError(f"a training worker does not know {type(command).__name__}")
        except Exception as error:
            report = TrainingFailed(failure_of(error, step))
        yield report

    def _compute(self, command: ComputeGradients) -> Gradients:
        if not len(command.rows):
            # The batch has fewer rows than there are ranks; this one has no part in the average.
            return Gradients(0, 0.0, tuple(None for _ in self._trainer.model.parameters()))
        self._trainer.optimizer.zero_grad()
        with naming_columns(self._rows):
            loss = self._trainer.loss(take_rows(self._rows, command.rows))
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            returned = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
            raise PredictorError(f"{self._name}.loss returned {returned}; expected a scalar, the mean loss of the rows")
        loss.backward()
        gradients = tuple(
            None if parameter.grad is None else parameter.grad.numpy() for parameter in self._trainer.model.parameters()
        )
        return Gradients(len(command.rows), float(loss.item()), gradients)

    def _apply(self, command: ApplyGradients) -> None:
        for parameter, gradient in zip(self._trainer.model.parameters(), command.gradients, strict=True):
            parameter.grad = None if gradient is None else tensor.from_numpy(gradient)
        self._trainer.optimizer.step()
        self._trainer.optimizer.zero_grad()

    def _state(self) -> dict[str, Tensor]:
        return {name: slot.tensor.detach() for name, slot in slots_of(self._trainer.model).items()}

    def _load(self, state: Mapping[str, Tensor]) -> None:
        """Take over rank 0's values; what has them already, as frozen weights from one file do, keeps its memory."""
        slots = slots_of(self._trainer.model)
        if {name: slot.tensor.shape for name, slot in slots.items()} != {
            name: each.shape for name, each in state.items()
        }:
            self._trainer.model.load_state_dict(state)  # which says in what they differ
        for name, slot in slots.items():
            if _same_bits(slot.tensor, state[name]):
                continue
            # An inference-only tensor may be written to in its own mode, and stays one.
            with tensor.inference_mode() if slot.tensor.is_inference() else tensor.no_grad():
                try:
                    slot.tensor.copy_(state[name])
                except tensor.errors.ReadOnlyError:  # over a mapped file
                    slot.put(like(slot.tensor, state[name].clone()))


def _same_bits(own: Tensor, other: Tensor) -> bool:
    if own.dtype is not other.dtype or tuple(own.shape) != tuple(other.shape):
        return False
    left, right = (np.ascontiguousarray(each.detach().numpy()).reshape(-1).view(np.uint8) for each in (own, other))
    return np.array_equal(left, right)
