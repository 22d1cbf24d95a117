"""Linear algebra: PyTorch's `torch.linalg`, without what gives complex numbers."""

from tensor.ops.decompositions import cholesky, det, inv, slogdet, solve
from tensor.ops.diagonals import diagonal
from tensor.ops.factorizations import eigh, eigvalsh, qr, svd, svdvals
from tensor.ops.linalg import linalg_cross as cross
from tensor.ops.linalg import matmul, matrix_power, multi_dot, vecdot
from tensor.ops.systems import cond, lstsq, matrix_rank, pinv, solve_triangular
from tensor.ops.vector_norms import linalg_norm as norm
from tensor.ops.vector_norms import matrix_norm, vector_norm

__all__ = [
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "vecdot",
    "vector_norm",
]
