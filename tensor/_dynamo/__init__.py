"""A part of PyTorch's compiler, `torch._dynamo`, as far as model files speak to it: nothing is compiled."""

from tensor._dynamo import config
from tensor.compiler import allow_in_graph, disable, is_compiling, reset

__all__ = ["allow_in_graph", "config", "disable", "graph_break", "is_compiling", "mark_dynamic", "reset"]


def graph_break(msg: str = "") -> None:
    """Do nothing: there is no graph to break."""


def mark_dynamic(t: object, index: object, **options: object) -> None:
    """Do nothing: every size may change."""
