"""Modules over several devices: PyTorch's wrappers, of which scripts ask that they exist.

The CPU is the only device here. Several processes train with `TrainingPool`, and run with `Pool`.
"""

from tensor.nn.parallel.data_parallel import DataParallel, data_parallel
from tensor.nn.parallel.distributed import DistributedDataParallel

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]
