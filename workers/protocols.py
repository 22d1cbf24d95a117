"""What a user writes: a predictor for inference, a trainer for training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from tensor import Tensor
from workers.columns import Columns, Ragged


class Predictor(Protocol):
    """A model that is built once per replica and called once per batch, always inside `inference_mode`.

    Any class with `__call__` will do; it need not inherit from this one. `__init__` gets `weights` (a read-only mapping
    of name to tensor, shared by all replicas on the node) when the pool has any, and the pool's `init` as keyword
    arguments. A class may also have `prepare(columns) -> columns`: one row out for each row in, run on a whole shard
    before it is cut into batches (tokenising, decoding).

    Where workers are processes, `prepare` runs in a thread of its own, for the next shard, while `__call__` computes
    this one; it is never called twice at once. What the two share must allow for that.

    When one of the two raises, it is called again on halves of the rows, down to the rows that are to blame. So either
    may see any part of the rows, and a row more than once; what they return for a row must not depend on the others.
    What they write into the arrays that they get is seen by nobody else, and what they return may be in memory that
    they use again in the next call.

    The convention is Ray Data's for `map_batches` with a class, so one class serves both.
    """

    def __call__(self, batch: Columns) -> Mapping[str, Tensor | np.ndarray | Ragged]:
        """Compute one batch.

        Args:
            batch: Columns by name; axis 0 of each is the rows. Strings are object arrays, ragged columns `Ragged`.

        Returns:
            Columns by name, with as many rows as `batch`.
        """
        ...


class Trainer(Protocol):
    """A model and its optimiser, one instance a rank, run on the normal gradient path.

    `__init__` gets `weights` when the pool has any, then `rank`, `world_size` and the pool's `init` as keywords. All
    ranks start from rank 0's parameters, whatever `__init__` drew.

    Attributes:
        model: A `tensor.nn.Module`.
        optimizer: A `tensor.optim.Optimizer` over its parameters.
    """

    model: Any
    optimizer: Any

    def loss(self, batch: Columns) -> Tensor:
        """The mean loss over the rows of `batch`: a scalar to call `backward()` on."""
        ...
