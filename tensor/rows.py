"""Which results lie row by row in memory, as PyTorch lays them out, whatever the layout of the operands.

NumPy lets most results lie as their operands do: a softmax of a transposed matrix is a transposed matrix. PyTorch does
so for elementwise operations only, and model files count on it, as in `softmax(x.transpose(1, 2), -1).view(n, -1)`.
"""

from __future__ import annotations

import numpy as np

from tensor.dtypes import Array

# Sums and the like, scans, choices, products, tables, what joins tensors, and losses of each element.
ALWAYS = frozenset(
    (
        *("all", "amax", "amin", "any", "argmax", "argmin", "logsumexp", "max", "mean", "median", "min"),
        *("norm", "prod", "std", "sum", "var"),
        *("cummax", "cummin", "cumprod", "cumsum", "logcumsumexp"),
        *("gather", "index", "index_select", "masked_fill", "one_hot", "roll", "sort", "take", "topk", "tril", "triu"),
        *("cosine_similarity", "einsum", "linalg_det", "linalg_slogdet", "linalg_solve", "log_softmax", "matmul"),
        *("fft_c2c", "fft_c2r", "fft_r2c", "instance_norm", "layer_norm", "nll_loss", "rms_norm", "softmax"),
        *("cat", "stack"),
    )
)
# These leave images whose channels lie beside each other so, as PyTorch's memory format `channels_last` does.
UNLESS_CHANNELS_LAST = frozenset(
    (
        *("adaptive_avg_pool", "adaptive_max_pool", "avg_pool", "max_pool", "max_pool_with_indices"),
        *("batch_norm", "batch_norm_eval", "group_norm"),
    )
)


def in_rows(array: Array, name: str) -> Array:
    """Return the result of an operation in the layout that PyTorch gives it.

    Args:
        array: what the kernel returned.
        name: the operation's.
    """
    if name in UNLESS_CHANNELS_LAST and array.ndim > 3 and np.moveaxis(array, 1, -1).flags.c_contiguous:
        return array
    return np.ascontiguousarray(array) if array.ndim else array
