"""NumPy tensor and autograd core, with PyTorch's names and a stricter inference mode."""

from tensor import autograd, marks
from tensor.devices import device
from tensor.dtypes import (
    bool,
    double,
    dtype,
    float,
    float16,
    float32,
    float64,
    get_default_dtype,
    half,
    int,
    int8,
    int16,
    int32,
    int64,
    long,
    promote_types,
    set_default_dtype,
    short,
    uint8,
    uint16,
    uint32,
    uint64,
)
from tensor.errors import (
    DimensionError,
    DtypeError,
    GradientError,
    InferenceModeError,
    InferenceTensorError,
    ReadOnlyError,
    ShapeError,
    TensorError,
    UnsupportedError,
)
from tensor.factories import (
    arange,
    as_tensor,
    as_training_data,
    empty,
    empty_like,
    eye,
    from_dlpack,
    from_numpy,
    frombuffer,
    full,
    full_like,
    linspace,
    normal,
    ones,
    ones_like,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    tensor,
    zeros,
    zeros_like,
)
from tensor.generators import Generator, default_generator, initial_seed, manual_seed
from tensor.marks import Origin, training_copies
from tensor.modes import is_grad_enabled, is_inference_mode_enabled
from tensor.scopes import enable_grad, inference_mode, no_grad, set_grad_enabled
from tensor.sizes import Size
from tensor.tensors import Tensor

# The distribution that this package belongs to: how the layers above tell it from a user's own folder named `tensor`.
__distribution__ = "shoal"
