"""Gradients: PyTorch's `torch.autograd`."""

from tensor.anomaly import is_anomaly_check_nan_enabled, is_anomaly_enabled
from tensor.autograd import functional, graph
from tensor.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from tensor.autograd.checks import GradcheckError, gradcheck
from tensor.autograd.function import Function
from tensor.autograd.variable import Variable
from tensor.gradients import backward, grad
from tensor.graph import GraphStats, counting_nodes, graph_stats
from tensor.lazily import submodules
from tensor.modes import is_grad_enabled
from tensor.scopes import enable_grad, inference_mode, no_grad, set_grad_enabled

__getattr__ = submodules(__name__, frozenset({"profiler"}))

__all__ = [
    "Function",
    "GradcheckError",
    "GraphStats",
    "Variable",
    "backward",
    "counting_nodes",
    "detect_anomaly",
    "enable_grad",
    "functional",
    "grad",
    "gradcheck",
    "graph",
    "graph_stats",
    "inference_mode",
    "is_anomaly_check_nan_enabled",
    "is_anomaly_enabled",
    "is_grad_enabled",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]
