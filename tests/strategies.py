"""Hypothesis strategies that several tests share."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from workers.columns import Column, Columns
from workers.ragged import Array, Ragged

NUMBER_DTYPES = ("?", "i1", "u2", "i4", "i8", "u8", "f2", "f4", "f8", "M8[ns]", "M8[D]", "m8[ms]")
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)  # lone surrogates are no text


def numbers(shape: tuple[int, ...], dtype: str) -> st.SearchStrategy[Array]:
    """Arrays of a dtype that shoal carries."""
    # Dates travel in 32 bits.
    elements = st.integers(-(2**31), 2**31 - 1).map(lambda day: np.datetime64(day, "D")) if dtype == "M8[D]" else None
    return hnp.arrays(dtype, shape, elements=elements)


def cells(rows: int) -> st.SearchStrategy[Array]:
    """Object arrays of strings or of bytes, and None."""

    def as_objects(values: list[Any]) -> Array:
        array = np.empty(rows, object)
        array[:] = values
        return array

    return st.one_of(
        st.lists(st.none() | kind, min_size=rows, max_size=rows).map(as_objects)
        for kind in (_TEXT, st.binary(max_size=5))
    )


@st.composite
def arrays(draw: st.DrawFn, rows: int) -> Array:
    """One column that is an array."""
    row_shape = draw(st.lists(st.integers(1, 3), max_size=2))
    return draw(cells(rows) | st.sampled_from(NUMBER_DTYPES).flatmap(lambda dtype: numbers((rows, *row_shape), dtype)))


@st.composite
def raggeds(draw: st.DrawFn, rows: int) -> Ragged:
    """One column of rows of different lengths."""
    lengths = draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows))
    return Ragged(draw(arrays(sum(lengths))), np.cumsum([0, *lengths]))


@st.composite
def columns(draw: st.DrawFn, *, min_rows: int = 0, max_rows: int = 8) -> Columns:
    """Columns of every type that shoal carries."""
    rows = draw(st.integers(min_rows, max_rows))
    column: st.SearchStrategy[Column] = arrays(rows) | raggeds(rows)
    return draw(st.dictionaries(_TEXT.filter(lambda name: "\0" not in name), column, min_size=1, max_size=3))


@st.composite
def cuts(draw: st.DrawFn, rows: int) -> list[tuple[int, int]]:
    """Ways to cut rows into consecutive batches, empty ones among them."""
    inner = draw(st.lists(st.integers(0, rows), max_size=4))
    return list(pairwise(sorted([0, *inner, rows])))
