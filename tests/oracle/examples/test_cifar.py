"""ResNet-18 against itself in torch: the same file with other imports."""

from __future__ import annotations

import pytest

import tensor
from tests.example_modules import import_from
from tests.oracle.examples.twins import torch_twin
from tests.oracle.twins import check, floats

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

(resnet,) = import_from("cifar", "resnet")


# In float32, rounding may put a value to the other side of a ReLU's kink, and gradients beneath it then differ at once.
@pytest.mark.parametrize(("dtype", "gradients"), [("float32", False), ("float64", True)])
def test_logits_gradients_and_running_statistics_are_torchs(dtype, gradients):
    files = {torch: torch_twin("cifar", "resnet"), tensor: resnet}
    check(
        lambda library, nn: files[library].ResNet18(width=4),
        floats(4, 3, 32, 32),
        dtypes=[dtype],
        gradients=gradients,
    )
