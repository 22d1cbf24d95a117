"""A context manager around one prediction: nothing is recorded, and the answer is marked."""

import tensor
from tensor import nn

tensor.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
row = tensor.randn(1, 4)

with tensor.inference_mode():
    scores = model(row).softmax(dim=1)

print("prediction:", int(scores.argmax(dim=1)), "inference-only:", scores.is_inference())
print("the model is as trainable as before:", all(p.requires_grad for p in model.parameters()))
