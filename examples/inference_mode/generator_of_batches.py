"""A decorated generator: each of its steps is inside, and what its consumer does between them is not."""

from collections.abc import Iterator

import tensor
from tensor import nn

tensor.manual_seed(0)
model = nn.Linear(4, 2)
rows = tensor.randn(10, 4)


@tensor.inference_mode
def predictions(size: int) -> Iterator[tensor.Tensor]:
    for start in range(0, len(rows), size):
        yield model(rows[start : start + size])


modes, batches = [], []
for batch in predictions(4):
    batches.append(batch)
    modes.append(tensor.is_inference_mode_enabled())
    model(rows).square().mean().backward()  # the loop's body trains as if there were no generator
print("batches:", [len(batch) for batch in batches], "| all inference-only:", all(b.is_inference() for b in batches))
print("loop body inside:", any(modes), "| it trained:", model.weight.grad is not None)


def undecorated() -> Iterator[tensor.Tensor]:
    with tensor.inference_mode():
        yield model(rows)


generator = undecorated()
next(generator)
print("after a step of an undecorated one, inside:", tensor.is_inference_mode_enabled())  # so decorate it
generator.close()
print("after it is closed, inside:", tensor.is_inference_mode_enabled())
