"""PyTorch's `torch.functional`: functions that are in the package itself, under their older home."""

from tensor.ops.contractions import einsum, tensordot
from tensor.ops.counting import unique, unique_consecutive
from tensor.ops.joining import block_diag, cartesian_prod, meshgrid
from tensor.ops.linalg import chain_matmul
from tensor.ops.pairwise import cdist
from tensor.ops.shapes import atleast_1d, atleast_2d, atleast_3d, broadcast_shapes, broadcast_tensors
from tensor.ops.slicing import split
from tensor.ops.vector_norms import norm
from tensor.spectrograms import stft
from tensor.tensors import Tensor

__all__ = [
    "Tensor",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "cdist",
    "chain_matmul",
    "einsum",
    "meshgrid",
    "norm",
    "split",
    "stft",
    "tensordot",
    "unique",
    "unique_consecutive",
]
