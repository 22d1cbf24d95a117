"""Arrow types as words, as `int64` or `list<item: string>`: what plans and users write.

Importing this module imports pyarrow.
"""

from __future__ import annotations

import re

import pyarrow as pa

_LIST = re.compile(r"(?:large_)?list<(?:\w+: )?(.+)>")
_ZONED = re.compile(r"timestamp\[(s|ms|us|ns), tz=(.+)\]")


def type_of(word: str) -> pa.DataType:
    """The Arrow type of a word.

    Raises:
        ValueError: There is no such type.
    """
    if match := _LIST.fullmatch(word):
        return pa.list_(type_of(match[1]))
    if match := _ZONED.fullmatch(word):
        return pa.timestamp(match[1], match[2])
    return pa.type_for_alias(word)


def word_of(kind: pa.DataType) -> str:
    """The word for a type that `type_of` knows."""
    return str(kind)
