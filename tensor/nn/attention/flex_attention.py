"""Attention whose scores a compiled function changes: the names, which are refused when they are called.

Source: https://docs.pytorch.org/docs/stable/nn.attention.flex_attention.html
"""

from __future__ import annotations

from tensor.refused import refused

__all__ = ["BlockMask", "create_block_mask", "create_mask", "flex_attention"]

_WHY = "there is no compiler here to make it worth its while; give scaled_dot_product_attention a mask of all pairs"

flex_attention = refused("flex_attention", _WHY)
create_block_mask = refused("create_block_mask", _WHY)
create_mask = refused("create_mask", _WHY)


class BlockMask:
    """Which blocks of pairs attend; none can be made.

    Raises:
        UnsupportedError: Always.
    """

    __init__ = refused("BlockMask", _WHY)
