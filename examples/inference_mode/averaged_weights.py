"""Averaged (EMA) weights: kept under `no_grad`, since what is trained writes them, and used inside `inference_mode`."""

import copy

import tensor
from tensor import nn, optim
from tensor.nn import functional as F

tensor.manual_seed(0)
true_weight = tensor.tensor([[2.0, -1.0, 0.5]])
model = nn.Linear(3, 1, bias=False)
average = copy.deepcopy(model).requires_grad_(False)
optimizer = optim.SGD(model.parameters(), lr=0.3)


@tensor.no_grad  # not inference_mode: an average that is unmarked can be trained on from here, and written outside
def follow(decay: float = 0.95) -> None:
    for kept, now in zip(average.parameters(), model.parameters(), strict=True):
        kept.lerp_(now, 1 - decay)


for _ in range(300):
    x = tensor.randn(4, 3)
    noisy = x @ true_weight.T + tensor.randn(4, 1)
    optimizer.zero_grad()
    F.mse_loss(model(x), noisy).backward()
    optimizer.step()
    follow()


@tensor.inference_mode
def error_of(network: nn.Module) -> float:
    x = tensor.randn(1000, 3)
    return float(F.mse_loss(network(x), x @ true_weight.T))


print(f"error of the last weights {error_of(model):.3f}, of the averaged ones {error_of(average):.3f}")
print("averaged weights inference-only:", any(p.is_inference() for p in average.parameters()))
model.load_state_dict(average.state_dict())  # training goes on from the average
