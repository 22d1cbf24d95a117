"""Libraries that PyTorch may compute with: PyTorch's `torch.backends`. None of them is here.

Code asks whether they are, and sets switches on them. Each switch can be set and read; none changes a number.
Source: https://docs.pytorch.org/docs/stable/backends.html
"""

from tensor.backends import cpu, cuda, cudnn, mkl, mkldnn, mps, openmp, opt_einsum

__all__ = ["cpu", "cuda", "cudnn", "mkl", "mkldnn", "mps", "openmp", "opt_einsum"]
