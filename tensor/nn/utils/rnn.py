"""Sequences of several lengths, padded to one or packed without padding, as recurrent layers take them.

Source: https://docs.pytorch.org/docs/stable/nn.html#module-torch.nn.utils.rnn
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import tensor.dtypes as dtypes
from tensor.errors import ArgumentError, ShapeError
from tensor.factories import as_tensor
from tensor.nn.functional import pad
from tensor.ops.choosing import where
from tensor.ops.joining import stack
from tensor.ops.ordering import argsort, sort
from tensor.scalars import check_numbers
from tensor.sequences import arange
from tensor.tensors import Tensor


class _Packed(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_Packed):
    """Sequences without padding: the first elements of all of them, then the second ones, and so on; the longest first.

    Made by `pack_padded_sequence` and `pack_sequence`. Of `abc` and `x`, the data is `axbc` and the batch sizes are
    `[2, 1, 1]`.

    Args:
        data: (elements of all sequences, ...); or data and batch sizes as a tuple.
        batch_sizes: (longest length,) int64: how many sequences have such an element.
        sorted_indices: (batch,) int64: where each sequence was before they were sorted, if they were.
        unsorted_indices: (batch,) int64: where each sequence is now; by default what follows from the former.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
    """

    def __new__(
        cls,
        data: Any,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        """Make one of its parts; see the class."""
        if batch_sizes is None:
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Convert the data as `Tensor.to` does; return this object where there is nothing to convert."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else type(self)(data, *self[1:])

    def cpu(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Convert the data as `to` does."""
        return self.to(*args, **{"device": "cpu", **kwargs})

    def double(self) -> PackedSequence:
        """Convert the data to float64."""
        return self.to(dtypes.float64)

    def float(self) -> PackedSequence:
        """Convert the data to float32."""
        return self.to(dtypes.float32)

    def half(self) -> PackedSequence:
        """Convert the data to float16."""
        return self.to(dtypes.float16)

    def long(self) -> PackedSequence:
        """Convert the data to int64."""
        return self.to(dtypes.int64)

    def int(self) -> PackedSequence:
        """Convert the data to int32."""
        return self.to(dtypes.int32)

    def short(self) -> PackedSequence:
        """Convert the data to int16."""
        return self.to(dtypes.int16)

    def char(self) -> PackedSequence:
        """Convert the data to int8."""
        return self.to(dtypes.int8)

    def byte(self) -> PackedSequence:
        """Convert the data to uint8."""
        return self.to(dtypes.uint8)

    @property
    def is_cuda(self) -> bool:
        """False: all tensors are on the CPU."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Return the permutation that undoes another; `None` for none.

    Args:
        permutation: (n,) int64.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.invert_permutation.html
    """
    return None if permutation is None else argsort(permutation)


def pack_padded_sequence(
    input: Tensor, lengths: Tensor | Sequence[int], batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack padded sequences.

    Args:
        input: (time, batch, ...), or (batch, time, ...) if `batch_first`.
        lengths: (batch,) integers, at least 1; what is beyond the longest is cut off.
        batch_first: whether the batch is the first dimension.
        enforce_sorted: whether to refuse sequences that are not sorted by length, the longest first, and not to sort.

    Returns:
        The packed sequences.

    Raises:
        ArgumentError: a length is out of range, or the order is not as `enforce_sorted` wants it.
        ShapeError: there are not as many lengths as sequences.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
    """
    if input.ndim < 2:
        raise ShapeError(f"expected padded sequences of at least 2 dimensions, got shape {tuple(input.shape)}")
    lengths = as_tensor(lengths, dtype=dtypes.int64)
    sequences = input if batch_first else input.transpose(0, 1)
    if lengths.ndim != 1 or not lengths.numel() or len(lengths) != len(sequences):
        raise ShapeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got lengths of shape {tuple(lengths.shape)} "
            f"(batch_size={len(sequences)})."
        )
    sorted_indices = None
    if not enforce_sorted:
        lengths, sorted_indices = sort(lengths, descending=True, stable=True)
        sequences = sequences.index_select(0, sorted_indices)
    numbers = lengths.tolist()
    if min(numbers) <= 0 or max(numbers) > sequences.shape[1]:
        raise ArgumentError(
            "Length of all samples has to be greater than 0, and no longer than the padded ones, "
            f"{sequences.shape[1]}; found {min(numbers)} to {max(numbers)} in 'lengths'"
        )
    if sorted(numbers, reverse=True) != numbers:
        raise ArgumentError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. "
            "You can pass `enforce_sorted=False` to pack_padded_sequence to sort them."
        )
    there = arange(numbers[0]).unsqueeze(1) < lengths
    data = sequences.transpose(0, 1)[: numbers[0]][there]
    return PackedSequence(data, there.sum(1), sorted_indices)


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Undo `pack_padded_sequence`.

    Args:
        sequence: the packed sequences.
        batch_first: whether the batch shall be the first dimension.
        padding_value: what follows the shorter ones.
        total_length: the length to pad to; by default the longest.

    Returns:
        (time, batch, ...), or (batch, time, ...) if `batch_first`, in the order from before they were packed; and the
        lengths, (batch,) int64.

    Raises:
        ArgumentError: a sequence is longer than `total_length`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
    """
    check_numbers("pad_packed_sequence", {"padding_value": padding_value, "total_length": total_length})
    data, batch_sizes = sequence.data, sequence.batch_sizes
    longest = len(batch_sizes)
    if total_length is not None and total_length < longest:
        raise ArgumentError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {longest}"
        )
    members = arange(int(batch_sizes._data[0]))
    there = members < batch_sizes.unsqueeze(1)
    lengths = there.sum(0)
    places = where(there, members + (batch_sizes.cumsum(0) - batch_sizes).unsqueeze(1), 0)
    if total_length is not None:
        missing = (0, 0, 0, total_length - longest)
        there, places = pad(there, missing, value=False), pad(places, missing)
    if sequence.unsorted_indices is not None:
        there, places = (each.index_select(1, sequence.unsorted_indices) for each in (there, places))
        lengths = lengths.index_select(0, sequence.unsorted_indices)
    if batch_first:
        there, places = there.transpose(0, 1), places.transpose(0, 1)
    hidden = (~there).reshape(*there.shape, *(1,) * (data.ndim - 1))
    return data[places].masked_fill(hidden, padding_value), lengths


def pad_sequence(
    sequences: Tensor | Iterable[Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> Tensor:
    """Stack sequences, padded to the length of the longest.

    Args:
        sequences: each (length, ...), alike but for the length.
        batch_first: whether the batch shall be the first dimension.
        padding_value: what the shorter ones are padded with.
        padding_side: `right` or `left`.

    Returns:
        (time, batch, ...), or (batch, time, ...) if `batch_first`.

    Raises:
        ArgumentError: there are no sequences, or there is no such side.
        ShapeError: their further dimensions differ.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
    """
    check_numbers("pad_sequence", {"padding_value": padding_value})
    if padding_side not in ("left", "right"):
        raise ArgumentError(f"padding_side should be either 'right' or 'left', got {padding_side!r}")
    if not isinstance(sequences, Iterable):
        raise ArgumentError(f"pad_sequence: expected an iterable of sequences, got {type(sequences).__name__}")
    each = tuple(sequences)
    if not each:
        raise ArgumentError("pad_sequence: received an empty list of sequences")
    longest = max(len(sequence) for sequence in each)
    padded = []
    for sequence in each:
        missing = longest - len(sequence)
        if missing:
            ends = (missing, 0) if padding_side == "left" else (0, missing)
            sequence = pad(sequence, (*(0, 0) * (sequence.ndim - 1), *ends), value=padding_value)
        padded.append(sequence)
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Return padded sequences one by one, without what they were padded with on the right.

    PyTorch transposes `padded_sequences` itself unless `batch_first`; here it stays as it is.

    Args:
        padded_sequences: (time, batch, ...), or (batch, time, ...) if `batch_first`.
        lengths: (batch,) integers.
        batch_first: whether the batch is the first dimension.

    Returns:
        Copies, each (length, ...).

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpad_sequence.html
    """
    each = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    there = arange(each.shape[1]) < as_tensor(lengths).unsqueeze(1)
    return [sequence[kept] for sequence, kept in zip(each, there, strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences.

    Args:
        sequences: each (length, ...), alike but for the length.
        enforce_sorted: see `pack_padded_sequence`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html
    """
    lengths = [len(sequence) for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Undo `pack_sequence`.

    Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.unpack_sequence.html
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
