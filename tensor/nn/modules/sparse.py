"""Lookup tables.

Source: https://docs.pytorch.org/docs/stable/nn.html#sparse-layers
"""

from __future__ import annotations

from typing import Any

from tensor.dtypes import Array, DtypeLike
from tensor.errors import ShapeError
from tensor.factories import empty
from tensor.nn import functional as F
from tensor.nn import init
from tensor.nn.deferred import amend
from tensor.nn.functional.tables import check_options, check_padding_idx
from tensor.nn.modules.module import Module
from tensor.nn.parameter import Parameter
from tensor.nn.sharing import own
from tensor.tensors import Tensor


class _Table(Module):
    """What the two lookup tables share: the vectors, how they are drawn, and the options of looking up.

    Args:
        num_embeddings: how many vectors.
        embedding_dim: their size.
        padding_idx: the number of a vector that starts at zero.
        max_norm: the largest norm; vectors are scaled down to it when they are looked up.
        norm_type: the order of that norm.
        scale_grad_by_freq: whether a vector's gradient is divided by how often it was looked up.
        sparse: whether gradients are sparse, which is not supported.
        weight: the vectors, (num_embeddings, embedding_dim); new ones are drawn if none are given.
        freeze: whether they are not trained.
        device: the CPU.
        dtype: of the vectors.
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        max_norm: float | None,
        norm_type: float,
        scale_grad_by_freq: bool,
        sparse: bool,
        weight: Tensor | None,
        freeze: bool,
        device: Any,
        dtype: DtypeLike | None,
    ) -> None:
        super().__init__()
        check_options(type(self).__name__, max_norm, norm_type, sparse)
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = check_padding_idx(padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        shape = (num_embeddings, embedding_dim)
        if weight is None:
            self.weight = Parameter(empty(shape, device=device, dtype=dtype), requires_grad=not freeze)
            self.reset_parameters()
        elif tuple(weight.shape) == shape:
            self.weight = Parameter(weight, requires_grad=not freeze)
        else:
            raise ShapeError(f"expected a weight of shape {shape}, got {tuple(weight.shape)}")

    def reset_parameters(self) -> None:
        """Draw new initial values: normal, and zero for the padding."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            amend(self.weight, self._clear_padding)

    def _clear_padding(self, array: Array) -> None:
        array[self.padding_idx] = 0

    def _norms(self) -> list[str]:
        """What `repr` says of the norm and of how gradients are scaled, in the order that PyTorch has."""
        shown = [] if self.max_norm is None else [f"max_norm={self.max_norm}"]
        if self.norm_type != 2:
            shown.append(f"norm_type={self.norm_type}")
        if self.scale_grad_by_freq:
            shown.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        return shown


class Embedding(_Table):
    """A table of vectors, looked up by number.

    Args:
        num_embeddings: how many vectors.
        embedding_dim: their size.
        padding_idx: the number of a vector that starts at zero and is not trained.
        max_norm: the largest norm; vectors are scaled down to it when they are looked up, in the table itself.
        norm_type: the order of that norm.
        scale_grad_by_freq: whether a vector's gradient is divided by how often it was looked up.
        sparse: whether gradients are sparse, which is not supported.
        _weight: the vectors, (num_embeddings, embedding_dim), shared; `from_pretrained` passes them.
        _freeze: whether they are not trained.
        device: the CPU.
        dtype: of the table.

    Raises:
        ArgumentError: `padding_idx` is not in the table.
        UnsupportedError: gradients are to be sparse.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: DtypeLike | None = None,
    ) -> None:
        super().__init__(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight,
            _freeze,
            device,
            dtype,
        )

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """Return a table of given vectors.

        Args:
            embeddings: (num_embeddings, embedding_dim); shared, copied only if read-only and to be trained.
            freeze: whether they are not trained.
            padding_idx: the number of a vector that is not trained.
            max_norm: see the class.
            norm_type: see the class.
            scale_grad_by_freq: see the class.
            sparse: see the class.

        Raises:
            ShapeError: the vectors do not form a matrix.
        """
        rows, columns = _sizes(embeddings)
        return cls(
            rows,
            columns,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
            _weight=embeddings if freeze else own(embeddings),
            _freeze=freeze,
        )

    def forward(self, input: Tensor) -> Tensor:
        """Look vectors up.

        Args:
            input: (...), integers from 0 to `num_embeddings` - 1.

        Returns:
            (..., embedding_dim).
        """
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        padding = [] if self.padding_idx is None else [f"padding_idx={self.padding_idx}"]
        return ", ".join([f"{self.num_embeddings}, {self.embedding_dim}", *padding, *self._norms()])


class EmbeddingBag(_Table):
    """A table of vectors, looked up by number and combined for each bag of numbers.

    Args:
        num_embeddings: how many vectors.
        embedding_dim: their size.
        max_norm: the largest norm; vectors are scaled down to it when they are looked up, in the table itself.
        norm_type: the order of that norm.
        scale_grad_by_freq: whether a vector's gradient is divided by how often it was looked up; not for `max`.
        mode: `sum`, `mean` or `max`.
        sparse: whether gradients are sparse, which is not supported.
        _weight: the vectors, (num_embeddings, embedding_dim), shared; `from_pretrained` passes them.
        include_last_offset: whether offsets end with the end of the last bag.
        padding_idx: the number of a vector that starts at zero and does not count.
        device: the CPU.
        dtype: of the table.
        _freeze: whether the vectors are not trained; `from_pretrained` passes it.

    Raises:
        ArgumentError: `padding_idx` is not in the table.
        UnsupportedError: gradients are to be sparse.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: DtypeLike | None = None,
        _freeze: bool = False,
    ) -> None:
        super().__init__(
            num_embeddings,
            embedding_dim,
            padding_idx,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            sparse,
            _weight,
            _freeze,
            device,
            dtype,
        )
        self.mode = mode
        self.include_last_offset = include_last_offset

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """Return a table of given vectors.

        Args:
            embeddings: (num_embeddings, embedding_dim); shared, copied only if read-only and to be trained.
            freeze: whether they are not trained.
            max_norm: see the class.
            norm_type: see the class.
            scale_grad_by_freq: see the class.
            mode: see the class.
            sparse: see the class.
            include_last_offset: see the class.
            padding_idx: the number of a vector that does not count.

        Raises:
            ShapeError: the vectors do not form a matrix.
        """
        rows, columns = _sizes(embeddings)
        return cls(
            rows,
            columns,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            _weight=embeddings if freeze else own(embeddings),
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
            _freeze=freeze,
        )

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        """Look vectors up, and combine those of each bag.

        Args:
            input: (bags, length), or (numbers,) with `offsets`; integers from 0 to `num_embeddings` - 1.
            offsets: where each bag starts, (bags,).
            per_sample_weights: of each number, the input's shape; for the mode `sum`.

        Returns:
            (bags, embedding_dim); zeros for empty bags.
        """
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        """Return the layer's settings."""
        padding = [] if self.padding_idx is None else [f"padding_idx={self.padding_idx}"]
        sizes = f"{self.num_embeddings}, {self.embedding_dim}"
        return ", ".join([sizes, *self._norms(), f"mode={self.mode!r}", *padding])


def _sizes(embeddings: Tensor) -> tuple[int, int]:
    if embeddings.dim() != 2:
        raise ShapeError(f"from_pretrained: expected vectors (rows, size), got shape {tuple(embeddings.shape)}")
    rows, columns = embeddings.shape
    return rows, columns
