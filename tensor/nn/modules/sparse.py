"""Lookup tables."""

from __future__ import annotations

from typing import Any

from tensor.dtypes import Array, DtypeLike
from tensor.factories import empty
from tensor.nn import functional as F
from tensor.nn import init
from tensor.nn.deferred import amend
from tensor.nn.functional.tables import check_padding_idx
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.tensors import Tensor


class Embedding(Module):
    """A table of vectors, looked up by number.

    Args:
        num_embeddings: how many vectors.
        embedding_dim: their size.
        padding_idx: the number of a vector that starts at zero and is not trained.
        device: the CPU.
        dtype: of the table.

    Raises:
        ValueError: `padding_idx` is not in the table.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = check_padding_idx(padding_idx, num_embeddings)
        self.weight = Parameter(empty(num_embeddings, embedding_dim, device=device, dtype=dtype))
        self.reset_parameters()

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, padding_idx: int | None = None) -> Embedding:
        """Return a table of given vectors.

        Args:
            embeddings: (num_embeddings, embedding_dim); shared, not copied.
            freeze: whether they are not trained.
            padding_idx: the number of a vector that is not trained.
        """
        rows, size = embeddings.shape
        table = cls(rows, size, padding_idx, dtype=embeddings.dtype)
        table.weight = Parameter(embeddings, requires_grad=not freeze)
        return table

    def reset_parameters(self) -> None:
        """Draw new initial values: normal, and zero for the padding."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            amend(self.weight, self._clear_padding)

    def _clear_padding(self, array: Array) -> None:
        array[self.padding_idx] = 0

    def forward(self, input: Tensor) -> Tensor:
        """Look vectors up.

        Args:
            input: (...), integers from 0 to `num_embeddings` - 1.

        Returns:
            (..., embedding_dim).
        """
        return F.embedding(input, self.weight, self.padding_idx)

    def extra_repr(self) -> str:
        """Return the layer\'s settings."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"
