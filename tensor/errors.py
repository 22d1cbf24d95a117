"""The errors of tensor: one root, and each leaf also is the builtin that PyTorch's users catch.

TensorError                   (RuntimeError)
├── InferenceModeError                               something that inference mode forbids was tried inside it
├── InferenceTensorError                             an inference-only tensor would have reached training
├── GradientError                                    a graph, a leaf or a hook is used in a way that gives no gradient
├── ReadOnlyError             (ValueError)           a write to mapped, shared or otherwise read-only memory
├── ShapeError                (ValueError)           shapes that do not fit together
├── DimensionError            (IndexError)           a dimension or an index that the tensor does not have
├── DtypeError                (TypeError)            a dtype or a type that the operation does not take
├── ArgumentError             (ValueError)           an argument whose value means nothing here
├── ExportError               (BufferError)          memory that cannot be handed to another library
└── UnsupportedError          (NotImplementedError)  PyTorch can do this, shoal cannot
"""

from __future__ import annotations


class TensorError(RuntimeError):
    """Root of all errors that `tensor` raises."""


class InferenceModeError(TensorError):
    """Something that inference mode forbids was tried inside it: gradients, hooks, a way out of the mode."""


class InferenceTensorError(TensorError):
    """An inference-only tensor would have reached training; names the operation, the operand and its origin."""


class GradientError(TensorError):
    """A graph, a leaf or a hook is used in a way that gives no gradient."""


class ReadOnlyError(TensorError, ValueError):
    """A write to memory that is mapped, shared or otherwise read-only."""


class ShapeError(TensorError, ValueError):
    """Shapes that do not fit together."""


class DimensionError(TensorError, IndexError):
    """A dimension or an index that the tensor does not have."""


class DtypeError(TensorError, TypeError):
    """A dtype, or a Python type, that the operation does not take."""


class ArgumentError(TensorError, ValueError):
    """An argument whose value means nothing to the operation."""


class ExportError(TensorError, BufferError):
    """Memory that cannot be handed to another library: of a tensor with a gradient, or of an unknown dtype."""


class UnsupportedError(TensorError, NotImplementedError):
    """PyTorch can do this, shoal cannot; the message says what to use instead."""
