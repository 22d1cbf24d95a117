"""A frozen feature extractor: its features are computed once, inside, and train a head by the one door out."""

import tensor
from tensor import nn, optim
from tensor.nn import functional as F

tensor.manual_seed(0)
with tensor.inference_mode():
    extractor = nn.Sequential(nn.Linear(2, 64), nn.Tanh())  # built inside: frozen and marked, no further step needed

points = tensor.rand(512, 2) * 4 - 2
labels = (points.square().sum(dim=1) < 2).long()  # inside a circle: no line through the plane separates them

with tensor.inference_mode():
    features = extractor(points)  # once, not once an epoch

head = nn.Linear(64, 2)
try:
    head(features)
except tensor.InferenceTensorError as error:
    print("features straight into training:", type(error).__name__)

inputs = tensor.as_training_data(features)  # on purpose: a copy, and counted
optimizer = optim.Adam(head.parameters(), lr=0.05)
for _ in range(200):
    optimizer.zero_grad()
    F.cross_entropy(head(inputs), labels).backward()
    optimizer.step()

with tensor.inference_mode():
    accuracy = float((head(features).argmax(dim=1) == labels).float().mean())
print(f"head: accuracy {accuracy:.0%} | copies let out: {tensor.training_copies()}")
print("extractor untouched:", all(p.grad is None and p.is_inference() for p in extractor.parameters()))
