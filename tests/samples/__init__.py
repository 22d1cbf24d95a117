"""Ways to call every operation: one table for all the tests that go through the registry.

A file here stands for a file of operations. What it declares is checked against finite differences, against torch, on
odd memory, and in every cell of the inference contract's matrix; an operation without a sample fails
`tests/tensor/test_registry.py`.

    @samples("mul", inplace="mul_", kinds="fib")
    def mul(draw):
        return Sample(lambda t, a, b: t.mul(a, b), draw.broadcast(2))
"""

from tests.samples import (
    activations,
    arithmetic,
)
from tests.samples.declaring import SAMPLES, Declared, Sample
from tests.samples.drawing import Draw

__all__ = ["SAMPLES", "Declared", "Draw", "Sample", "activations", "arithmetic"]
