"""Numbers in words for people."""

from __future__ import annotations


def counted(number: int, what: str) -> str:
    """A number of things, such as "1 row" or "2,000 rows".

    Args:
        number: How many.
        what: One of them.
    """
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
