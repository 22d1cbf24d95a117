"""Gradients: PyTorch's `torch.autograd`."""

from tensor.autograd.checks import GradcheckError, gradcheck
from tensor.autograd.function import Function
from tensor.gradients import backward, grad
from tensor.graph import GraphStats, counting_nodes, graph_stats
from tensor.modes import is_grad_enabled
from tensor.scopes import enable_grad, inference_mode, no_grad, set_grad_enabled

__all__ = [
    "Function",
    "GradcheckError",
    "GraphStats",
    "backward",
    "counting_nodes",
    "enable_grad",
    "grad",
    "gradcheck",
    "graph_stats",
    "inference_mode",
    "is_grad_enabled",
    "no_grad",
    "set_grad_enabled",
]
