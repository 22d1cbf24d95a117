"""Linear algebra: PyTorch's `torch.linalg`, without what takes eigenvalues or singular values."""

from tensor.ops.decompositions import cholesky, det, inv, slogdet, solve
from tensor.ops.diagonals import diagonal
from tensor.ops.linalg import linalg_cross as cross
from tensor.ops.linalg import matmul, matrix_power, multi_dot, vecdot
from tensor.ops.vector_norms import linalg_norm as norm
from tensor.ops.vector_norms import matrix_norm, vector_norm

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "multi_dot",
    "norm",
    "slogdet",
    "solve",
    "vecdot",
    "vector_norm",
]
